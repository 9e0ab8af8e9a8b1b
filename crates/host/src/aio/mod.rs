//! The asynchronous shell: the only code that awaits, wakes and reads a clock.
//!
//! A future visits the state under the lock, takes what is ready or leaves its waker, and goes. Wakers are woken, and
//! dropped, outside of the lock.

mod advertise;
mod alarm;
mod bonds;
mod channel;
mod clock;
mod connect;
mod connection;
mod controller;
mod fixed;
mod gatt;
mod host;
mod jobs;
mod limit;
mod listener;
mod pairing;
mod platform;
mod procedure;
mod receiving;
mod request;
mod run;
mod scan;
mod shutdown;
mod wait;
mod watch;

pub use advertise::Broadcast;
pub use bonds::Bonds;
pub use channel::{Channel, Outgoing, Piece, Receiver, Sender};
pub use clock::SystemClock;
pub use connection::{Connection, Event};
pub use controller::Controller;
pub use fixed::FixedChannel;
pub use gatt::{
    Attribute, Characteristics, Descriptors, Gatt, Includes, RemoteCharacteristic,
    RemoteDescriptor, RemoteInclude, RemoteService, Services, Subscription, Values,
};
pub use host::{FreePackets, Host};
pub use listener::Listener;
pub use pairing::{PairingRequest, PairingRequests, Question};
pub use platform::Platform;
pub use request::{ReadRequest, WriteRequest};
pub use run::RunError;
pub use scan::Scanner;
pub use watch::ControllerWatch;

pub(crate) use host::table_error;
pub(crate) use receiving::Receiving;
