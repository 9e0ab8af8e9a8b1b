//! Search for valid framing after it was lost; all octets before it are discarded.

use bindrune_wire::move_down;

use super::{Deframer, Direction, Kind};
use crate::{Opcode, event::EventCode};

/// A sought pattern of octets; [`ANY`] matches any octet.
type Pattern = [u8];
/// No pattern has this octet itself.
const ANY: u8 = 0xff;

/// Command Complete of HCI_Reset with status success.
const RESET_COMPLETE: &Pattern = &[0x04, 0x0e, 0x04, ANY, 0x03, 0x0c, 0x00];
/// Command Complete of LE Encrypt.
const ENCRYPT_COMPLETE: &Pattern = &[0x04, 0x0e, ANY, ANY, 0x17, 0x20, ANY];
/// Command Status of LE Encrypt.
const ENCRYPT_STATUS: &Pattern = &[0x04, 0x0f, 0x04, ANY, ANY, 0x17, 0x20];
/// HCI_Reset.
const RESET: &Pattern = &[0x01, 0x03, 0x0c, 0x00];
/// Length of the longest pattern in octets; every header is shorter.
pub(super) const WINDOW: usize = 7;

/// Length of the parameters of [`Kind::Encrypted`] in octets: credits, opcode, status and ciphertext.
const ENCRYPTED_LEN: u8 = 4 + 16;

impl Deframer {
    /// Drops the current packet and searches for the answer to HCI_Reset, as after lost framing.
    ///
    /// For an owner that noticed the loss itself: a packet stops in the middle, or an L2CAP length is impossible.
    pub fn resync(&mut self) {
        self.body = 0;
        self.resync = true;
        self.scan();
    }

    /// Like [`Self::resync`], and also searches for answers to LE Encrypt; the owner checks their ciphertext.
    pub fn resync_for_answers(&mut self) {
        self.answers = true;
        self.resync();
    }

    /// Returns whether sync is lost, and the reset has not restored it yet.
    #[must_use]
    pub const fn is_resyncing(&self) -> bool {
        self.resync
    }

    /// Returns the patterns that are sought after sync was lost; all patterns of a direction have the same length.
    const fn sought(&self) -> &'static [&'static Pattern] {
        match (self.direction, self.answers) {
            (Direction::ToHost, true) => &[RESET_COMPLETE, ENCRYPT_COMPLETE, ENCRYPT_STATUS],
            (Direction::ToHost, false) => &[RESET_COMPLETE],
            (Direction::ToController, _) => &[RESET],
        }
    }

    /// Returns the length of the sought patterns in octets.
    pub(super) const fn sought_len(&self) -> usize {
        match self.direction {
            Direction::ToHost => RESET_COMPLETE.len(),
            Direction::ToController => RESET.len(),
        }
    }

    /// Discards octets until the rest may begin a sought pattern; reports the pattern once it is complete.
    pub(super) fn scan(&mut self) -> Option<Kind> {
        while !self.may_be_sought() {
            self.discard(1);
        }
        if self.have < self.sought_len() {
            return None;
        }
        self.have = 0;
        (self.resync, self.answers) = (false, false);
        let [_, code, len, num_packets, low, high, status] = self.window;
        let opcode = Opcode(u16::from_le_bytes([low, high]));
        let kind = match (self.direction, EventCode(code), opcode) {
            (Direction::ToController, ..) => Kind::Command { opcode: Opcode::RESET, len: 0 },
            (Direction::ToHost, EventCode::COMMAND_COMPLETE, Opcode::RESET) => {
                Kind::ResetComplete { num_packets }
            }
            (Direction::ToHost, EventCode::COMMAND_COMPLETE, _)
                if status == 0 && len == ENCRYPTED_LEN =>
            {
                Kind::Encrypted { num_packets }
            }
            (Direction::ToHost, ..) => Kind::EncryptRefused,
        };
        self.body = kind.len();
        Some(kind)
    }

    fn may_be_sought(&self) -> bool {
        let seen = self.window.get(..self.have).unwrap_or_default();
        let fits = |pattern: &Pattern| {
            seen.iter().zip(pattern).all(|(octet, sought)| *sought == ANY || sought == octet)
        };
        self.sought().iter().any(|pattern| fits(pattern))
    }

    pub(super) fn discard(&mut self, n: usize) {
        let n = n.min(self.have);
        move_down(&mut self.window, n..WINDOW, 0);
        self.have = self.have.saturating_sub(n);
        self.discarded = self.discarded.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
    }
}
