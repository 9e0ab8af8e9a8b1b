//! Contents of one record of a life with BR/EDR.

use super::super::step::{Bytes, kind};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A peer connects, if this device is connectable; the peer, and how it goes.
    Connects(u8, u8),
    /// The device that the host pages answers, or the attempt fails.
    Answers(u8),
    /// A link ends.
    Ends(u8, u8),
    /// A device is found, or its name is read.
    Found(u8, u8),
    /// A peer opens a channel.
    Opens(u8, u8),
    /// A peer sends on a channel.
    Sends(u8, u8, u8),
    /// A peer closes a channel.
    Closes(u8, u8),
    /// A peer sends a frame of any kind: signalling, data, SDP, RFCOMM.
    Frame(u8, u8, Bytes),
    /// A peer uses RFCOMM.
    Serial(u8, u8, u8),
    /// A peer pairs, encrypts, turns encryption off, or forgets its key.
    Secures(u8, u8),
    /// A peer changes its conduct.
    Conduct(u8, u8),
    /// A peer changes the role or the mode, or sends an echo; or a procedure of the host about that ends.
    Modes(u8, u8),
    /// The controller drops data, or completes some packets.
    Data(u8, u8),
    /// An event of any kind.
    Lie(u8, Bytes),
    /// A command of BR/EDR fails, or has no answer.
    Fault(u8, u8),
    /// A call of the application on the host.
    Call(u8, Bytes),
    /// A call of the application on a link, a channel, a connection.
    HandleCall(u8, u8, u8),
    /// A handle is dropped.
    Drop(u8, u8),
}

/// The kinds of steps, and their frequencies.
const WEIGHTS: [u16; 18] = [12, 12, 3, 3, 16, 24, 4, 12, 16, 14, 3, 4, 6, 2, 24, 34, 6, 8];

impl Step {
    /// Reads the choice and the arguments of a record.
    pub(crate) fn new(choice: u32, a: u8, bytes: Bytes) -> Self {
        let [b, c, ..] = bytes;
        match kind(choice, &WEIGHTS) {
            0 => Self::Connects(a, b),
            1 => Self::Answers(a),
            2 => Self::Ends(a, b),
            3 => Self::Found(a, b),
            4 => Self::Opens(a, b),
            5 => Self::Sends(a, b, c),
            6 => Self::Closes(a, b),
            7 => Self::Frame(a, b, bytes),
            8 => Self::Serial(a, b, c),
            9 => Self::Secures(a, b),
            10 => Self::Conduct(a, b),
            11 => Self::Data(a, b),
            12 => Self::Lie(a, bytes),
            13 => Self::Fault(a, b),
            14 => Self::Call(a, bytes),
            15 => Self::HandleCall(a, b, c),
            16 => Self::Drop(a, b),
            _ => Self::Modes(a, b),
        }
    }
}
