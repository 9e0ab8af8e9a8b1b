//! BR/EDR, as applications use it.

mod channel;
mod connection;
mod discovery;
mod host;
mod listener;
mod name;
mod port;
mod procedure;
mod rfcomm;
mod services;

pub use channel::{ClassicChannel, ClassicLoss};
pub use connection::ClassicConnection;
pub use discovery::{Device, Discovery};
pub use host::Classic;
pub use listener::ClassicListener;
pub use procedure::{ClassicEcho, ClassicLinkMode};
pub use rfcomm::{Rfcomm, RfcommListener};
pub use services::{Advertised, ServiceRecords};
