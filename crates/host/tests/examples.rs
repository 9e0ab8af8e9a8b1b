//! Tests that the examples do what they say, in virtual time.
#![cfg(all(
    feature = "serial",
    feature = "tcp",
    feature = "central",
    feature = "channels",
    feature = "client",
    feature = "commands",
    feature = "security"
))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what these tests are for"
)]
#![allow(clippy::duplicate_mod, reason = "each example opens its own port")]

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::pending,
};

use bindrune::Host;
use devices::{host, on_two_devices};
use embedded_io_async::{ErrorType, Read, Write};

#[path = "devices/mod.rs"]
mod devices;

#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/bridge.rs"]
mod bridge;
#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/bulk.rs"]
mod bulk;
#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/central.rs"]
mod central;
#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/peripheral.rs"]
mod peripheral;

#[test]
fn the_central_sets_the_level_of_the_peripheral() {
    let (battery, phone) = (host(peripheral::CONFIG), host(central::CONFIG));
    let level =
        on_two_devices([&battery, &phone], peripheral::app(&battery), central::app(&phone, 42));
    assert_eq!(level, 42);
}

#[test]
fn a_bulk_transfer_arrives_whole() {
    let host = || Host::new(Box::leak(Box::new(bulk::Memory::new())), bulk::CONFIG).unwrap();
    let (sender, receiver) = (host(), host());
    let image: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let send = async {
        bulk::send(&sender, &image).await?;
        std::future::pending().await
    };
    let received = on_two_devices([&sender, &receiver], send, bulk::receive(&receiver));
    assert_eq!(received, image);
}

/// A byte stream in memory: its input, whether it ends then, and its output.
struct Stream<'a> {
    gives: RefCell<&'a [u8]>,
    ends: Cell<bool>,
    given: RefCell<Vec<u8>>,
}

impl<'a> Stream<'a> {
    const fn new(gives: &'a [u8]) -> Self {
        Self { gives: RefCell::new(gives), ends: Cell::new(false), given: RefCell::new(Vec::new()) }
    }
}

impl ErrorType for &Stream<'_> {
    type Error = Infallible;
}

impl Read for &Stream<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if self.gives.borrow().is_empty() && !self.ends.get() {
            pending::<()>().await;
        }
        let mut gives = self.gives.borrow_mut();
        let (now, later) = gives.split_at(gives.len().min(buffer.len()));
        buffer[..now.len()].copy_from_slice(now);
        *gives = later;
        Ok(now.len())
    }
}

impl Write for &Stream<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.given.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_bridge_carries_bytes_both_ways_to_the_end() {
    let host = || Host::new(Box::leak(Box::new(bridge::Memory::new())), bridge::CONFIG).unwrap();
    let (near, far) = (host(), host());
    let (image, reply): (Vec<u8>, Vec<u8>) =
        ((0..30_000u32).map(|n| (n % 251) as u8).collect(), vec![7; 5000]);
    let (here, there) = (Stream::new(&image), Stream::new(&reply));
    here.ends.set(true);
    let accept = async {
        let channel = bridge::open(&near, None).await?;
        bridge::bridge(channel, &here, &here).await?;
        pending().await
    };
    let connect = async {
        let peer = near.controller().await?.address;
        let channel = bridge::open(&far, Some(peer)).await?;
        bridge::bridge(channel, &there, &there).await
    };
    on_two_devices([&near, &far], accept, connect);
    assert_eq!(*there.given.borrow(), image, "the end of a stream loses nothing of it");
    assert_eq!(*here.given.borrow(), reply);
}
