//! BR/EDR: hosts that speak raw HCI.

mod data;
mod inquiry;
mod link;
mod pairing;
mod security;
mod sniff;
mod strict;

use bindrune_controller::{ClassicConfig, ControllerConfig, ControllerId};

use crate::bench::{Bench, address};

pub(super) fn dual() -> ControllerConfig {
    ControllerConfig::new().classic(ClassicConfig::new())
}

/// The address of a controller in the order of HCI.
pub(super) fn bd_addr(id: ControllerId) -> [u8; 6] {
    address(id).octets()
}

/// Hosts of BR/EDR, by octets.
impl Bench {
    pub(super) fn classic(&mut self, id: ControllerId, opcode: u16, parts: &[&[u8]]) -> Vec<u8> {
        self.raw(id, &command(opcode, parts))
    }

    pub(super) fn classic_ok(&mut self, id: ControllerId, opcode: u16, parts: &[&[u8]]) -> Vec<u8> {
        let answer = self.classic(id, opcode, parts);
        assert_eq!(answer[0], 0, "{opcode:04x} {parts:02x?} was refused");
        answer
    }

    pub(super) fn add_dual(&mut self) -> ControllerId {
        self.add_classic(ClassicConfig::new())
    }

    /// Adds a controller whose host scans for pages and inquiries.
    pub(super) fn add_classic(&mut self, config: ClassicConfig) -> ControllerId {
        let id = self.add(ControllerConfig::new().classic(config));
        self.classic_ok(id, 0x0c1a, &[&[3]]);
        id
    }

    /// Pages; the target accepts with `role`. Returns the handles of both.
    pub(super) fn page(&mut self, a: ControllerId, b: ControllerId, role: u8) -> (u16, u16) {
        self.create(a, b, 1);
        self.event(b, 0x04, &bd_addr(a));
        self.classic_ok(b, 0x0409, &[&bd_addr(a), &[role]]);
        let handle = |event: Vec<u8>| u16::from_le_bytes([event[1], event[2]]);
        let ends = (self.event_of(a, 0x03), self.event_of(b, 0x03));
        assert_eq!((ends.0[0], ends.1[0]), (0, 0));
        assert_eq!((&ends.0[3..9], &ends.1[3..9]), (&bd_addr(b)[..], &bd_addr(a)[..]));
        (handle(ends.0), handle(ends.1))
    }

    pub(super) fn create(&mut self, a: ControllerId, b: ControllerId, switch: u8) {
        let parts: [&[u8]; 2] = [&bd_addr(b), &[0x18, 0xcc, 1, 0, 0, 0, switch]];
        self.classic_ok(a, 0x0405, &parts);
    }

    /// Waits for an event of `id`, and keeps the events of others.
    pub(super) fn event_of(&mut self, id: ControllerId, code: u8) -> Vec<u8> {
        let end = self.now + crate::bench::MS(60_000);
        loop {
            let hit = |(_, to, packet): &(u64, ControllerId, Vec<u8>)| {
                *to == id && packet[..2] == [4, code]
            };
            if let Some(at) = self.trace.iter().position(hit) {
                return self.trace.remove(at).2[3..].to_vec();
            }
            assert!(self.step(end), "no event {code:02x} at {id:?}: {:02x?}", self.trace);
        }
    }

    /// Returns how many events `code` a host got.
    pub(super) fn count(&self, id: ControllerId, code: u8) -> usize {
        self.trace.iter().filter(|(_, to, packet)| *to == id && packet[..2] == [4, code]).count()
    }

    pub(super) fn no_violations(&self) {
        for id in self.air.ids() {
            assert!(self.air.violations(id).is_none(), "{id:?}: {}", self.air.violations(id));
        }
    }
}

pub(super) fn command(opcode: u16, parts: &[&[u8]]) -> Vec<u8> {
    let parameters = parts.concat();
    let [low, high] = opcode.to_le_bytes();
    [&[1, low, high, parameters.len() as u8][..], &parameters].concat()
}
