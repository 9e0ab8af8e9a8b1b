//! Two applications that run both on a microcontroller and on a desktop.
//!
//! [`peripheral`] has a battery, the Nordic UART service and an L2CAP channel that echoes; [`central`] finds it, pairs
//! and uses all three. [`flash`] is a flash memory in RAM, for boards without an available one.
//!
//! Each application has a `CONFIG`, the `Memory` that it needs and an `async fn run`. A `main` passes a transport to
//! them; see `firmware` and `desktop` beside this package.
#![no_std]
#![forbid(unsafe_code)]

pub mod central;
pub mod flash;
mod pattern;
pub mod peripheral;
mod uuid;
