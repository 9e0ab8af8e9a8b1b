//! Commands of BR/EDR: one table, with parameters in the layout of the specification. [Vol 4] Part E, 7
//!
//! The layouts are written out here and not shared with the host, so that each checks the other.

mod connect;
mod information;
mod link;
mod security;
mod settings;

use bindrune_hci::{Opcode, RawHandle, Status};
use bindrune_wire::Reader;

use super::{BdAddr, ClassicLink, Party, link::Question};
use crate::{
    air::Medium,
    controller::{Call, Controller, Reply},
};

/// A command of BR/EDR.
struct Entry {
    opcode: u16,
    /// Octet and bit of the supported commands. [Vol 4] Part E, 6.27
    place: (usize, u8),
    /// Length of the parameters; `ANY` if it varies.
    length: usize,
    answer: Answer,
    /// Whether this command exists with Secure Simple Pairing, or with Secure Connections only.
    needs: Needs,
    run: fn(&mut Call<'_>, &mut Parameters<'_>) -> Result<Vec<u8>, Status>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Command Complete: the status, the first octets of the parameters, then this many octets.
    Complete { echo: usize, more: usize },
    /// Command Status.
    Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    SimplePairing,
    SecureConnections,
}

const ANY: usize = usize::MAX;
/// Command Complete with a status only, with a handle, or with an address.
const DONE: Answer = Answer::Complete { echo: 0, more: 0 };
const HANDLE: Answer = Answer::Complete { echo: 2, more: 0 };
const PEER: Answer = Answer::Complete { echo: 6, more: 0 };

type Outcome = Result<Vec<u8>, Status>;

/// Parameters of a command, whose length was checked.
struct Parameters<'a>(Reader<'a>);

impl Parameters<'_> {
    fn u8(&mut self) -> u8 {
        self.0.u8().unwrap_or(0)
    }

    fn u16(&mut self) -> u16 {
        self.0.u16().unwrap_or(0)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.0.array().unwrap_or([0; N])
    }

    /// Returns a number from this range.
    fn u16_in(&mut self, range: core::ops::RangeInclusive<u16>) -> Result<u16, Status> {
        let value = self.u16();
        if range.contains(&value) { Ok(value) } else { Err(Status::INVALID_PARAMETERS) }
    }

    fn u8_up_to(&mut self, most: u8) -> Result<u8, Status> {
        let value = self.u8();
        if value <= most { Ok(value) } else { Err(Status::INVALID_PARAMETERS) }
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    let tables =
        [settings::TABLE, information::TABLE, connect::TABLE, link::TABLE, security::TABLE];
    tables.into_iter().flatten()
}

fn entry(opcode: Opcode) -> Option<&'static Entry> {
    entries().find(|entry| entry.opcode == opcode.0)
}

/// Returns whether this is a command of BR/EDR that `controller` has; `None` if it is no command of BR/EDR.
pub(crate) fn claims(controller: &Controller, opcode: Opcode) -> Option<bool> {
    entry(opcode).map(|entry| has(controller, entry))
}

fn has(controller: &Controller, entry: &Entry) -> bool {
    controller.config.classic.as_ref().is_some_and(|config| match entry.needs {
        Needs::Nothing => true,
        Needs::SimplePairing => config.simple_pairing,
        Needs::SecureConnections => config.simple_pairing && config.secure_connections,
    })
}

/// Adds the commands of BR/EDR to the supported commands.
pub(crate) fn supported_bits(controller: &Controller, bits: &mut [u8; 64]) {
    for entry in entries().filter(|entry| has(controller, entry)) {
        let (octet, bit) = entry.place;
        if let Some(bits) = bits.get_mut(octet) {
            *bits |= 1_u8.wrapping_shl(bit.into());
        }
    }
}

impl Call<'_> {
    /// Executes a command of BR/EDR, or one of all links on a BR/EDR link.
    pub(crate) fn classic(&mut self) -> Option<Reply> {
        self.controller().config.classic.as_ref()?;
        let Some(entry) = entry(self.opcode) else { return self.shared() };
        let parameters = self.parameters;
        if entry.length != ANY && parameters.len() != entry.length {
            self.count_command_length();
            return Some(answer(entry, parameters, Err(Status::INVALID_PARAMETERS)));
        }
        let outcome = (entry.run)(self, &mut Parameters(Reader::new(parameters)));
        Some(answer(entry, parameters, outcome))
    }

    /// Returns the BR/EDR link with this handle, our end of it, and the medium.
    fn classic_link(
        &mut self,
        handle: u16,
    ) -> Result<(&mut ClassicLink, Party, &mut Medium), Status> {
        let unknown = Status::UNKNOWN_CONNECTION;
        let (id, party) = *self.controller().classic.links.get(&handle).ok_or(unknown)?;
        let link = self.air.classic.get_mut(&id).ok_or(unknown)?;
        Ok((link, party, &mut self.air.medium))
    }

    /// Returns the BR/EDR link to the device with this address, our end of it, and the medium.
    fn classic_peer(
        &mut self,
        peer: BdAddr,
    ) -> Result<(&mut ClassicLink, Party, &mut Medium), Status> {
        let id = self.id;
        let found = self.air.classic_link_to(id, peer);
        let unknown = Status::UNKNOWN_CONNECTION;
        let link = found.and_then(|link| self.air.classic.get_mut(&link)).ok_or(unknown)?;
        let party =
            if link.side(Party::Pager).controller == id { Party::Pager } else { Party::Paged };
        Ok((link, party, &mut self.air.medium))
    }

    /// Executes a command that LE links have too.
    fn shared(&mut self) -> Option<Reply> {
        let mut p = Parameters(Reader::new(self.parameters));
        let raw = p.u16();
        if !self.controller().classic.links.contains_key(&raw) {
            return None;
        }
        let handle = RawHandle::new(raw);
        match (self.opcode, self.parameters.len()) {
            (Opcode::DISCONNECT, 3) => Some(Reply::Status(self.disconnect_classic(raw, p.u8()))),
            (Opcode::READ_REMOTE_VERSION_INFORMATION, 2) => {
                let (link, party, m) = self.classic_link(raw).ok()?;
                link.ask(party, Question::Version, m);
                Some(Reply::Status(Status::SUCCESS))
            }
            (Opcode::READ_RSSI, 2) => {
                let mut octets = vec![Status::SUCCESS.0];
                octets.extend(handle.raw().to_le_bytes());
                octets.push(IN_GOLDEN_RANGE);
                Some(Reply::Complete(octets))
            }
            (Opcode::READ_TRANSMIT_POWER_LEVEL, 3) => {
                let known = p.u8() <= 1;
                let status = if known { Status::SUCCESS } else { Status::INVALID_PARAMETERS };
                let mut octets = vec![status.0];
                octets.extend(handle.raw().to_le_bytes());
                octets.push(0);
                Some(Reply::Complete(octets))
            }
            _ => None,
        }
    }

    fn disconnect_classic(&mut self, handle: u16, reason: u8) -> Status {
        if !matches!(reason, 0x05 | 0x13..=0x15 | 0x1a | 0x29 | 0x3b) {
            return Status::INVALID_PARAMETERS;
        }
        let ended = self
            .classic_link(handle)
            .and_then(|(link, party, m)| link.disconnect(party, Status(reason), m));
        ended.err().unwrap_or(Status::SUCCESS)
    }
}

fn answer(entry: &Entry, parameters: &[u8], outcome: Outcome) -> Reply {
    let status = outcome.as_ref().err().copied().unwrap_or(Status::SUCCESS);
    match entry.answer {
        Answer::Status => Reply::Status(status),
        Answer::Complete { echo, more } => {
            let mut octets = vec![status.0];
            octets.extend(parameters.iter().copied().chain([0; 6]).take(echo));
            octets.extend(outcome.unwrap_or_default());
            let whole = echo.saturating_add(more).saturating_add(1);
            if octets.len() < whole {
                octets.resize(whole, 0);
            }
            Reply::Complete(octets)
        }
    }
}

/// RSSI of a BR/EDR link whose signal is neither too weak nor too strong. [Vol 4] Part E, 7.5.4
const IN_GOLDEN_RANGE: u8 = 0;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bindrune_hci::cmd::SupportedCommands;

    use super::*;
    use crate::{Air, ClassicConfig, ControllerConfig};

    /// The host's table and this one were written separately.
    #[test]
    fn the_host_knows_the_same_bits() {
        let mut air = Air::new(0);
        let id = air.add(ControllerConfig::new().classic(ClassicConfig::new()));
        let mut bits = [0; 64];
        supported_bits(&air.medium.controllers[id], &mut bits);
        let commands = SupportedCommands::from_bits(&bits);
        for entry in entries() {
            let opcode = Opcode(entry.opcode);
            assert_eq!(SupportedCommands::place(opcode).is_some(), commands.supports(opcode));
        }
        let le_only = air.add(ControllerConfig::new());
        for opcode in entries().map(|entry| Opcode(entry.opcode)) {
            assert_eq!(claims(&air.medium.controllers[le_only], opcode), Some(false), "{opcode:?}");
        }
    }

    #[test]
    fn opcodes_and_bits_are_unique() {
        let opcodes: BTreeSet<_> = entries().map(|entry| entry.opcode).collect();
        let places: BTreeSet<_> = entries().map(|entry| entry.place).collect();
        assert_eq!(opcodes.len(), entries().count());
        assert_eq!(places.len(), entries().count());
    }
}
