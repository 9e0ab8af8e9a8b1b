//! Contents of one record.

use super::RECORD;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A central connects, if the host advertises; the peer, and how the controller reports it.
    Central(u8, u8),
    /// The peer that the host connects to answers, or the attempt fails.
    Peripheral(u8, u8),
    /// A link ends, because of its peer or its radio.
    Ends(u8, u8),
    /// An advertiser is received.
    Report(u8, u8),
    /// A peer sends an ATT PDU.
    Att(u8, Bytes),
    /// A peer answers the host's ATT request, or fails to.
    AttAnswer(u8, Bytes),
    /// A peer sends a signalling PDU.
    Signal(u8, Bytes),
    /// A peer sends a frame on an open channel.
    Frame(u8, Bytes),
    /// A peer grants credits on an open channel.
    Credits(u8, u8),
    /// A peer pairs, or requests a pairing.
    Pair(u8),
    /// A peer encrypts with its key.
    Encrypt(u8),
    /// A peer changes its automatic answers.
    Manners(u8, u8),
    /// An SMP PDU.
    Smp(u8, Bytes),
    /// An event of any kind.
    Event(u8, Bytes),
    /// An ACL packet with any handle, flags and payload.
    Acl(u8, u8, Bytes),
    /// Bytes that are no packet.
    Garbage(Bytes),
    /// A fault occurs.
    Fault(u8, Bytes),
    /// All faults of the controller and the line are removed.
    Heal,
    /// Packets that were held back arrive.
    Release(u8),
    /// A call of the application.
    Call(u8, Bytes),
    /// A call of the application on a link.
    LinkCall(u8, u8, Bytes),
    /// A call of the application on a channel.
    ChannelCall(u8, u8, Bytes),
    /// An answer of the application to a request that it holds.
    Answer(u8, u8),
    /// A future is dropped.
    Drop(u8),
    /// A handle is dropped.
    DropHandle(u8),
    /// Time passes.
    Time(u8, u8),
    /// A step of BR/EDR.
    Classic(super::classic::Step),
    /// Several tasks get one turn each, so that others see an intermediate state.
    Turns(u8),
}

/// The rest of a record.
pub type Bytes = [u8; RECORD - 3];

/// The kinds of steps, and their frequencies.
const WEIGHTS: [u16; 27] =
    [12, 10, 3, 4, 22, 14, 12, 14, 6, 8, 4, 4, 6, 5, 8, 1, 4, 6, 4, 26, 34, 20, 12, 9, 6, 22, 4];

impl Step {
    /// Reads a record; missing bytes are zero.
    #[must_use]
    pub fn new(record: &[u8]) -> Self {
        Self::of_life(record, false)
    }

    /// Reads a record of a life; with BR/EDR most steps are of it.
    #[must_use]
    pub fn of_life(record: &[u8], classic: bool) -> Self {
        let last = record.get(RECORD - 1).copied().unwrap_or(0);
        let mut all = [0; RECORD];
        all.iter_mut().zip(record).for_each(|(to, from)| *to = *from);
        let [what, fine, a, rest @ ..] = all;
        let choice = u32::from(what) << 8 | u32::from(fine);
        if classic && last & 7 > 1 {
            Self::Classic(super::classic::Step::new(choice, a, rest))
        } else {
            Self::of(kind(choice, &WEIGHTS), a, rest)
        }
    }

    /// Returns the number of the link.
    pub(crate) const fn link(&self) -> u8 {
        match *self {
            Self::Ends(link, _)
            | Self::Att(link, _)
            | Self::AttAnswer(link, _)
            | Self::Signal(link, _)
            | Self::Frame(link, _)
            | Self::Credits(link, _)
            | Self::Pair(link)
            | Self::Encrypt(link)
            | Self::Manners(link, _)
            | Self::Smp(link, _) => link,
            Self::Central(..)
            | Self::Peripheral(..)
            | Self::Report(..)
            | Self::Event(..)
            | Self::Acl(..)
            | Self::Garbage(_)
            | Self::Fault(..)
            | Self::Heal
            | Self::Release(_)
            | Self::Call(..)
            | Self::LinkCall(..)
            | Self::ChannelCall(..)
            | Self::Answer(..)
            | Self::Drop(_)
            | Self::DropHandle(_)
            | Self::Time(..)
            | Self::Classic(_)
            | Self::Turns(_) => 0,
        }
    }

    fn of(kind: usize, a: u8, bytes: Bytes) -> Self {
        let b = bytes[0];
        match kind {
            0 => Self::Central(a, b),
            1 => Self::Peripheral(a, b),
            2 => Self::Ends(a, b),
            3 => Self::Report(a, b),
            4 => Self::Att(a, bytes),
            5 => Self::AttAnswer(a, bytes),
            6 => Self::Signal(a, bytes),
            7 => Self::Frame(a, bytes),
            8 => Self::Credits(a, b),
            9 => Self::Pair(a),
            10 => Self::Encrypt(a),
            11 => Self::Manners(a, b),
            12 => Self::Smp(a, bytes),
            13 => Self::Event(a, bytes),
            14 => Self::Acl(a, b, bytes),
            15 => Self::Garbage(bytes),
            16 => Self::Fault(a, bytes),
            17 => Self::Heal,
            18 => Self::Release(a),
            19 => Self::Call(a, bytes),
            20 => Self::LinkCall(a, b, bytes),
            21 => Self::ChannelCall(a, b, bytes),
            22 => Self::Answer(a, b),
            23 => Self::Drop(a),
            24 => Self::DropHandle(a),
            25 => Self::Time(a, b),
            _ => Self::Turns(a),
        }
    }
}

/// Returns the kind of step that 16 bits choose. The high bits select it, so that a small change of the record mostly
/// keeps it.
pub(super) fn kind(choice: u32, weights: &[u16]) -> usize {
    let sum: u32 = weights.iter().copied().map(u32::from).sum();
    let mut place = (choice * sum) >> 16;
    for (kind, &weight) in weights.iter().enumerate() {
        match place.checked_sub(weight.into()) {
            None => return kind,
            Some(rest) => place = rest,
        }
    }
    weights.len()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, mem::discriminant};

    use super::*;

    #[test]
    fn every_kind_of_step_has_a_record() {
        let steps = (0..=u16::MAX).map(|n| Step::new(&n.to_be_bytes()));
        let kinds: BTreeSet<_> = steps.map(|step| format!("{:?}", discriminant(&step))).collect();
        assert_eq!(kinds.len(), WEIGHTS.len());
    }
}
