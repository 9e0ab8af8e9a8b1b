/// Octets of the enhanced control field. [Vol 3] Part A, 3.3.2
pub const CONTROL: usize = 2;

/// Octets of the SDU length in a start frame. [Vol 3] Part A, 3.3.3
pub(super) const SDU_LENGTH: usize = 2;

/// Sequence number, modulo 64. [Vol 3] Part A, 8.1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seq(u8);

impl Seq {
    pub(super) const ZERO: Self = Self(0);
    const MASK: u8 = 63;

    pub(super) const fn new(number: u8) -> Self {
        Self(number & Self::MASK)
    }

    /// Returns the number: 0 to 63.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    pub(super) const fn next(self) -> Self {
        Self::new(self.0.wrapping_add(1))
    }

    /// Returns how many numbers this one is behind `earlier`: 0 to 63.
    pub(super) const fn since(self, earlier: Self) -> u8 {
        self.0.wrapping_sub(earlier.0) & Self::MASK
    }

    pub(super) const fn bit(self) -> u64 {
        1u64.rotate_left(self.0 as u32)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    const fn field(self, shift: u32) -> u16 {
        (self.0 as u16).rotate_left(shift)
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked to 6 bits")]
    const fn of_field(field: u16, shift: u32) -> Self {
        Self::new(field.rotate_right(shift) as u8)
    }
}

/// Place of a segment in its SDU. [Vol 3] Part A, 3.3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sar {
    /// The whole SDU.
    Unsegmented,
    /// The first segment, with the SDU length.
    Start,
    /// The last segment.
    End,
    /// A segment between them.
    Continuation,
}

/// Function of an S-frame. [Vol 3] Part A, 3.3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The receiver takes frames.
    ReceiverReady,
    /// The receiver requests all frames from a number on.
    Reject,
    /// The receiver takes no frames for now.
    ReceiverNotReady,
    /// The receiver requests one frame.
    SelectiveReject,
}

/// Enhanced control field. [Vol 3] Part A, 3.3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// An I-frame, which has a segment.
    Information {
        /// Its number.
        tx: Seq,
        /// Number of the next frame that the sender expects.
        req: Seq,
        /// Whether it answers a poll.
        is_final: bool,
        /// Place of the segment.
        sar: Sar,
    },
    /// An S-frame, which has none.
    Supervisory {
        /// What it says.
        function: Function,
        /// Number of the next frame that the sender expects.
        req: Seq,
        /// Whether it answers a poll.
        is_final: bool,
        /// Whether it requests an answer.
        poll: bool,
    },
}

const SUPERVISORY: u16 = 0x0001;
const POLL: u16 = 0x0010;
const FINAL: u16 = 0x0080;

impl Control {
    /// Parses the field.
    #[must_use]
    pub const fn parse(octets: [u8; CONTROL]) -> Self {
        let field = u16::from_le_bytes(octets);
        let req = Seq::of_field(field, 8);
        let is_final = field & FINAL != 0;
        if field & SUPERVISORY == 0 {
            let sar = match field & 0xc000 {
                0x0000 => Sar::Unsegmented,
                0x4000 => Sar::Start,
                0x8000 => Sar::End,
                _ => Sar::Continuation,
            };
            return Self::Information { tx: Seq::of_field(field, 1), req, is_final, sar };
        }
        let function = match field & 0x000c {
            0x0000 => Function::ReceiverReady,
            0x0004 => Function::Reject,
            0x0008 => Function::ReceiverNotReady,
            _ => Function::SelectiveReject,
        };
        Self::Supervisory { function, req, is_final, poll: field & POLL != 0 }
    }

    pub(super) const fn octets(self) -> [u8; CONTROL] {
        let (req, is_final, rest) = match self {
            Self::Information { tx, req, is_final, sar } => {
                let sar = match sar {
                    Sar::Unsegmented => 0x0000,
                    Sar::Start => 0x4000,
                    Sar::End => 0x8000,
                    Sar::Continuation => 0xc000,
                };
                (req, is_final, sar | tx.field(1))
            }
            Self::Supervisory { function, req, is_final, poll } => {
                let function = match function {
                    Function::ReceiverReady => 0x0000,
                    Function::Reject => 0x0004,
                    Function::ReceiverNotReady => 0x0008,
                    Function::SelectiveReject => 0x000c,
                };
                (req, is_final, function | SUPERVISORY | if poll { POLL } else { 0 })
            }
        };
        (rest | req.field(8) | if is_final { FINAL } else { 0 }).to_le_bytes()
    }
}
