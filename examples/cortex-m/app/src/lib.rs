//! Two applications that run on a microcontroller and on a desktop alike.
//!
//! [`peripheral`] has a battery, the Nordic UART service and an L2CAP channel that echoes; [`central`] finds it, pairs and uses all
//! three. [`flash`] is a flash memory in RAM, for boards whose own is not at hand.
//!
//! Each application has a `CONFIG`, the `Memory` that it needs and an `async fn run`. A `main` gives them a transport; see
//! `firmware` and `desktop` beside this package.
#![no_std]
#![forbid(unsafe_code)]

pub mod central;
pub mod flash;
mod pattern;
pub mod peripheral;
mod uuid;
