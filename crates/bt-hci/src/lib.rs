//! Runs controllers of the embassy world under the [bindrune](https://docs.rs/bindrune) host.
//!
//! [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run) takes H4 octets. Drivers of that
//! world take and return packets of the crates `bt-hci-transport` and `bt-hci`, in one of two forms. Each version of
//! these crates has a feature and a module here; the host depends on none of them.
//!
//! | the driver has | such as | feature and module |
//! |---|---|---|
//! | `bt_hci_transport::Transport` 0.1 | esp-radio 1.0, bt-hci-usb | `transport-0-1`: [`transport_0_1`] |
//! | `bt_hci::transport::Transport` of 0.8 | cyw43 0.7 | `bt-hci-0-8`: [`bt_hci_0_8`] |
//! | `bt_hci::controller::Controller` of 0.10 | nrf-sdc 0.4 | `bt-hci-0-10`: [`bt_hci_0_10`] |
//! | `bt_hci::controller::Controller` of 0.11 | | `bt-hci-0-11`: [`bt_hci_0_11`] |
//!
//! # A transport
//!
//! A transport moves whole packets, whatever they contain. `split` creates the two halves that
//! [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run) takes:
//!
//! ```
//! # #[cfg(feature = "transport-0-1")]
//! # async fn example(host: &bindrune::Host, driver: impl bt_hci_transport_0_1::Transport) {
//! let (mut rx, mut tx) = bindrune_bt_hci::transport_0_1::split(&driver);
//! let end = host.run(&mut rx, &mut tx).await;
//! # }
//! ```
//!
//! # A typed controller
//!
//! A `Controller` has one method for each command, with types for its parameters. The adapter reads the opcode, calls
//! the method and creates the event that answers it. The available commands are a type, a set of
//! [`bt_hci_0_10::Commands`]; commands that are in no set are not linked, and are answered with Unknown HCI Command
//! (0x01):
//!
//! ```
//! # #[cfg(feature = "bt-hci-0-10")]
//! # async fn example<C>(host: &bindrune::Host, controller: C)
//! # where
//! #     C: bt_hci_0_10::controller::Controller,
//! #     bindrune_bt_hci::bt_hci_0_10::Peripheral: bindrune_bt_hci::bt_hci_0_10::Commands<C>,
//! # {
//! use bindrune_bt_hci::bt_hci_0_10::{Peripheral, Typed};
//! let mut adapter = Typed::<_>::new(&controller);
//! let end = adapter.run::<Peripheral, _>(|rx, tx| host.run(rx, tx)).await;
//! # }
//! ```
//!
//! # Errors
//!
//! An error of the driver ends [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run) with
//! `RunError::Transport`, which has the driver's error inside [`Error::Controller`]. A packet that fits in no buffer
//! also ends it, with [`Error::TooLong`]: no packet is lost silently. `run` may be called again on the same driver.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![allow(
    clippy::duplicate_mod,
    reason = "versions of bt-hci have the same traits, but not the same types"
)]

#[cfg(test)]
extern crate std;

mod error;
mod h4;
mod halves;
#[cfg(any(feature = "bt-hci-0-10", feature = "bt-hci-0-11"))]
mod macros;
#[cfg(any(feature = "bt-hci-0-10", feature = "bt-hci-0-11"))]
mod slot;

#[cfg(feature = "bt-hci-0-10")]
pub mod bt_hci_0_10;
#[cfg(feature = "bt-hci-0-11")]
pub mod bt_hci_0_11;
#[cfg(feature = "bt-hci-0-8")]
pub mod bt_hci_0_8;
#[cfg(feature = "transport-0-1")]
pub mod transport_0_1;

pub use error::Error;
pub use halves::{Packets, Reader, Writer, split};

/// Length of a buffer that holds any packet of an LE controller, in octets: an event with 255 octets of parameters, ACL
/// data of 251 octets, and the H4 indicator.
pub const PACKET: usize = 264;
