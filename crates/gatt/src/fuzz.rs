//! Fuzz bodies: any octets give an answer, never a panic.

mod server;

pub use server::server;
