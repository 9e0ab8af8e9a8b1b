//! Framing that is lost: what is looked for, and what comes before it discarded.

use super::{Deframer, Direction, Kind};
use crate::{Opcode, event::EventCode};

/// Octets that are looked for while sync is lost; `None` stands for any.
type Pattern = [Option<u8>];

/// Command Complete of HCI_Reset with status success.
const RESET_COMPLETE: &Pattern = {
    const ANY: Option<u8> = None;
    &[Some(0x04), Some(0x0e), Some(0x04), ANY, Some(0x03), Some(0x0c), Some(0x00)]
};
/// Command Complete of LE Encrypt.
const ENCRYPT_COMPLETE: &Pattern =
    &[Some(0x04), Some(0x0e), None, None, Some(0x17), Some(0x20), None];
/// Command Status of LE Encrypt.
const ENCRYPT_STATUS: &Pattern =
    &[Some(0x04), Some(0x0f), Some(0x04), None, None, Some(0x17), Some(0x20)];
/// HCI_Reset.
const RESET: &Pattern = &[Some(0x01), Some(0x03), Some(0x0c), Some(0x00)];
/// Octets of the longest pattern, which is longer than every header.
pub(super) const WINDOW: usize = 7;

/// Octets of parameters of [`Kind::Encrypted`]: credits, opcode, status and ciphertext.
const ENCRYPTED_LEN: u8 = 4 + 16;

impl Deframer {
    /// Gives up the packet at hand and looks for the end of HCI_Reset, as after lost framing.
    ///
    /// For an owner that itself noticed the loss: a packet that stops in the middle, an L2CAP length that cannot be.
    pub fn resync(&mut self) {
        self.body = 0;
        self.resync = true;
        self.scan();
    }

    /// As [`Self::resync`], but answers to LE Encrypt are looked for as well: what their ciphertext proves is the owner's to say.
    pub fn resync_for_answers(&mut self) {
        self.answers = true;
        self.resync();
    }

    /// True between the loss of sync and the reset that mends it.
    #[must_use]
    pub const fn is_resyncing(&self) -> bool {
        self.resync
    }

    /// What is looked for after sync was lost; all patterns of a direction have the same length.
    const fn sought(&self) -> &'static [&'static Pattern] {
        match (self.direction, self.answers) {
            (Direction::ToHost, true) => &[RESET_COMPLETE, ENCRYPT_COMPLETE, ENCRYPT_STATUS],
            (Direction::ToHost, false) => &[RESET_COMPLETE],
            (Direction::ToController, _) => &[RESET],
        }
    }

    /// Octets of what is looked for.
    pub(super) const fn sought_len(&self) -> usize {
        match self.direction {
            Direction::ToHost => RESET_COMPLETE.len(),
            Direction::ToController => RESET.len(),
        }
    }

    /// Discards octets until what is left may begin what is looked for; reports it when it is whole.
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
            seen.iter().zip(pattern).all(|(octet, sought)| sought.is_none_or(|s| s == *octet))
        };
        self.sought().iter().any(|pattern| fits(pattern))
    }

    pub(super) fn discard(&mut self, n: usize) {
        let n = n.min(self.have);
        self.window.copy_within(n.., 0);
        self.have = self.have.saturating_sub(n);
        self.discarded = self.discarded.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
    }
}
