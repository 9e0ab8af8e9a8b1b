//! The receiving half of `run` between two octets: what has begun to arrive, and where the rest must land.

use bindrune_hci::{
    acl::AclHeader,
    event::EventCode,
    h4::{CIPHERTEXT, Deframer, Direction, Kind, Want},
};

use crate::stack::AclLanding;

/// Octets of a header of an HCI event: its code and its length. [Vol 4] Part E, 5.4.4
const EVENT_HEADER: usize = 2;

/// What has arrived so far. It outlives `run`, so that a dropped run loses no octet.
#[derive(Debug)]
pub(crate) struct Receiving {
    deframer: Deframer,
    /// Of the octets that it has discarded, those that were counted.
    counted: u32,
    event: &'static mut [u8],
    /// Octets of the event that are in.
    filled: usize,
    body: Body,
    scratch: [u8; 32],
}

#[derive(Debug)]
enum Body {
    None,
    Event,
    Acl(AclLanding),
    /// An ACL packet of no live link, which was counted already.
    Stray,
    Discarded,
    /// The ciphertext of an answer to LE Encrypt, while sync is lost.
    Ciphertext {
        num_packets: u8,
    },
}

/// What the last octets completed.
#[derive(Debug)]
pub(crate) enum Landing {
    /// Nothing yet.
    More,
    /// The header of an ACL packet: say where its body lands.
    Header(AclHeader),
    /// The body of an ACL packet.
    Acl(AclLanding),
    /// An event.
    Event,
    /// The completion of a reset was found; what came before is discarded.
    ResetComplete {
        /// Commands that the controller takes now.
        num_packets: u8,
    },
    /// An answer to LE Encrypt was found, and its ciphertext.
    Ciphertext {
        /// Commands that the controller takes now.
        num_packets: u8,
        /// What the controller computed, unless somebody else sent these octets.
        ciphertext: [u8; CIPHERTEXT],
    },
    /// Another answer to LE Encrypt was found.
    EncryptRefused,
    /// Octets were discarded that are no answer.
    Noise,
    /// The body of an ACL packet of no live link.
    Stray,
    /// A packet that is not for this host.
    Ignored,
    /// The octets are not HCI packets any longer.
    SyncLost,
}

impl Receiving {
    pub(crate) const fn new(event: &'static mut [u8]) -> Self {
        Self {
            deframer: Deframer::new(Direction::ToHost),
            counted: 0,
            event,
            filled: 0,
            body: Body::None,
            scratch: [0; 32],
        }
    }

    /// Ignores everything but answers to Reset and LE Encrypt; gives what was landing.
    pub(crate) fn resync(&mut self) -> Option<AclLanding> {
        self.deframer.resync_for_answers();
        match core::mem::replace(&mut self.body, Body::None) {
            Body::Acl(landing) => Some(landing),
            Body::None | Body::Event | Body::Stray | Body::Discarded | Body::Ciphertext { .. } => {
                None
            }
        }
    }

    /// Octets discarded since the last call.
    pub(crate) const fn take_discarded(&mut self) -> u32 {
        let discarded = self.deframer.discarded();
        discarded.wrapping_sub(core::mem::replace(&mut self.counted, discarded))
    }

    /// True where a packet has begun and is not complete.
    pub(crate) const fn is_inside_packet(&self) -> bool {
        self.deframer.is_inside_packet()
    }

    /// Where the next octets must be written.
    pub(crate) fn target(&mut self) -> &mut [u8] {
        let left = match self.deframer.want() {
            Want::Header { .. } => return self.deframer.header_mut(),
            Want::Body { left } => left,
        };
        let scratch_len = left.min(self.scratch.len());
        match &mut self.body {
            Body::Event | Body::Ciphertext { .. } => {
                let end = self.filled.saturating_add(left);
                self.event.get_mut(self.filled..end).unwrap_or_default()
            }
            Body::Acl(AclLanding { packet: Some(packet), .. }) => packet.tail(left),
            Body::Acl(_) | Body::None | Body::Stray | Body::Discarded => {
                self.scratch.get_mut(..scratch_len).unwrap_or_default()
            }
        }
    }

    /// `n` octets were written to [`Self::target`].
    pub(crate) fn arrived(&mut self, n: usize) -> Landing {
        match self.deframer.want() {
            Want::Header { .. } => {
                let discarded = self.deframer.discarded();
                match self.deframer.header_read(n) {
                    Ok(None) if self.deframer.discarded() != discarded => Landing::Noise,
                    Ok(None) => Landing::More,
                    Ok(Some(kind)) => self.begin(kind),
                    Err(_) => Landing::SyncLost,
                }
            }
            Want::Body { .. } => {
                self.fill(n);
                if self.deframer.body_read(n) { self.complete() } else { Landing::More }
            }
        }
    }

    /// Says where the body of an ACL packet lands. Gives it back at once where there is no body.
    pub(crate) fn land(&mut self, landing: Option<AclLanding>) -> Option<AclLanding> {
        match (landing, self.deframer.want()) {
            (Some(landing), Want::Body { .. }) => {
                self.body = Body::Acl(landing);
                None
            }
            (Some(landing), Want::Header { .. }) => Some(landing),
            (None, _) => {
                self.body = Body::Stray;
                None
            }
        }
    }

    /// The event that is complete: code, length and parameters.
    pub(crate) fn event(&self) -> &[u8] {
        self.event.get(..self.filled).unwrap_or_default()
    }

    fn begin(&mut self, kind: Kind) -> Landing {
        match kind {
            Kind::Acl(header) => Landing::Header(header),
            Kind::Event { code: EventCode(code), len } => {
                if let Some(header) = self.event.first_chunk_mut::<EVENT_HEADER>() {
                    *header = [code, u8::try_from(len).unwrap_or(u8::MAX)];
                }
                self.filled = EVENT_HEADER;
                self.body = Body::Event;
                if len == 0 { self.complete() } else { Landing::More }
            }
            Kind::ResetComplete { num_packets } => Landing::ResetComplete { num_packets },
            Kind::Encrypted { num_packets } => {
                self.filled = 0;
                self.body = Body::Ciphertext { num_packets };
                Landing::More
            }
            Kind::EncryptRefused => Landing::EncryptRefused,
            Kind::Ignored { len, .. } => {
                self.body = Body::Discarded;
                if len == 0 { self.complete() } else { Landing::More }
            }
            Kind::Command { .. } => Landing::SyncLost,
        }
    }

    fn fill(&mut self, n: usize) {
        match &mut self.body {
            Body::Event | Body::Ciphertext { .. } => self.filled = self.filled.saturating_add(n),
            Body::Acl(AclLanding { packet: Some(packet), .. }) => {
                let _fits = packet.grow(n);
            }
            Body::Acl(_) | Body::None | Body::Stray | Body::Discarded => {}
        }
    }

    fn complete(&mut self) -> Landing {
        match core::mem::replace(&mut self.body, Body::None) {
            Body::Event => Landing::Event,
            Body::Acl(landing) => Landing::Acl(landing),
            Body::Stray => Landing::Stray,
            Body::Ciphertext { num_packets } => match self.event.first_chunk() {
                Some(&ciphertext) => Landing::Ciphertext { num_packets, ciphertext },
                None => Landing::Noise,
            },
            Body::None | Body::Discarded => Landing::Ignored,
        }
    }
}
