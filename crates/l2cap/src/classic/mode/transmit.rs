use bindrune_wire::{Interest, Mark, time::Instant};

use super::Transfer;
use super::agreed::Kind;
use super::control::{CONTROL, Control, Function, SDU_LENGTH, Sar, Seq};
use super::fcs::{FCS, Fcs};
use super::segment::Segment;

/// The PDU that is being sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    head: [u8; CONTROL + SDU_LENGTH],
    head_len: usize,
    data: Option<Segment>,
    tail_len: usize,
    /// Octets that the caller has read.
    read: usize,
    fcs: Fcs,
    poll: bool,
}

impl Out {
    /// Returns the SDU whose data is being sent.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.data.map(|segment| segment.place.mark)
    }

    fn len(&self) -> usize {
        let data = self.data.map_or(0, |segment| segment.len);
        self.head_len.saturating_add(data).saturating_add(self.tail_len)
    }
}

impl Transfer<'_> {
    /// Returns whether a PDU is due, and how urgent it is.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let is_supervisory = self.is_open && self.state.due.any();
        if is_supervisory {
            Interest::Urgent
        } else if self.out.is_some() || (self.is_open && self.has_data()) {
            Interest::Data
        } else {
            Interest::None
        }
    }

    /// Picks the PDU that is due, and returns the length of its payload in octets. While a PDU is being sent, returns
    /// that one.
    ///
    /// Read the payload with [`Self::read`], then call [`Self::sent`].
    pub fn next_pdu(&mut self) -> Option<u16> {
        if self.out.is_none() && self.is_open {
            self.out = match self.agreed.kind {
                Kind::Basic => self.pick_basic(),
                Kind::Streaming => self.pick_new(),
                Kind::Enhanced => self.pick_enhanced(),
            };
        }
        self.out.as_ref().map(|out| u16::try_from(out.len()).unwrap_or(u16::MAX))
    }

    /// Returns the octets of the current PDU that were not read.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.out.as_ref().map_or(0, |out| out.len().saturating_sub(out.read))
    }

    /// Copies the next octets of the current PDU to the start of `buffer`, and returns their number.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let Some(mut out) = self.out else { return 0 };
        let start = out.read;
        let mut written = 0usize;
        while let Some(room) = buffer.get_mut(written..).filter(|room| !room.is_empty()) {
            let count = self.read_part(&mut out, room);
            if count == 0 {
                break;
            }
            out.read = out.read.saturating_add(count);
            written = out.read.saturating_sub(start);
        }
        self.out = Some(out);
        written
    }

    /// Copies octets of one part: the header, the data or the check sequence.
    fn read_part(&self, out: &mut Out, room: &mut [u8]) -> usize {
        let head = out.head.get(..out.head_len).unwrap_or_default();
        let data_len = out.data.map_or(0, |segment| segment.len);
        let tail_at = out.head_len.saturating_add(data_len);
        if let Some(tail) = out.read.checked_sub(tail_at) {
            let octets = out.fcs.octets();
            let octets = octets.get(..out.tail_len).unwrap_or_default();
            return copy(octets.get(tail..).unwrap_or_default(), room);
        }
        let count = match (out.read.checked_sub(out.head_len), out.data) {
            (Some(at), Some(Segment { place, len, .. })) => {
                let count = room.len().min(len.saturating_sub(at));
                let offset = place.offset.saturating_add(at);
                self.tx.read_at(place.mark, offset, room.get_mut(..count).unwrap_or_default())
            }
            _ => copy(head.get(out.read..).unwrap_or_default(), room),
        };
        if out.tail_len > 0 {
            out.fcs.add(room.get(..count).unwrap_or_default());
        }
        count
    }

    /// Ends the current PDU, whose payload the controller has. Returns whether memory to send became free.
    pub fn sent(&mut self, now: Instant) -> bool {
        let Some(out) = self.out.take() else { return false };
        if !self.is_open {
            self.tx.clear();
            return true;
        }
        match (self.agreed.kind, out.data) {
            (Kind::Enhanced, Some(_)) if !self.state.waiting => {
                self.start_retransmission_timer(now)
            }
            (Kind::Enhanced, None) if out.poll && self.state.waiting => {
                self.state.deadline = Some(now + self.agreed.monitor_timeout);
            }
            (Kind::Basic | Kind::Streaming, Some(segment)) if segment.is_last() => {
                return self.tx.pop();
            }
            _ => {}
        }
        let before = self.tx.len();
        if self.agreed.kind == Kind::Enhanced {
            self.free_acknowledged();
        }
        self.tx.len() < before
    }

    /// Counts a PDU that the controller flushed. In Enhanced Retransmission mode it is not lost: it is sent again.
    pub fn count_flushed(&mut self) {
        if !matches!(self.agreed.kind, Kind::Enhanced) {
            self.drops.flushed.count();
        }
    }

    fn pick_basic(&mut self) -> Option<Out> {
        let segment = Segment::at(&self.tx, self.send_at, u16::MAX)?;
        self.send_at = segment.next(&self.tx);
        Some(self.out([0; CONTROL], 0, Some(segment), false))
    }

    /// Picks the response to a poll first, then other S-frames, then I-frames, then a plain acknowledgement.
    fn pick_enhanced(&mut self) -> Option<Out> {
        let due = &self.state.due;
        let (answer, poll, reject) = (due.answer, due.poll, due.reject);
        let busy = self.state.is_busy();
        if due.rnr || (answer && busy) {
            return Some(self.supervise(Function::ReceiverNotReady, false));
        }
        if reject && !answer {
            self.state.due.reject = false;
            return Some(self.supervise(Function::Reject, false));
        }
        if poll && !answer {
            self.state.due.poll = false;
            self.state.poll_again = false;
            return Some(self.ready(true));
        }
        if answer && self.state.rejected {
            return Some(self.ready(false));
        }
        if let Some(out) = self.pick_again() {
            return Some(out);
        }
        if self.has_new()
            && let Some(out) = self.pick_new()
        {
            return Some(out);
        }
        (answer || self.state.due.ack).then(|| self.ready(false))
    }

    /// Returns whether an I-frame or B-frame is due.
    fn has_data(&self) -> bool {
        match self.agreed.kind {
            Kind::Basic | Kind::Streaming => self.tx.len_at(self.send_at.mark).is_some(),
            Kind::Enhanced => self.has_new() || (self.state.again != 0 && !self.state.remote_busy),
        }
    }

    fn has_new(&self) -> bool {
        !self.state.waiting
            && !self.state.remote_busy
            && self.state.unacked() < self.agreed.tx_window
            && self.tx.len_at(self.send_at.mark).is_some()
    }

    fn pick_new(&mut self) -> Option<Out> {
        let segment = Segment::at(&self.tx, self.send_at, self.agreed.tx_mps)?;
        let seq = self.state.next_tx;
        self.send_at = segment.next(&self.tx);
        self.state.next_tx = seq.next();
        if let Some(tries) = self.state.tries.get_mut(seq.index()) {
            *tries = 1;
        }
        Some(self.inform(seq, segment))
    }

    /// Picks the first frame that must be sent again.
    fn pick_again(&mut self) -> Option<Out> {
        if self.state.again == 0 || self.state.remote_busy {
            return None;
        }
        let (mut seq, mut at) = (self.state.acked, self.state.acked_at);
        while seq != self.state.next_tx {
            let segment = Segment::at(&self.tx, at, self.agreed.tx_mps)?;
            if self.state.again & seq.bit() != 0 {
                self.state.again &= !seq.bit();
                self.drops.retransmitted.count();
                if let Some(tries) = self.state.tries.get_mut(seq.index()) {
                    *tries = tries.saturating_add(1);
                }
                return Some(self.inform(seq, segment));
            }
            at = segment.next(&self.tx);
            seq = seq.next();
        }
        None
    }

    fn inform(&mut self, tx: Seq, segment: Segment) -> Out {
        let (req, is_final) = self.report();
        let control = Control::Information { tx, req, is_final, sar: segment.sar };
        let length = if segment.sar == Sar::Start { SDU_LENGTH } else { 0 };
        self.out(control.octets(), CONTROL.saturating_add(length), Some(segment), false)
    }

    /// Picks RR, or RNR if there is no room for the next SDU.
    fn ready(&mut self, poll: bool) -> Out {
        let is_ready = !self.state.is_busy() && self.has_room();
        let function = if is_ready { Function::ReceiverReady } else { Function::ReceiverNotReady };
        self.supervise(function, poll)
    }

    fn supervise(&mut self, function: Function, poll: bool) -> Out {
        if function == Function::ReceiverNotReady {
            self.state.due.rnr = false;
            self.state.rnr_sent = true;
        }
        let (req, is_final) = if poll { (self.acknowledge_peer(), false) } else { self.report() };
        let control = Control::Supervisory { function, req, is_final, poll };
        self.out(control.octets(), CONTROL, None, poll)
    }

    /// Returns the acknowledgement for the next frame, and whether it answers a poll.
    fn report(&mut self) -> (Seq, bool) {
        let is_final = core::mem::take(&mut self.state.due.answer);
        (self.acknowledge_peer(), is_final)
    }

    fn acknowledge_peer(&mut self) -> Seq {
        self.state.due.ack = false;
        self.state.ack_deadline = None;
        self.state.reported = self.state.expected;
        self.state.expected
    }

    fn out(
        &self,
        control: [u8; CONTROL],
        head_len: usize,
        data: Option<Segment>,
        poll: bool,
    ) -> Out {
        let [a, b] = control;
        let sdu = data.map_or(0, |segment| segment.sdu);
        let [c, d] = u16::try_from(sdu).unwrap_or(u16::MAX).to_le_bytes();
        let mut out = Out {
            head: [a, b, c, d],
            head_len,
            data,
            tail_len: self.tail_len().min(FCS),
            read: 0,
            fcs: Fcs::ZERO,
            poll,
        };
        out.fcs = Fcs::new(u16::try_from(out.len()).unwrap_or(u16::MAX), self.remote);
        out
    }
}

fn copy(octets: &[u8], room: &mut [u8]) -> usize {
    let mut count = 0usize;
    for (place, octet) in room.iter_mut().zip(octets) {
        *place = *octet;
        count = count.saturating_add(1);
    }
    count
}
