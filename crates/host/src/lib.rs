//! A Bluetooth LE host stack over raw HCI, without an allocator, for microcontrollers and desktops.
//!
//! A [`Host`] is made of [`Resources`], every octet that it will ever use, and a [`Config`]. [`Host::run`] drives it over any
//! H4 transport; everything else is lent from it: [`Connection`], [`Channel`], [`Scanner`], [`Gatt`].
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
//! The protocols live in crates of their own, none of which knows another: HCI, L2CAP, ATT and GATT, GAP. The root of this crate,
//! which alone knows them all, is free of I/O; a thin shell awaits, wakes and reads the clock.
//!
//! # Features
//!
//! All are additive. What a microcontroller has no use for is left out by `default-features = false` and the capabilities that it
//! needs; all are on by default. A host answers a peer that asks for what is left out as the specification has it.
//!
//! | capability | is | without it |
//! |---|---|---|
//! | `caching` | [`Gatt::replace`]; the Database Hash and robust caching | services are the same while the host runs; bonded peers get Service Changed when a new firmware has others |
//! | `capture` | [`Characteristic::capture`] and [`Gatt::written`]: each write of a characteristic with who wrote it, in the order of arrival | writes are reported by [`Connection::next`], link by link |
//! | `central` | connecting; the accept list | this device is the peripheral of every link |
//! | `channels` | LE credit-based channels | a request for one is refused: SPSM not supported |
//! | `client` | discovering, reading, writing and subscribing to a peer's values | what a peer pushes is dropped, indications are confirmed |
//! | `observer` | scanning | |
//! | `commands` | HCI commands of the application's own | |
//! | `extended` | extended advertising, scanning and connecting, where the controller has them | legacy commands and PDUs are used |
//! | `host-flow-control` | the controller waits while there is no room here, where it can | what finds no room is dropped and counted |
//! | `legacy` | LE legacy pairing, where [`PairingConfig`] allows it | a peer without LE Secure Connections is refused (0x03) |
//! | `long` | writes in parts, also of several values at once; reads of several values; a long value is read as it was at the first part | such requests are refused (0x06); a long value that changes while it is read may come in parts of both |
//! | `oob` | out-of-band data of pairing | a peer that has some of ours is refused (0x02) |
//! | `privacy` | private addresses of our own; those of bonded peers in reports and to connect | the identity address is shown; a bonded peer is known by its private address once it has connected |
//! | `recovery` | a controller that was lost (framing, a hardware error, a command without an answer for 2 s) is reset and set up anew, and requests go on; data that comes before its event waits for it; [`Host::watch_controller`] | such a fault ends all links and [`Host::run`] at once, with its reason: call it again. For a controller on the same chip, or on a line that loses nothing |
//! | `security` | pairing, encryption and bonds; the controller's cryptography | pairing is refused (0x05), keys are; links stay in clear |
//! | `server` | the GATT server | what looks for attributes finds none (0x0A), other requests are refused, commands dropped: a device for channels or a client alone |
//! | `statistics` | [`Host::stats`] | what was dropped is reported where it matters to the application ([`Event::LostWrites`] and others), and counted nowhere |
//! | `tuning` | [`Connection::rssi`], [`Connection::update_parameters`], [`Connection::set_phy`], [`Connection::set_data_length`]; each new link is asked for long packets and the 2M PHY | a link is used as the peer and the two controllers have it; what a peer asks for is agreed to |
//!
//! The rest is about the surroundings. `std`, on by default as well: a mutex around the state, and the clock of the operating system. `sync` (with `std`):
//! handles are `Send + Sync`. `serial`, `tcp`: transports of the operating system. `flash`: bonds in flash memory, with `security`. `assigned`: the numbers that the Bluetooth SIG
//! has assigned, as constants. `log`, `defmt`: reports, and formats.
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
        feature = "client",
        feature = "commands",
        feature = "extended",
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
mod at;
#[cfg(feature = "security")]
mod bonds;
mod capability;
mod config;
mod core;
#[cfg(feature = "security")]
mod crypto;
mod error;
mod lock;
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
#[cfg(feature = "server")]
pub use aio::Gatt;
#[cfg(feature = "observer")]
pub use aio::Scanner;
#[cfg(feature = "client")]
pub use aio::{
    Attribute, Characteristics, Descriptors, Includes, RemoteCharacteristic, RemoteDescriptor,
    RemoteInclude, RemoteService, Services, Subscription, Values,
};
#[cfg(feature = "security")]
pub use aio::{Bonds, Controller, PairingRequest, PairingRequests, Question};
pub use aio::{
    BringUp, BringUpError, Broadcast, Connection, Event, FixedChannel, FreePackets, Host, Platform,
    ReadRequest, RunError, SystemClock, WriteRequest,
};
#[cfg(feature = "channels")]
pub use aio::{
    Channel, ChannelRequest, ChannelRequests, Listener, Outgoing, Piece, Receiver, Sender,
};
pub use bindrune_att::ErrorCode;
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
#[cfg(feature = "channels")]
pub use bindrune_l2cap::{ChannelConfig, Psm};
pub use bindrune_l2cap::{Cid, CloseReason, ConnectionResult, Violation};
#[cfg(feature = "security")]
pub use bindrune_smp::{
    Config as PairingConfig, DhKey, IoCapability, Key, KeyDistribution, Keypress, LocalKey,
    PrivateKey, PublicKey, crypto::advertising::KeyMaterial,
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
#[cfg(feature = "long")]
pub use config::DEFAULT_PREPARE_OCTETS;
#[cfg(feature = "observer")]
pub use config::DEFAULT_SCAN_OCTETS;
#[cfg(feature = "privacy")]
pub use config::Privacy;
#[cfg(feature = "security")]
pub use config::{ClientSecurity, DEFAULT_BONDS, RepeatPairing};
pub use config::{Config, DEFAULT_ADVERTISING_OCTETS};
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
pub use stack::{ControllerEvent, ControllerLoss, LinkSecurity, Paired, PairingFailure};
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
