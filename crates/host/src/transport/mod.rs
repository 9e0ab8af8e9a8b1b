//! Transports of the operating system, and the capture that can wrap any transport.

#[cfg(feature = "std")]
pub mod capture;
#[cfg(feature = "serial")]
pub mod serial;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(any(feature = "serial", feature = "tcp"))]
mod threaded;

#[cfg(any(feature = "serial", feature = "tcp"))]
pub use threaded::{PortReader, PortWriter};
