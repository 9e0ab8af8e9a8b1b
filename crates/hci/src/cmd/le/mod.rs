//! LE controller commands. [Vol 4] Part E, 7.8

mod advertise;
mod connection;
mod controller;
mod extended_advertise;
mod extended_scan;
mod initiate;
mod privacy;
mod scan;
mod security;

pub use advertise::*;
pub use connection::*;
pub use controller::*;
pub use extended_advertise::*;
pub use extended_scan::*;
pub use initiate::*;
pub use privacy::*;
pub use scan::*;
pub use security::*;
