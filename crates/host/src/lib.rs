//! A Bluetooth LE host stack over raw HCI, without an allocator, for microcontrollers and desktops.
//!
//! [`Host::new`] takes [`Resources`], all memory that the host will ever use, and a [`Config`]. [`Host::run`] drives
//! the host over any H4 transport. All other handles are borrowed from the host: [`Connection`], [`Channel`],
//! [`Scanner`], [`Gatt`].
//!
//! ```no_run
//! use bindrune::{Advertisement, Characteristic, Config, Event, Host, Resources, Service, Uuid};
//!
//! const BATTERY: Uuid = Uuid::new_16(0x180f);
//! static LEVEL: Characteristic =
//!     Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
//! static SERVICES: &[Service] = &[Service::primary(BATTERY, &[&LEVEL])];
//!
//! async fn peripheral(host: &Host) -> Result<(), bindrune::Error> {
//!     loop {
//!         let mut link = host.advertise(&Advertisement::connectable().service(BATTERY)).await?;
//!         while !matches!(link.next().await, Event::Disconnected(_)) {}
//!     }
//! }
//!
//! # async fn example(rx: impl embedded_io_async::Read<Error = std::io::Error>,
//! #     tx: impl embedded_io_async::Write<Error = std::io::Error>) {
//! let resources = Box::leak(Box::new(Resources::<1>::new()));
//! let host = Host::new(resources, Config::new("Lamp").services(SERVICES)).unwrap();
//! embassy_futures::join::join(host.run(rx, tx), peripheral(&host)).await;
//! # }
//! ```
//!
//! # What do you want to do?
//!
//! | task | start with | more in [the book] |
//! |---|---|---|
//! | choose memory sizes | [`Resources`], [`Host::free_packets`] | [sizes] |
//! | name the device and list its services | [`Config`], [`Service`], [`Characteristic`], [`standard`], [`Host::set_device_name`] | [data][name] |
//! | reach a controller | [`transport`], [`BringUp`], [`Host::run`] | [desktop], [firmware], [other chips][porting] |
//! | advertise, and serve one or many centrals | [`Host::advertise`], [`Connection::next`], [`Event`] | [many centrals][many] |
//! | broadcast without connections | [`Host::broadcast`], [`Advertisement`] | |
//! | scan, and find a device by its service | [`Host::scan`], [`Scanner::next`], [`Scanner::find_service`], [`AdData`] | |
//! | connect, and connect again | [`Host::connect`], [`Host::connect_with`], [`Connect`] | [reconnect] |
//! | read, write and subscribe at a peer | [`Connection::characteristic`], [`RemoteCharacteristic`], [`Subscription`] | [desktop] |
//! | answer reads and writes of a peer | [`Event`], [`ReadRequest`], [`WriteRequest`], [`Gatt::written`] | [data] |
//! | notify one peer, or all | [`Connection::notify`], [`Connection::indicate`], [`Gatt::update`], [`Gatt::notify_all`] | [data] |
//! | pair, encrypt and require security | [`PairingConfig`], [`Host::pairing_requests`], [`Connection::pair`], [`Permission`] | [pairing], [passkey] |
//! | keep and delete bonds | [`FileStore`], [`FlashStore`], [`BondStore`], [`Bonds`] | [bonds] |
//! | use private addresses | [`Config::privacy`], [`Host::set_address_mode`] | [privacy] |
//! | send a file or a stream | [`Connection::open_channel`], [`Host::listen`], [`Channel`], [`Psm`] | [channels], [full speed][speed] |
//! | use BR/EDR (Bluetooth Classic) | [`Host::with_classic`], [`Host::classic`], [`ClassicResources`] | [classic] |
//! | find BR/EDR devices, and read their names | [`Classic::discover`], [`Classic::name`], [`Classic::set_discoverable`] | [BR/EDR devices][inquiry] |
//! | offer and find BR/EDR services | [`Classic::advertise`], [`Classic::services`], [`ServiceRecord`] | [BR/EDR devices][inquiry] |
//! | exchange datagrams over BR/EDR | [`Classic::listen`], [`Classic::open_channel`], [`ClassicChannel`] | [classic], [modes] |
//! | use a serial port over BR/EDR (RFCOMM) | [`Classic::rfcomm_listen`], [`Classic::rfcomm_connect`], [`Rfcomm`] | [serial ports][rfcomm] |
//! | drop late datagrams | [`Classic::set_packet_timeout`], [`ClassicChannel::lost`] | [packet timeout][late] |
//! | secure BR/EDR links and services | [`ClassicChannelConfig::level`], [`ClassicConnection::secure`], [`ClassicConfig`], [`Classic::bonds`] | [levels] |
//! | wait, sleep and limit time | [`Host::sleep`], [`Host::within`], [`Host::now`] | [time], [in a test][testing] |
//! | drop a future | *Cancel safety* of each method | [drop] |
//! | handle errors and lost data | [`Error`], [`RunError`], [`Event::LostWrites`], [`Host::stats`] | [errors], [lost data][lost], [slow tasks][slow] |
//! | turn the radio off and on | [`Host::shutdown`], [`Host::run`] | [radio off][off] |
//! | capture the traffic | [`transport::capture`] | [traffic] |
//! | test an application, with packet loss | the crate [bindrune-controller] | [testing] |
//! | fuzz a parser | [`Reader`] | [fuzzing] |
//! | leave out what is not used | [features](#features) | [leave out][out] |
//! | port a PyBluez program | | [coming from PyBluez] |
//! | port a MicroPython, aioble, bleak, Bumble or trouble program | | [coming from MicroPython] |
//!
//! The [thirty questions] that people ask first have short answers. The repository has pages on [hardware], [memory],
//! [performance] and [security].
//!
//! [the book]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/index.md
//! [sizes]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/sizes.md
//! [out]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/sizes.md#what-to-leave-out
//! [name]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#the-name
//! [data]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#values-notifications-and-writes
//! [many]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#many-centrals
//! [reconnect]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#reconnect
//! [channels]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#files-and-streams-l2cap-channels
//! [classic]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md
//! [inquiry]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md#find-devices-and-services
//! [modes]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md#choose-a-mode
//! [rfcomm]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md#serial-ports-rfcomm
//! [late]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md#drop-late-datagrams
//! [levels]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/classic.md#require-security
//! [coming from PyBluez]: https://github.com/bindrune/bindrune/blob/main/docs/coming-from-pybluez.md
//! [slow]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#a-slow-application
//! [speed]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/data.md#full-speed
//! [desktop]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/desktop.md
//! [traffic]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/desktop.md#see-the-traffic
//! [firmware]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/firmware.md
//! [porting]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/porting.md
//! [pairing]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/pairing.md
//! [passkey]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/pairing.md#pair-with-a-passkey
//! [bonds]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/pairing.md#where-bonds-are-kept
//! [privacy]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/pairing.md#private-addresses
//! [time]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/executors.md#wait-sleep-and-limit-time
//! [drop]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/executors.md#may-i-drop-this-future
//! [errors]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/errors.md
//! [lost]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/errors.md#what-was-lost
//! [off]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/errors.md#turn-the-radio-off
//! [testing]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/testing.md
//! [fuzzing]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/fuzzing.md
//! [thirty questions]: https://github.com/bindrune/bindrune/blob/main/docs/book/src/questions.md
//! [coming from MicroPython]: https://github.com/bindrune/bindrune/blob/main/docs/coming-from-micropython.md
//! [hardware]: https://github.com/bindrune/bindrune/blob/main/docs/hardware.md
//! [memory]: https://github.com/bindrune/bindrune/blob/main/docs/memory.md
//! [performance]: https://github.com/bindrune/bindrune/blob/main/docs/performance.md
//! [security]: https://github.com/bindrune/bindrune/blob/main/docs/security.md
//! [bindrune-controller]: https://docs.rs/bindrune-controller
//!
//! # How it is built
//!
//! Each protocol has a crate: HCI, L2CAP, ATT and GATT, SMP, GAP; for BR/EDR its GAP, SDP and RFCOMM. None of them
//! knows another. The root of this crate knows them all and has no I/O. A thin shell around it awaits, wakes tasks and
//! reads the clock.
//!
//! # Features
//!
//! All features are additive. Capabilities are on by default, except `classic`. A microcontroller turns them off with
//! `default-features = false` and names those that it needs. If a peer asks for something that is left out, the host
//! answers as the specification requires.
//!
//! | capability | adds | without it |
//! |---|---|---|
//! | `caching` | [`Gatt::replace`]; the Database Hash and robust caching | services stay the same while the host runs; bonded peers get Service Changed if a new firmware has other services |
//! | `capture` | [`Characteristic::capture`] and [`Gatt::written`]: all writes of a characteristic in the order of arrival, each with its peer | [`Connection::next`] reports writes, link by link |
//! | `central` | connecting; the accept list | this device is the peripheral of every link |
//! | `channels` | LE credit-based channels | requests for channels are refused: SPSM not supported |
//! | `classic` (off by default) | BR/EDR beside LE, on a dual-mode controller: [`Host::classic`]. It includes `security` | LE only: inquiries and pages get no answer |
//! | `client` | discovering, reading, writing and subscribing to a peer's values | notifications are dropped, indications are confirmed |
//! | `observer` | scanning | |
//! | `commands` | HCI commands of the application | |
//! | `extended` | extended advertising, scanning and connecting, if the controller supports them | legacy commands and PDUs are used |
//! | `fixed` | [`Connection::fixed_channel`]: a fixed L2CAP channel that the application serves itself | data on other fixed channels is dropped and counted |
//! | `host-flow-control` | the controller waits while the host has no room, if it supports that | data without room is dropped and counted |
//! | `legacy` | LE legacy pairing, if [`PairingConfig`] allows it | a peer without LE Secure Connections is refused (0x03) |
//! | `long` | writes in parts, also of several values at once; reads of several values; a long read returns the value of its first part throughout | such requests are refused (0x06); a long value that changes during a read may mix old and new parts |
//! | `many-links` | 33 to 64 links, or channels, in [`Resources`] | at most 32 of each |
//! | `oob` | out-of-band data of pairing | a peer that has our out-of-band data is refused (0x02) |
//! | `privacy` | private addresses of this device; [`Host::set_address_mode`]; those of bonded peers in reports and for connecting | this device shows its identity address; the host recognizes the private address of a bonded peer only after it has connected |
//! | `recovery` | after a fault (framing, a hardware error, a command without an answer for 2 s) the host resets and initializes the controller, and requests continue; data that arrives before its event waits for it; [`Host::watch_controller`] | a fault ends all links and [`Host::run`] with its reason: call `run` again. For a controller on the same chip, or on a line without errors |
//! | `security` | pairing, encryption and bonds; the controller's cryptography | pairing is refused (0x05), and so are keys; links are not encrypted |
//! | `server` | the GATT server | requests that look for attributes find none (0x0A), other requests are refused, commands are dropped: for devices with channels or a client only |
//! | `statistics` | [`Host::stats`] | drops that matter to the application are reported ([`Event::LostWrites`] and others), and not counted |
//! | `tuning` | [`Connection::rssi`], [`Connection::update_parameters`], [`Connection::set_phy`], [`Connection::set_data_length`]; the host requests long packets and the 2M PHY for each new link | a link keeps what the peer and the controllers choose; the host agrees to the peer's requests |
//!
//! The other features concern the platform:
//!
//! | feature | adds |
//! |---|---|
//! | `std` (default) | a mutex around the state, the clock of the operating system, files |
//! | `sync` (on with `std`) | handles are `Send + Sync` |
//! | `serial`, `tcp` | transports of the operating system |
//! | `flash` | bonds in flash memory, with `security` |
//! | `assigned` | the numbers that the Bluetooth SIG has assigned, as constants |
//! | `log`, `defmt` | messages about what the host does, through these crates; with `defmt` also the formats of errors and events, and `DEFMT_LOG=bindrune=debug` selects the level when you build |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
// What only absent capabilities call is not unused: with all of them, everything is called.
#![cfg_attr(
    not(all(
        feature = "caching",
        feature = "capture",
        feature = "central",
        feature = "channels",
        feature = "classic",
        feature = "client",
        feature = "commands",
        feature = "extended",
        feature = "fixed",
        feature = "host-flow-control",
        feature = "legacy",
        feature = "long",
        feature = "observer",
        feature = "oob",
        feature = "privacy",
        feature = "recovery",
        feature = "security",
        feature = "server",
        feature = "statistics",
        feature = "tuning"
    )),
    allow(dead_code, unreachable_pub, unused_imports)
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(all(test, not(feature = "std")))]
extern crate std;

mod aio;
mod arena;
#[cfg(feature = "security")]
mod bonds;
mod capability;
#[cfg(feature = "classic")]
mod classic;
#[cfg(all(feature = "classic", feature = "std"))]
mod classic_file;
mod config;
mod core;
#[cfg(feature = "security")]
mod crypto;
mod error;
mod lock;
mod mask;
#[cfg(feature = "long")]
mod prepare;
mod report;
mod resources;
#[cfg(feature = "server")]
mod services;
mod stack;
mod stats;
mod text;
pub mod transport;
mod waiters;

#[cfg(feature = "recovery")]
pub use aio::ControllerWatch;
#[cfg(feature = "fixed")]
pub use aio::FixedChannel;
#[cfg(feature = "server")]
pub use aio::Gatt;
#[cfg(feature = "observer")]
pub use aio::Scanner;
#[cfg(feature = "classic")]
pub use aio::{
    Advertised, Classic, ClassicChannel, ClassicConnection, ClassicEcho, ClassicLinkMode,
    ClassicListener, ClassicLoss, Device, Discovery, Rfcomm, RfcommListener, ServiceRecords,
};
#[cfg(feature = "client")]
pub use aio::{
    Attribute, Characteristics, Descriptors, Includes, RemoteCharacteristic, RemoteDescriptor,
    RemoteInclude, RemoteService, Services, Subscription, Values,
};
#[cfg(feature = "security")]
pub use aio::{Bonds, Controller, PairingRequest, PairingRequests, Question};
pub use aio::{
    BringUp, BringUpError, Broadcast, Connection, Event, FreePackets, Host, Platform, ReadRequest,
    RunError, SystemClock, WriteRequest,
};
#[cfg(feature = "channels")]
pub use aio::{
    Channel, ChannelRequest, ChannelRequests, Listener, Outgoing, Piece, Receiver, Sender,
};
pub use bindrune_att::ErrorCode;
#[cfg(all(feature = "classic", feature = "oob"))]
pub use bindrune_classic::security::{
    OobData as ClassicOob, OobValues as ClassicOobValues, Secret as ClassicSecret,
};
#[cfg(feature = "classic")]
pub use bindrune_classic::{
    ControllerInfo as ClassicControllerInfo, Discoverable as ClassicDiscoverable,
    Incoming as ClassicIncoming, Inquiry, InquiryData, ScanTiming as ClassicScanTiming,
    Sniff as ClassicSniff,
    security::{
        Cipher, IoCapability as ClassicIoCapability, KeyKind, LegacyPairing,
        LinkSecurity as ClassicSecurity,
    },
};
#[cfg(feature = "central")]
pub use bindrune_gap::Connect;
#[cfg(feature = "extended")]
pub use bindrune_gap::ExtendedPdus;
#[cfg(feature = "tuning")]
pub use bindrune_gap::ParameterRequests;
pub use bindrune_gap::{
    AdData, AdType, Advertisement, Channels, ConnectionParameters, ControllerInfo,
    CurrentParameters, DataLengths, Discoverable, InitError, InvalidParameters, Phys, WhenFull,
    adv_data,
};
#[cfg(feature = "observer")]
pub use bindrune_gap::{Report, ReportFlags, Scan};
pub use bindrune_gatt::{
    Cccd, Characteristic, Descriptor, ExtendedProperties, Permission, Properties, Service,
    TableError, Target,
    server::{SubscriptionChange, Written},
    standard,
    table::arena_for,
};
pub use bindrune_hci::{
    AddressType, AdvertisingEventType, AdvertisingType, DataOperation, DeviceAddress, FilterPolicy,
    LinkType, Opcode, OwnAddressType, Phy, PhyMask, PrivacyMode, RawHandle, Role, ScanFilterPolicy,
    Status,
    clock::Clock,
    cmd::{self, SupportedCommands, le::LeFeatures},
    h4::SyncLost,
};
#[cfg(feature = "classic")]
pub use bindrune_hci::{ClassOfDevice, ServiceClasses};
#[cfg(feature = "classic")]
pub use bindrune_l2cap::classic::{
    ConnectionResult as ClassicConnectionResult, Psm as ClassicPsm, pdu::Mode as ClassicMode,
};
#[cfg(feature = "channels")]
pub use bindrune_l2cap::{ChannelConfig, Psm};
pub use bindrune_l2cap::{Cid, CloseReason, ConnectionResult, Violation};
#[cfg(feature = "classic")]
pub use bindrune_rfcomm::{
    BitRate, Break, LineStatus, ModemStatus, Parity, PortSettings, SessionEnd as RfcommSessionEnd,
    Violation as RfcommViolation,
};
#[cfg(feature = "classic")]
pub use bindrune_sdp as sdp;
#[cfg(feature = "classic")]
pub use bindrune_sdp::{Port, Service as ServiceRecord};
#[cfg(feature = "security")]
pub use bindrune_smp::{
    Config as PairingConfig, DhKey, IoCapability, Job as CryptoJob, JobDone as CryptoResult, Key,
    KeyDistribution, Keypress, LocalKey, PrivateKey, PublicKey, crypto::advertising::KeyMaterial,
};
pub use bindrune_smp::{Method, Reason, pdu::Features as PairingFeatures};
#[cfg(feature = "assigned")]
pub use bindrune_wire::assigned;
pub use bindrune_wire::{
    Address, AddressKind, Handle, Level, Malformed, NoRoom, ParseAddressError, ParseUuidError,
    Reader, Uuid, Writer,
};
#[cfg(feature = "security")]
pub use bonds::{BondStore, Loaded, NoStore, RecordId};
#[cfg(all(feature = "std", feature = "security"))]
pub use bonds::{FileBond, FileStore, FileStoreError};
#[cfg(feature = "flash")]
pub use bonds::{FlashStore, FlashStoreError};
#[cfg(feature = "classic")]
pub use classic::{ClassicChannelConfig, ClassicConfig, ClassicResources};
#[cfg(all(feature = "classic", feature = "std"))]
pub use classic_file::ClassicFileBond;
#[cfg(feature = "long")]
pub use config::DEFAULT_PREPARE_BYTES;
#[cfg(feature = "observer")]
pub use config::DEFAULT_SCAN_BYTES;
#[cfg(feature = "privacy")]
pub use config::{AddressMode, Privacy};
#[cfg(feature = "security")]
pub use config::{ClientSecurity, DEFAULT_BONDS, RepeatPairing};
pub use config::{Config, DEFAULT_ADVERTISING_BYTES};
#[cfg(all(feature = "std", feature = "security"))]
pub use crypto::ThreadedCrypto;
#[cfg(feature = "security")]
pub use crypto::{
    ControllerCrypto, ControllerOnlyCrypto, Crypto, DefaultCrypto, Offload, OffloadCrypto,
    SoftwareCrypto,
};
pub use embassy_time::{Duration, Instant};
pub use error::{ConfigError, Error};
pub use resources::Resources;
#[cfg(feature = "security")]
pub use stack::{BondInfo, PasskeyEntry};
pub use stack::{
    ClassicCloseReason, ClassicFailure, ControllerEvent, ControllerLoss, LinkSecurity, Paired,
    PairingFailure, RfcommEnd, SearchFailure,
};
#[cfg(feature = "statistics")]
pub use stats::Stats;

/// Bodies of fuzz targets.
#[cfg(all(feature = "std", feature = "security"))]
#[doc(hidden)]
pub mod fuzz {
    pub use crate::bonds::{bond_file, bond_file_seeds};
}

/// The page that newcomers read first; its example compiles.
#[cfg(all(doctest, feature = "serial"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(all(test, feature = "sync"))]
mod tests {
    use super::*;

    const fn shared<T: Send + Sync>() {}

    #[test]
    fn handles_can_be_shared_between_threads() {
        shared::<Host>();
        shared::<Connection<'_>>();
        #[cfg(feature = "channels")]
        shared::<Channel<'_>>();
        #[cfg(feature = "channels")]
        shared::<Listener<'_>>();
        #[cfg(feature = "observer")]
        shared::<Scanner<'_>>();
        #[cfg(feature = "client")]
        shared::<Subscription<'_>>();
        shared::<Event<'_>>();
        #[cfg(feature = "server")]
        shared::<Gatt<'_>>();
    }
}
