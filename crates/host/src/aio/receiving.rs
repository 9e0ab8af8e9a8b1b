//! The receiving half of `run` between two reads: received bytes, cut into packets.

use bindrune_hci::{
    acl::AclHeader,
    h4::{CIPHERTEXT, Deframer, Direction, Kind, PacketType, Want},
};
use bindrune_wire::move_down;

use super::traffic;
use crate::{
    capability::RECOVERY,
    stack::{AclLanding, ClassicBody, Stack},
};

/// Length of an event's H4 indicator, code and length field, in octets. [Vol 4] Part E, 5.4.4
const EVENT_HEADER: usize = 3;
/// Most packets that one visit hands on, so that it is short.
const PACKETS: u8 = 8;

/// Received bytes. They outlive `run`, so that a dropped run loses nothing.
///
/// An event is handed on in place when it is complete. The body of an ACL packet is copied to its packet as it arrives.
#[derive(Debug)]
pub(crate) struct Receiving {
    buffer: &'static mut [u8],
    /// `from..to` of the buffer was received and not handed on.
    from: usize,
    to: usize,
    /// Knows the headers of ignored packets, and what to search for after a loss of sync.
    deframer: Deframer,
    /// How many of the octets that it discarded were counted.
    counted: u32,
    body: Body,
}

/// What the next octets belong to.
#[derive(Debug)]
enum Body {
    None,
    /// An ACL packet, and how many of its octets are missing.
    Acl(AclLanding, usize),
    /// An ACL packet without a live link, already counted, and how many of its octets are missing.
    Stray(usize),
    /// A packet that is not for this host.
    Ignored,
    /// The ciphertext in an answer to LE Encrypt, during a loss of sync.
    Ciphertext {
        num_packets: u8,
        octets: [u8; CIPHERTEXT],
    },
    /// An ACL packet of a BR/EDR link. Without BR/EDR it has no value; being the last, it then changes no code of the
    /// others.
    Classic(ClassicBody),
}

/// Reason why [`Receiving::deliver`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// More octets are needed.
    All,
    /// There may be more packets.
    Some,
    /// A response should leave before the next packet.
    Answering,
    /// The application should run before the next packet.
    Crowded,
}

impl Receiving {
    pub(crate) const fn new(buffer: &'static mut [u8]) -> Self {
        Self {
            buffer,
            from: 0,
            to: 0,
            deframer: Deframer::new(Direction::ToHost),
            counted: 0,
            body: Body::None,
        }
    }

    /// Returns where to write the next octets: at least one octet, after everything was delivered.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.from < self.to {
            move_down(self.buffer, self.from..self.to, 0);
        }
        self.to = self.to.saturating_sub(self.from);
        self.from = 0;
        self.buffer.get_mut(self.to..).unwrap_or_default()
    }

    /// Accepts `n` octets that were written to [`Self::room`].
    pub(crate) const fn arrived(&mut self, n: usize) {
        self.to = self.to.saturating_add(n);
    }

    /// Returns whether a packet has begun and is incomplete, after everything was delivered.
    pub(crate) const fn is_inside_packet(&self) -> bool {
        // There is seldom a body, so whether there is one at all is asked first: it takes one comparison.
        let begun = !matches!(self.body, Body::None)
            && matches!(self.body, Body::Acl(..) | Body::Classic(..) | Body::Stray(_));
        begun || self.from < self.to || self.deframer.is_inside_packet()
    }

    /// Ignores everything but the answer to Reset, and answers to LE Encrypt if the controller is challenged.
    pub(crate) fn resync(&mut self, stack: &mut Stack) {
        if RECOVERY {
            self.deframer.resync_for_answers();
        } else {
            self.deframer.resync();
        }
        match core::mem::replace(&mut self.body, Body::None) {
            Body::Acl(landing, _) => stack.abandon_acl(landing),
            Body::Classic(body) => stack.abandon_classic(body),
            Body::None | Body::Stray(_) | Body::Ignored | Body::Ciphertext { .. } => {}
        }
    }

    /// Records that the octets are no packets.
    pub(crate) fn lose_sync(&mut self, stack: &mut Stack) {
        self.resync(stack);
        let octets = self.take_discarded();
        stack.sync_lost(stack.now(), octets);
    }

    /// Hands on received packets; with `forced`, hands on the first one even if there may be no place for it.
    pub(crate) fn deliver(&mut self, stack: &mut Stack, mut forced: bool) -> Delivered {
        for _ in 0..PACKETS {
            if self.from >= self.to {
                return Delivered::All;
            }
            if !core::mem::take(&mut forced) && stack.is_crowded() {
                return Delivered::Crowded;
            }
            if !self.step(stack) {
                return Delivered::All;
            }
            if stack.take_answering() {
                return Delivered::Answering;
            }
        }
        Delivered::Some
    }

    /// Hands on one packet. Returns false if more octets are needed.
    fn step(&mut self, stack: &mut Stack) -> bool {
        let input = self.buffer.get(self.from..self.to).unwrap_or_default();
        if !matches!(self.body, Body::None) {
            return self.step_of_body(stack);
        }
        if self.deframer.is_between_packets() {
            match *input {
                [indicator, ref rest @ ..] if indicator == PacketType::EVENT.0 => {
                    let &[_, len, ..] = rest else { return false };
                    let len = EVENT_HEADER.saturating_add(len.into());
                    let Some(event) = input.get(1..len) else { return false };
                    self.from = self.from.saturating_add(len);
                    traffic::event(event);
                    stack.handle_event(stack.now(), event);
                    return true;
                }
                [indicator, ref rest @ ..] if indicator == PacketType::ACL.0 => {
                    let Some(&header) = rest.first_chunk() else { return false };
                    if let Ok(header) = AclHeader::parse(header) {
                        traffic::data(header.handle.get(), header.len);
                        let start = 1usize.saturating_add(AclHeader::LEN);
                        let end = start.saturating_add(header.len.into());
                        if let Some(pdu) = input.get(start..end)
                            && stack.handle_whole(header, pdu)
                        {
                            self.from = self.from.saturating_add(end);
                            return true;
                        }
                        self.from = self.from.saturating_add(start);
                        return self.begin(header, stack);
                    }
                }
                [] => return false,
                _ => {}
            }
        }
        self.step_by_deframer(stack)
    }

    /// Continues a packet that has begun. Returns false if more octets are needed.
    #[inline(never)]
    fn step_of_body(&mut self, stack: &mut Stack) -> bool {
        match self.body {
            Body::Acl(..) | Body::Classic(..) | Body::Stray(_) => self.go_on(stack),
            Body::None | Body::Ignored | Body::Ciphertext { .. } => self.step_by_deframer(stack),
        }
    }

    #[inline(never)]
    fn begin(&mut self, header: AclHeader, stack: &mut Stack) -> bool {
        let left = header.len.into();
        self.body = match stack.classic_body(header) {
            Some(body) => Body::Classic(body),
            None => match stack.rx_packet(header) {
                Some(landing) => Body::Acl(landing, left),
                None => Body::Stray(left),
            },
        };
        self.go_on(stack)
    }

    /// Takes octets of the body of an ACL packet. Returns false if more are needed.
    #[inline(never)]
    fn go_on(&mut self, stack: &mut Stack) -> bool {
        let input = self.buffer.get(self.from..self.to).unwrap_or_default();
        let left = match &mut self.body {
            Body::Acl(landing, left) => {
                let octets = input.get(..*left).unwrap_or(input);
                if let Some(packet) = &mut landing.packet {
                    let _fits = packet.extend(octets);
                }
                left
            }
            Body::Classic(body) => {
                stack.push_classic(*body, input);
                body.left()
            }
            Body::Stray(left) => left,
            Body::None | Body::Ignored | Body::Ciphertext { .. } => return true,
        };
        let n = input.len().min(*left);
        *left = left.saturating_sub(n);
        self.from = self.from.saturating_add(n);
        if *left > 0 {
            return false;
        }
        match core::mem::replace(&mut self.body, Body::None) {
            Body::Acl(landing, _) => stack.handle_acl(stack.now(), landing),
            Body::Classic(body) => stack.end_classic(body),
            Body::None | Body::Stray(_) | Body::Ignored | Body::Ciphertext { .. } => {}
        }
        true
    }

    /// Handles bytes that are neither a valid event nor valid ACL data, a header or a body at a time.
    #[cold]
    #[inline(never)]
    fn step_by_deframer(&mut self, stack: &mut Stack) -> bool {
        let input = self.buffer.get(self.from..self.to).unwrap_or_default();
        if input.is_empty() {
            return false;
        }
        match self.deframer.want() {
            Want::Header { left } => {
                let octets = input.get(..left).unwrap_or(input);
                let n = octets.len();
                if let Some(place) = self.deframer.header_mut().get_mut(..n) {
                    place.copy_from_slice(octets);
                }
                self.from = self.from.saturating_add(n);
                self.header_read(n, stack);
            }
            Want::Body { left } => {
                let octets = input.get(..left).unwrap_or(input);
                let n = octets.len();
                if RECOVERY && let Body::Ciphertext { octets: ciphertext, .. } = &mut self.body {
                    let at = CIPHERTEXT.saturating_sub(left);
                    if let Some(place) = ciphertext.get_mut(at..at.saturating_add(n)) {
                        place.copy_from_slice(octets);
                    }
                }
                self.from = self.from.saturating_add(n);
                if self.deframer.body_read(n) {
                    self.body_read(stack);
                }
            }
        }
        true
    }

    fn header_read(&mut self, n: usize, stack: &mut Stack) {
        let discarded = self.deframer.discarded();
        let kind = match self.deframer.header_read(n) {
            Ok(None) if self.deframer.discarded() != discarded => {
                let octets = self.take_discarded();
                return stack.noise(stack.now(), octets);
            }
            Ok(None) => return,
            Ok(Some(kind)) => kind,
            Err(_) => return self.lose_sync(stack),
        };
        match kind {
            Kind::ResetComplete { num_packets } => {
                if !stack.handle_reset_complete(stack.now(), num_packets) {
                    self.resync(stack);
                }
            }
            Kind::Encrypted { num_packets } if RECOVERY => {
                self.body = Body::Ciphertext { num_packets, octets: [0; CIPHERTEXT] };
            }
            Kind::EncryptRefused if RECOVERY => {
                stack.challenge_refused(stack.now());
                self.resync(stack);
            }
            Kind::Ignored { .. } | Kind::Acl(_) | Kind::Event { .. } => {
                self.body = Body::Ignored;
                if kind.is_empty() {
                    self.body_read(stack);
                }
            }
            Kind::Command { .. } | Kind::Encrypted { .. } | Kind::EncryptRefused => {
                self.lose_sync(stack);
            }
        }
    }

    /// The body of a packet that the deframer knows is complete.
    fn body_read(&mut self, stack: &mut Stack) {
        match core::mem::replace(&mut self.body, Body::None) {
            Body::Ciphertext { num_packets, octets } if RECOVERY => {
                if !stack.handle_ciphertext(stack.now(), num_packets, octets) {
                    self.resync(stack);
                }
            }
            Body::None
            | Body::Ignored
            | Body::Acl(..)
            | Body::Classic(..)
            | Body::Stray(_)
            | Body::Ciphertext { .. } => stack.count_ignored(),
        }
    }

    /// Returns the number of octets discarded since the last call.
    const fn take_discarded(&mut self) -> u32 {
        let discarded = self.deframer.discarded();
        discarded.wrapping_sub(core::mem::replace(&mut self.counted, discarded))
    }
}
