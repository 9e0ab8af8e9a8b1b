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
//! All are additive. `std`: a mutex around the state, and the clock of the operating system. `sync` (with `std`):
//! handles are `Send + Sync`. `serial`, `tcp`: transports of the operating system. `flash`: bonds in flash memory. `log`, `defmt`: reports, and formats.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(all(test, not(feature = "std")))]
extern crate std;

mod aio;
mod arena;
mod bonds;
mod config;
mod core;
mod crypto;
mod error;
mod lock;
mod report;
mod resources;
mod stack;
mod stats;
pub mod transport;
mod waiters;

pub use aio::{
    Attribute, Bonds, Broadcast, Channel, Characteristics, Connection, Controller, ControllerWatch,
    Descriptors, Event, FixedChannel, FreePackets, Gatt, Host, Includes, Listener, Outgoing,
    PairingRequest, PairingRequests, Piece, Platform, Question, ReadRequest, Receiver,
    RemoteCharacteristic, RemoteDescriptor, RemoteInclude, RemoteService, RunError, Scanner,
    Sender, Services, Subscription, SystemClock, Values, WriteRequest,
};
pub use bindrune_att::ErrorCode;
pub use bindrune_gap::{
    AdData, AdType, Advertisement, Connect, ConnectionParameters, ControllerInfo,
    CurrentParameters, DataLengths, Discoverable, ExtendedPdus, InitError, Phys, Report,
    ReportFlags, Scan, WhenFull, adv_data,
};
pub use bindrune_gatt::{
    Cccd, Characteristic, Descriptor, ExtendedProperties, Permission, Properties, Service,
    TableError,
    server::{SubscriptionChange, Written},
    table::arena_for,
};
pub use bindrune_hci::{Opcode, Phy, PhyMask, Role, Status, clock::Clock, cmd};
pub use bindrune_l2cap::{ChannelConfig, Cid, CloseReason, ConnectionResult, Psm};
pub use bindrune_smp::{
    Config as PairingConfig, DhKey, IoCapability, Key, KeyDistribution, Keypress, LocalKey, Method,
    PrivateKey, PublicKey, Reason, crypto::advertising::KeyMaterial,
};
pub use bindrune_wire::{Address, AddressKind, Level, ParseAddressError, ParseUuidError, Uuid};
pub use bonds::{BondStore, Loaded, NoStore, RecordId};
#[cfg(feature = "std")]
pub use bonds::{FileBond, FileStore, FileStoreError};
#[cfg(feature = "flash")]
pub use bonds::{FlashStore, FlashStoreError};
pub use config::{
    ClientSecurity, Config, DEFAULT_ADVERTISING_OCTETS, DEFAULT_BONDS, DEFAULT_PREPARE_OCTETS,
    DEFAULT_SCAN_OCTETS, Privacy, RepeatPairing,
};
#[cfg(feature = "std")]
pub use crypto::ThreadedCrypto;
pub use crypto::{ControllerCrypto, Crypto, DefaultCrypto, Offload, OffloadCrypto, SoftwareCrypto};
pub use error::{ConfigError, Error};
pub use resources::Resources;
pub use stack::{
    BondInfo, ControllerEvent, ControllerLoss, LinkSecurity, Paired, PairingFailure, PasskeyEntry,
};
pub use stats::Stats;

/// Bodies of fuzz targets.
#[cfg(feature = "std")]
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
        shared::<Channel<'_>>();
        shared::<Listener<'_>>();
        shared::<Scanner<'_>>();
        shared::<Subscription<'_>>();
        shared::<Event<'_>>();
        shared::<Gatt<'_>>();
    }
}
