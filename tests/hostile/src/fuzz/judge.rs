//! Rules for the host's packets: it may send no more than it was allowed to and asked for.
//!
//! It keeps upper bounds, computed from the packets to the host. After bytes that are no packet, the host's
//! interpretation of them is unknown: then it checks again from the next Reset on.

use bindrune::Opcode;
use embassy_time::{Duration, Instant};

use super::{
    config::Setup,
    controller::{SLOTS, slot_of},
    reach::reached,
};

/// The counts of one controller.
#[derive(Debug)]
pub(crate) struct Judge {
    setup: Setup,
    /// Number of commands that the host may send, according to the last event.
    credits: u8,
    /// Bytes that were sent to the host, and bytes that it has read.
    put: u64,
    read: u64,
    /// Whether the host has sent nothing since its Reset.
    fresh: bool,
    /// Whether bytes that are no packet were sent.
    blind: bool,
    links: [Of; SLOTS],
    /// ACL packets that were passed to the host, and those that it has returned.
    given: u64,
    returned: u64,
    /// Host Buffer Size.
    host_buffers: u64,
    /// Whether the controller has reported its supported states since the last Reset.
    knows_states: bool,
}

/// How long the host may keep data that arrives before the event of its link.
const EARLY: Duration = Duration::from_millis(100);

/// The counts of one handle.
#[derive(Debug, Default)]
struct Of {
    /// Whether a link with this handle was reported to the host.
    up: bool,
    /// Whether the event of its end was lost, or the controller answered that there is no such link: the host may
    /// know of the end.
    lost: bool,
    /// Time of the last data that belonged to no link.
    early: Option<Instant>,
    /// Until the host has read this far, its data may belong to the link before.
    since: u64,
    /// Number of ACL packets that the host sent and that are not completed.
    sent: u16,
    /// Unanswered ATT requests, indications, and identifiers of signalling requests.
    requests: u32,
    /// Possible answers to requests of this link, or of the one before.
    maybe: u32,
    indications: u32,
    signals: Vec<u8>,
    /// The transactions that the host waits for.
    asked: Turn,
    indicated: Turn,
    /// Number of K-frames that the peer granted, for each of its channels.
    grants: Vec<(u16, u32)>,
    /// A frame to the host, as far as it was sent.
    frame: Vec<u8>,
}

/// One request of the host, or one indication, at a time.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    pending: bool,
    /// Position up to which the host had read when it sent the last one.
    read: u64,
    /// Position of the end of the last answer, which the peer may have sent before the request.
    answered: u64,
}

impl Turn {
    /// Starts a transaction; false if the last one has no answer.
    const fn begin(&mut self, read: u64) -> bool {
        let may = !self.pending || self.answered > self.read;
        (self.pending, self.read) = (true, read);
        may
    }

    const fn answer(&mut self, at: u64) {
        (self.pending, self.answered) = (false, at);
    }
}

impl Judge {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            setup,
            credits: 1,
            put: 0,
            read: 0,
            fresh: true,
            blind: false,
            links: Default::default(),
            given: 0,
            returned: 0,
            host_buffers: u64::MAX,
            knows_states: false,
        }
    }

    pub(crate) fn reset(&mut self) {
        *self = Self { put: self.put, read: self.read, ..Self::new(self.setup) };
    }

    /// Records that `octets` bytes that are no packet were sent to the host.
    pub(crate) const fn blind(&mut self, octets: usize) {
        self.blind = true;
        self.put += octets as u64;
    }

    /// Records that the host had read this far when it made the packet that comes next.
    pub(crate) const fn has_read(&mut self, read: u64) {
        self.read = read;
    }

    /// Returns how far the host has read.
    pub(crate) const fn position(&self) -> u64 {
        self.read
    }

    /// Returns how much was sent to the host.
    pub(crate) const fn put_position(&self) -> u64 {
        self.put
    }

    /// Returns whether bytes that are no packet were sent.
    pub(crate) const fn is_blind(&self) -> bool {
        self.blind
    }

    /// Returns whether the host has room for one more ACL packet in addition to `more`.
    pub(crate) const fn has_room(&self, more: u64) -> bool {
        self.given.saturating_sub(self.returned) + more < self.host_buffers
    }

    /// Returns whether the host knows which states may be combined.
    pub(crate) const fn knows_states(&self) -> bool {
        self.knows_states
    }

    /// Records that the host may know of the end of the link on this slot, without the event.
    pub(crate) const fn lost(&mut self, slot: usize) {
        (self.links[slot].lost, self.links[slot].sent) = (true, 0);
    }

    /// Returns whether the last answer allowed the host no further command.
    pub(crate) const fn has_no_leave(&self) -> bool {
        self.credits == 0
    }

    /// Returns whether a link on this slot was reported to the host, and its end was not.
    pub(crate) const fn is_up(&self, slot: usize) -> bool {
        self.links[slot].up
    }

    /// Returns whether the host has not read of the link on this slot yet: its data may belong to the one before.
    pub(crate) const fn may_be_of_last(&self, slot: usize) -> bool {
        self.links[slot].since > self.read
    }

    /// Returns whether the host may have answered all ATT requests of a link.
    pub(crate) const fn answered(&self, slot: usize) -> bool {
        self.links[slot].requests <= self.links[slot].maybe || self.blind
    }

    /// Returns the number of ATT requests of a link that the host has not answered, as far as it is known.
    pub(crate) const fn unanswered(&self, slot: usize) -> u32 {
        if self.blind { 0 } else { self.links[slot].requests }
    }

    /// Checks a command of the host. If the host has not read everything, its knowledge is older than the counts
    /// here.
    pub(crate) fn command(&mut self, opcode: u16, parameters: &[u8], exact: bool) {
        match Opcode(opcode) {
            Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS => return self.given_back(parameters),
            Opcode::RESET => {}
            // The challenge after a Reset: nothing counts until its answer, including credits.
            Opcode::LE_ENCRYPT if self.fresh => {}
            _ => {
                let may = self.credits > 0 || !exact || self.blind;
                assert!(may, "the host sent command {opcode:04x} without a credit");
            }
        }
        if Opcode(opcode) == Opcode::HOST_BUFFER_SIZE
            && let [_, _, _, low, high, ..] = *parameters
        {
            self.host_buffers = u16::from_le_bytes([low, high]).into();
        }
        self.credits = self.credits.saturating_sub(1);
        self.fresh = Opcode(opcode) == Opcode::RESET;
    }

    fn given_back(&mut self, parameters: &[u8]) {
        for one in parameters.get(1..).unwrap_or_default().chunks_exact(4) {
            self.returned += u64::from(u16::from_le_bytes([one[2], one[3]]));
        }
        let fair = self.returned <= self.given || self.blind;
        assert!(fair, "the host gave back {} buffers of {}", self.returned, self.given);
    }

    /// Checks an ACL packet of the host.
    pub(crate) fn acl_sent(&mut self, handle: u16, data: &[u8], exact: bool) {
        let len = u16::try_from(data.len()).unwrap();
        assert!(len <= self.setup.acl_len, "an ACL packet of {len} octets");
        let all: u16 = self.links.iter().map(|link| link.sent).sum();
        let may = all < self.setup.buffers || !exact || self.blind;
        assert!(may, "the host sent an ACL packet, and the controller has no buffer");
        let Some(slot) = slot_of(handle) else { return };
        let of_last = self.may_be_of_last(slot);
        let link = &mut self.links[slot];
        let up = link.up || !exact || self.blind;
        assert!(up, "the host sent data on {handle:#06x}, which has ended");
        // Packets that leave before the host has read of the end are flushed with the link.
        if link.up && !link.lost && !of_last {
            link.sent = link.sent.saturating_add(1).min(self.setup.buffers);
        }
    }

    /// Checks a whole frame of the host on a link.
    pub(crate) fn frame_sent(&mut self, slot: usize, cid: u16, payload: &[u8]) {
        if self.blind {
            return;
        }
        if self.may_be_of_last(slot) {
            let answers = cid == 4 && payload.first().is_some_and(|code| code & 0x41 == 1);
            self.links[slot].maybe += u32::from(answers);
            return;
        }
        let read = self.read;
        let link = &mut self.links[slot];
        match (cid, payload) {
            (4, [0x1e, ..]) => {
                reached("a confirmation");
                less(&mut link.indications, "confirmed an indication", payload);
            }
            (4, [0x1d, ..]) => {
                assert!(link.indicated.begin(read), "a second indication: {payload:02x?}");
            }
            (4, [0x1b | 0x23 | 0x40.., ..]) => reached("a notification or a command of the host"),
            (4, [code, ..]) if code & 1 == 1 => {
                reached(if *code == 1 { "an ATT error" } else { "an ATT response" });
                less(&mut link.requests, "answered a request", payload);
            }
            (4, _) => {
                assert!(link.asked.begin(read), "a second request: {payload:02x?}");
                reached("an ATT request of the host");
            }
            (5, [0x01 | 0x03 | 0x13 | 0x15 | 0x18 | 0x1a, id, ..]) => {
                let place = link.signals.iter().position(|of| of == id);
                let place = place.unwrap_or_else(|| panic!("no request for {payload:02x?}"));
                link.signals.swap_remove(place);
            }
            (0x40.., _) => {
                let grant = link.grants.iter_mut().find(|(of, _)| *of == cid);
                reached("a frame on a channel from the host");
                let granted = grant.filter(|(_, left)| *left > 0);
                let (_, left) = granted.unwrap_or_else(|| panic!("no credit for {cid:#06x}"));
                *left -= 1;
            }
            _ => {}
        }
    }

    /// Records a packet to the host.
    pub(crate) fn injected(&mut self, now: Instant, packet: &[u8]) {
        self.put += packet.len() as u64;
        let put = self.put;
        self.knows_states |= matches!(*packet, [4, 0x0e, _, _, 0x1c, 0x20, 0, ..]);
        match *packet {
            [4, 0x0e, _, num, _, _, ..] | [4, 0x0f, _, _, num, _, _, ..] => self.credits = num,
            [4, 0x13, _, _, ref all @ ..] => {
                for one in all.chunks_exact(4) {
                    if let Some(slot) = slot_of(u16::from_le_bytes([one[0], one[1] & 0x0f])) {
                        let count = u16::from_le_bytes([one[2], one[3]]);
                        self.links[slot].sent = self.links[slot].sent.saturating_sub(count);
                    }
                }
            }
            // A parser that reads less of an event ignores it.
            [4, 0x05, 4..=255, 0, low, high, ..] => self.link(now, low, high, false),
            [4, 0x3e, 19..=255, 1, 0, low, high, ..]
            | [4, 0x3e, 31..=255, 0x0a, 0, low, high, ..] => {
                self.link(now, low, high, true);
            }
            [2, low, high, _, _, ref data @ ..] => {
                self.given += 1;
                if let Some(slot) = slot_of(u16::from_le_bytes([low, high & 0x0f])) {
                    let link = &mut self.links[slot];
                    if !link.up {
                        link.early = Some(now);
                    }
                    link.data_to_host(high & 0x30 == 0x10, data, put);
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, now: Instant, low: u8, high: u8, up: bool) {
        let Some(slot) = slot_of(u16::from_le_bytes([low, high & 0x0f])) else { return };
        let since = self.put;
        let link = &mut self.links[slot];
        link.sent = 0;
        link.asked = Turn::default();
        link.indicated = Turn::default();
        // Data that has just arrived may belong to the new link.
        let early = !link.up && link.early.is_some_and(|at| now - at <= EARLY);
        if !up || (!link.up || link.lost) && !early {
            *link = Of::default();
        }
        link.up = up;
        link.lost = false;
        link.since = since;
    }
}

fn less(count: &mut u32, what: &str, payload: &[u8]) {
    assert!(*count > 0, "the host {what} that no peer sent: {payload:02x?}");
    *count -= 1;
}

impl Of {
    /// Records data for the host; `more` if it continues a frame.
    fn data_to_host(&mut self, more: bool, data: &[u8], put: u64) {
        if !more {
            self.frame.clear();
        }
        self.frame.extend(data);
        let [low, high, cid_low, cid_high, ref payload @ ..] = self.frame[..] else { return };
        if payload.len() < usize::from(u16::from_le_bytes([low, high])) {
            return;
        }
        let payload = payload.to_vec();
        self.frame.clear();
        self.frame_to_host(u16::from_le_bytes([cid_low, cid_high]), &payload, put);
    }

    fn frame_to_host(&mut self, cid: u16, payload: &[u8], put: u64) {
        match (cid, payload) {
            (4, [0x1d, ..]) => self.indications += 1,
            (4, [0x1e, ..]) => self.indicated.answer(put),
            (4, [code, ..]) if code & 0x40 == 0 => {
                // To the host, an unexpected response may be an unknown request.
                self.requests += 1;
                if code & 1 == 1 {
                    self.asked.answer(put);
                }
            }
            (5, [code, id, _, _, body @ ..]) => {
                self.signals.push(*id);
                self.granted(*code, body);
            }
            _ => {}
        }
    }

    /// Records credits in a signalling PDU.
    fn granted(&mut self, code: u8, body: &[u8]) {
        let word = |at: usize| body.get(at..at + 2).map(|w| u16::from_le_bytes([w[0], w[1]]));
        match code {
            0x14 => self.grant(word(2), word(8)),
            0x15 => self.grant(word(0), word(6)),
            0x16 => self.grant(word(0), word(2)),
            0x17 | 0x18 => {
                let (first, credits) = if code == 0x17 { (8, word(6)) } else { (8, word(4)) };
                for at in (first..body.len()).step_by(2) {
                    self.grant(word(at), credits);
                }
            }
            _ => {}
        }
    }

    fn grant(&mut self, cid: Option<u16>, credits: Option<u16>) {
        let (Some(cid), Some(credits)) = (cid, credits) else { return };
        match self.grants.iter_mut().find(|(of, _)| *of == cid) {
            Some((_, left)) => *left = left.saturating_add(credits.into()),
            None => self.grants.push((cid, credits.into())),
        }
    }
}
