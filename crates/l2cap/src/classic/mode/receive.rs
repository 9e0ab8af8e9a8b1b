use bindrune_wire::time::Instant;

use super::Transfer;
use super::agreed::{Kind, Outcome, Violation};
use super::control::{CONTROL, Control, SDU_LENGTH, Sar};
use super::fcs::{FCS, Fcs};

/// The PDU that is being received.
#[derive(Debug)]
pub(super) struct Incoming {
    is_begun: bool,
    len: usize,
    seen: usize,
    head: [u8; CONTROL + SDU_LENGTH],
    tail: [u8; FCS],
    fcs: Fcs,
    verdict: Verdict,
}

/// What happens to the data of a PDU if its check sequence is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The header has not arrived.
    Pending,
    /// It is written behind the first `before` octets of an SDU, or to a new SDU.
    Store { before: Option<usize> },
    /// It has none, or the number of the frame is not the expected one.
    Skip,
    /// There is no room for the SDU.
    NoRoom,
    /// The frame is not valid.
    Invalid,
    /// The frame breaks a rule.
    Bad(Violation),
}

impl Incoming {
    pub(super) const NONE: Self = Self {
        is_begun: false,
        len: 0,
        seen: 0,
        head: [0; CONTROL + SDU_LENGTH],
        tail: [0; FCS],
        fcs: Fcs::ZERO,
        verdict: Verdict::Pending,
    };

    fn control(&self) -> Control {
        let [low, high, ..] = self.head;
        Control::parse([low, high])
    }

    const fn sdu_length(&self) -> u16 {
        let [_, _, low, high] = self.head;
        u16::from_le_bytes([low, high])
    }

    /// Returns the octets in front of the data, as far as known.
    fn head_len(&self, kind: Kind) -> usize {
        let is_start = matches!(self.control(), Control::Information { sar: Sar::Start, .. });
        match kind {
            Kind::Basic => 0,
            Kind::Enhanced | Kind::Streaming if self.seen >= CONTROL && is_start => {
                CONTROL.saturating_add(SDU_LENGTH)
            }
            Kind::Enhanced | Kind::Streaming => CONTROL,
        }
    }
}

impl Transfer<'_> {
    /// Begins a received PDU whose payload has `len` octets. A PDU that was begun before is discarded.
    pub fn begin(&mut self, len: u16) {
        self.abandon();
        if !self.is_open {
            return;
        }
        self.incoming = Incoming {
            is_begun: true,
            len: len.into(),
            fcs: Fcs::new(len, self.local),
            ..Incoming::NONE
        };
        self.incoming.verdict = match self.agreed.kind {
            Kind::Basic if len > self.agreed.rx_mtu => Verdict::Bad(Violation::SduTooLong),
            Kind::Basic => self.reserve(len.into()),
            Kind::Enhanced | Kind::Streaming
                if usize::from(len) < CONTROL.saturating_add(self.tail_len()) =>
            {
                Verdict::Invalid
            }
            Kind::Enhanced | Kind::Streaming => Verdict::Pending,
        };
    }

    /// Takes the next octets of the payload.
    pub fn push(&mut self, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() && self.incoming.is_begun {
            let tail_at = self.incoming.len.saturating_sub(self.tail_len());
            let head_len = self.incoming.head_len(self.agreed.kind);
            let seen = self.incoming.seen;
            let is_invalid = self.incoming.verdict == Verdict::Invalid;
            let end = match seen {
                _ if is_invalid => usize::MAX,
                seen if seen < head_len => head_len,
                seen if seen < tail_at => tail_at,
                _ => usize::MAX,
            };
            let (part, left) = rest.split_at(rest.len().min(end.saturating_sub(seen)));
            rest = left;
            self.incoming.seen = seen.saturating_add(part.len());
            if is_invalid {
                continue;
            }
            if seen >= tail_at {
                put(&mut self.incoming.tail, seen.saturating_sub(tail_at), part);
            } else {
                self.take_checked(part, seen, head_len);
            }
        }
    }

    /// Takes octets of the header or of the data.
    fn take_checked(&mut self, part: &[u8], seen: usize, head_len: usize) {
        if self.tail_len() > 0 {
            self.incoming.fcs.add(part);
        }
        if seen < head_len {
            put(&mut self.incoming.head, seen, part);
            let head_len = self.incoming.head_len(self.agreed.kind);
            if head_len.saturating_add(self.tail_len()) > self.incoming.len {
                self.incoming.verdict = Verdict::Invalid;
            } else if self.incoming.seen >= head_len {
                self.incoming.verdict = self.judge(head_len);
            }
        } else if matches!(self.incoming.verdict, Verdict::Store { .. }) {
            let _has_room = self.rx.push(part);
        }
    }

    /// Ends the received PDU, and acts on it.
    pub fn end(&mut self, now: Instant) -> Outcome {
        let incoming = core::mem::replace(&mut self.incoming, Incoming::NONE);
        if !incoming.is_begun {
            return Outcome::Discarded;
        }
        if incoming.seen != incoming.len || incoming.verdict == Verdict::Invalid {
            self.undo(incoming.verdict);
            self.drops.invalid.count();
            return Outcome::Discarded;
        }
        if self.tail_len() > 0 && incoming.fcs.octets() != incoming.tail {
            self.undo(incoming.verdict);
            self.drops.bad_fcs.count();
            return Outcome::Discarded;
        }
        if let Verdict::Bad(Violation::SduTooLong | Violation::FrameTooLong) = incoming.verdict {
            self.drops.too_long.count();
        }
        let control = incoming.control();
        let sdu = incoming.sdu_length();
        match self.agreed.kind {
            Kind::Basic => self.end_basic(incoming.verdict),
            Kind::Streaming => self.end_streaming(control, incoming.verdict, sdu),
            Kind::Enhanced => self.end_enhanced(control, incoming.verdict, sdu, now),
        }
    }

    /// Discards a PDU that was begun, because the rest of it will not arrive.
    pub fn abandon(&mut self) {
        let incoming = core::mem::replace(&mut self.incoming, Incoming::NONE);
        if incoming.is_begun {
            self.undo(incoming.verdict);
            self.drops.invalid.count();
        }
    }

    fn end_basic(&mut self, verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Store { .. } => {
                self.rx.commit();
                Outcome::Changed { readable: true, acknowledged: false }
            }
            Verdict::Bad(violation) => Outcome::Violation(violation),
            Verdict::Pending | Verdict::Skip | Verdict::NoRoom | Verdict::Invalid => {
                self.drops.no_room.count();
                Outcome::Discarded
            }
        }
    }

    /// Decides about a frame whose header has arrived.
    fn judge(&mut self, head_len: usize) -> Verdict {
        let data = self.incoming.len.saturating_sub(head_len).saturating_sub(self.tail_len());
        let Control::Information { tx, sar, .. } = self.incoming.control() else {
            let is_valid = data == 0 && self.agreed.kind == Kind::Enhanced;
            return if is_valid { Verdict::Skip } else { Verdict::Invalid };
        };
        if data > self.agreed.rx_mps.into() {
            return Verdict::Bad(Violation::FrameTooLong);
        }
        if tx != self.state.expected {
            if self.agreed.kind == Kind::Enhanced || self.is_repeated(tx) {
                return Verdict::Skip;
            }
            self.drop_partial();
        }
        if self.agreed.kind == Kind::Streaming && matches!(sar, Sar::Unsegmented | Sar::Start) {
            self.drop_partial();
        }
        self.judge_segment(sar, data)
    }

    /// Decides about the next segment in sequence. [Vol 3] Part A, 3.3.7
    fn judge_segment(&mut self, sar: Sar, data: usize) -> Verdict {
        let sdu = if sar == Sar::Unsegmented { data } else { self.incoming.sdu_length().into() };
        let before = self.rx.written().unwrap_or_default();
        let sum = before.saturating_add(data);
        match (self.partial.map(usize::from), sar) {
            (None, Sar::Unsegmented | Sar::Start) if sdu > self.agreed.rx_mtu.into() => {
                Verdict::Bad(Violation::SduTooLong)
            }
            (None, Sar::Start) if data >= sdu => Verdict::Bad(Violation::SduLength),
            (None, Sar::Unsegmented | Sar::Start) => self.reserve(sdu),
            (Some(whole), Sar::Continuation) if sum < whole => {
                Verdict::Store { before: Some(before) }
            }
            (Some(whole), Sar::End) if sum == whole => Verdict::Store { before: Some(before) },
            (Some(_), Sar::Continuation | Sar::End) => Verdict::Bad(Violation::SduLength),
            (None, Sar::Continuation | Sar::End) | (Some(_), Sar::Unsegmented | Sar::Start) => {
                Verdict::Bad(Violation::Segmentation)
            }
        }
    }

    fn reserve(&mut self, sdu: usize) -> Verdict {
        if self.rx.begin(sdu) { Verdict::Store { before: None } } else { Verdict::NoRoom }
    }

    /// Takes the segment that was stored into its SDU. Returns whether the SDU is complete.
    pub(super) fn keep(&mut self, sar: Sar, sdu: u16) -> bool {
        match sar {
            Sar::Start => self.partial = Some(sdu),
            Sar::Continuation => {}
            Sar::Unsegmented | Sar::End => {
                self.partial = None;
                self.rx.commit();
                return true;
            }
        }
        false
    }

    /// Removes the data of a PDU from its SDU.
    pub(super) fn undo(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Store { before: Some(before) } => self.rx.rewind(before),
            Verdict::Store { before: None } => self.rx.abort(),
            Verdict::Pending
            | Verdict::Skip
            | Verdict::NoRoom
            | Verdict::Invalid
            | Verdict::Bad(_) => {}
        }
    }

    pub(super) fn tail_len(&self) -> usize {
        if self.agreed.kind != Kind::Basic && self.agreed.fcs { FCS } else { 0 }
    }
}

/// Copies `part` into `field` from `at` on, as far as it fits.
fn put(field: &mut [u8], at: usize, part: &[u8]) {
    for (place, octet) in field.iter_mut().skip(at).zip(part) {
        *place = *octet;
    }
}
