//! The asynchronous shell: the only code that awaits, wakes and reads a clock.
//!
//! A future visits the state under the lock, takes what is ready or leaves its waker, and returns. Wakers are woken and
//! dropped outside the lock.

#[cfg(feature = "privacy")]
mod address_mode;
mod advertise;
mod alarm;
#[cfg(feature = "security")]
mod bonds;
mod bring_up;
#[cfg(feature = "capture")]
mod capture;
#[cfg(feature = "channels")]
mod channel;
#[cfg(feature = "channels")]
mod channel_request;
#[cfg(feature = "classic")]
mod classic;
#[cfg(all(feature = "classic", feature = "oob"))]
mod classic_oob;
mod clock;
#[cfg(feature = "commands")]
mod command;
#[cfg(feature = "central")]
mod connect;
mod connection;
#[cfg(feature = "security")]
mod controller;
#[cfg(feature = "server")]
mod current;
#[cfg(feature = "fixed")]
mod fixed;
#[cfg(feature = "client")]
mod gatt;
mod host;
#[cfg(feature = "security")]
mod jobs;
mod limit;
#[cfg(feature = "channels")]
mod listener;
#[cfg(feature = "server")]
mod notify;
#[cfg(feature = "oob")]
mod oob;
#[cfg(feature = "security")]
mod pairing;
#[cfg(feature = "security")]
mod platform;
#[cfg(feature = "tuning")]
mod procedure;
mod receiving;
#[cfg(feature = "caching")]
mod replace;
mod request;
mod run;
#[cfg(feature = "observer")]
mod scan;
#[cfg(feature = "security")]
mod security_retry;
#[cfg(feature = "server")]
mod server;
mod shutdown;
#[cfg(feature = "statistics")]
mod statistics;
mod traffic;
#[cfg(not(feature = "security"))]
mod unsecured;
mod wait;
#[cfg(feature = "recovery")]
mod watch;

#[cfg(not(feature = "security"))]
use unsecured as security_retry;

pub use advertise::Broadcast;
#[cfg(feature = "security")]
pub use bonds::Bonds;
pub use bring_up::{BringUp, BringUpError};
#[cfg(feature = "channels")]
pub use channel::{Channel, Outgoing, Piece, Receiver, Sender};
#[cfg(feature = "channels")]
pub use channel_request::{ChannelRequest, ChannelRequests};
#[cfg(feature = "classic")]
pub use classic::{
    Advertised, Classic, ClassicChannel, ClassicConnection, ClassicEcho, ClassicLinkMode,
    ClassicListener, ClassicLoss, Device, Discovery, Rfcomm, RfcommListener, ServiceRecords,
};
pub use clock::SystemClock;
pub use connection::{Connection, Event};
#[cfg(feature = "security")]
pub use controller::Controller;
#[cfg(feature = "fixed")]
pub use fixed::FixedChannel;
#[cfg(feature = "client")]
pub use gatt::{
    Attribute, Characteristics, Descriptors, Includes, RemoteCharacteristic, RemoteDescriptor,
    RemoteInclude, RemoteService, Services, Subscription, Values,
};
pub use host::{FreePackets, Host};
#[cfg(feature = "channels")]
pub use listener::Listener;
#[cfg(feature = "security")]
pub use pairing::{PairingRequest, PairingRequests, Question};
#[cfg(feature = "security")]
pub use platform::Platform;
pub use request::{ReadRequest, WriteRequest};
pub use run::RunError;
#[cfg(feature = "observer")]
pub use scan::Scanner;
#[cfg(feature = "server")]
pub use server::Gatt;
#[cfg(not(feature = "security"))]
pub use unsecured::Platform;
#[cfg(feature = "recovery")]
pub use watch::ControllerWatch;

pub(crate) use receiving::Receiving;
