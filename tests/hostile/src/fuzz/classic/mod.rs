//! BR/EDR of a life: its own steps, the radio and the peers behind it, and the calls of the application.
//!
//! The peers use the machines of this project for L2CAP and RFCOMM, so that their packets are valid until a step adds
//! others.

mod answers;
mod app;
mod calls;
mod ending;
mod handles;
mod modes;
mod modes_calls;
mod oob;
mod pairing;
mod peer;
mod radio;
mod serial;
mod signs;
mod step;

use bindrune::{Address, ClassicConfig, ClassicIoCapability, ClassicPsm, ClassicResources, Host};

pub(crate) use app::App;
pub(crate) use radio::Radio;
pub(crate) use signs::forget;
pub use step::Step;

/// Number of BR/EDR links that the host has room for.
pub(crate) const LINKS: usize = 2;
/// Number of channels that the host has room for.
pub(crate) const CHANNELS: usize = 4;
/// Number of peers of BR/EDR.
pub(crate) const PEERS: u8 = 4;
/// A PSM that needs no security, and one that needs encryption.
pub(crate) const OPEN: ClassicPsm = ClassicPsm(0x1001);
pub(crate) const SECRET: ClassicPsm = ClassicPsm(0x1003);
/// Server channel of RFCOMM, of both sides.
pub(crate) const SERIAL: u8 = 5;

/// Returns the address of a peer.
pub(crate) const fn address(peer: u8) -> Address {
    Address::public([0xc0 | peer, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5])
}

/// Returns the number of the peer with this address.
pub(crate) fn number(address: &[u8]) -> Option<u8> {
    (0..PEERS).find(|&peer| self::address(peer).octets() == address)
}

/// Adds BR/EDR to a host; with `user` it pairs by comparing numbers.
pub(crate) fn add(host: Host, user: bool) -> Host {
    type Memory = ClassicResources<LINKS, CHANNELS, 700, 700, 2, 2, 256, 2, 128>;
    let config = ClassicConfig::new();
    let config = if user {
        config.io_capability(ClassicIoCapability::DisplayYesNo).mitm(true).consent(true)
    } else {
        config
    };
    host.with_classic(Box::leak(Box::new(Memory::new())), config)
}
