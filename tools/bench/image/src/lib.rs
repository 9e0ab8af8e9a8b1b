//! Common code of the images with bindrune.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod server;

#[cfg(feature = "server")]
pub use server::{SERVICES, serve};
