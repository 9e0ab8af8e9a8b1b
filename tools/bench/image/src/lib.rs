//! What the images with bindrune have in common.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod server;

#[cfg(feature = "server")]
pub use server::{SERVICES, serve};
