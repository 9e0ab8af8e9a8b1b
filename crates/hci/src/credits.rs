//! ACL buffers: those of the controller, which all links share, and those of the host. [Vol 4] Part E, 4.1

use core::fmt;

use bindrune_wire::{Handle, Interest, Writer, time::Instant};

use crate::Opcode;

/// Minimum length of ACL buffers that a controller may have. [Vol 4] Part E, 7.8.2
pub const ACL_LEN_MIN: u16 = 27;

/// The controller's buffers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BadBuffers {
    /// The controller has no buffers for LE, and none to share.
    None,
    /// The buffers are shorter than [`ACL_LEN_MIN`] octets.
    TooShort(u16),
}

impl fmt::Display for BadBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the controller has no ACL buffers"),
            Self::TooShort(len) => {
                write!(f, "the controller's ACL buffers have {len} octets, not {ACL_LEN_MIN}")
            }
        }
    }
}

impl core::error::Error for BadBuffers {}

/// ACL buffers as a controller reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Buffers {
    /// Longest payload of a packet in octets.
    pub len: u16,
    /// Number of packets.
    pub count: u16,
}

impl Buffers {
    /// Returns the buffers for LE: the controller's LE buffers, or those of BR/EDR if there are none. [Vol 4] Part E,
    /// 7.8.2
    ///
    /// # Errors
    ///
    /// [`BadBuffers`] if there are no buffers, or they are too short.
    pub const fn choose(le: Self, shared: Self) -> Result<Self, BadBuffers> {
        let buffers = if le.is_none() { shared } else { le };
        if buffers.is_none() {
            Err(BadBuffers::None)
        } else if buffers.len < ACL_LEN_MIN {
            Err(BadBuffers::TooShort(buffers.len))
        } else {
            Ok(buffers)
        }
    }

    /// Returns whether length or count is 0.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.len == 0 || self.count == 0
    }
}

/// The controller's free ACL buffers, for all links together.
///
/// The buffers of all links and the free buffers always add up to the total. While several links are up, half of the
/// buffers are divided among them, at least one for each: a link takes more than its share only if the shares of the
/// others stay free. So a link whose packets do not leave cannot block another one, and a single link may take all
/// buffers.
#[derive(Clone, Debug)]
pub struct AclCredits {
    buffers: Buffers,
    free: u16,
    excess: u32,
    /// Number of buffers reserved for each link.
    share: u16,
    /// Number of buffers that all links together still need for their shares.
    lacking: u16,
}

/// A link's part of [`AclCredits`]: packets that the controller holds for it.
#[derive(Clone, Copy, Debug)]
pub struct LinkCredits {
    outstanding: u16,
    /// Time of the last completion, or of the first packet taken; valid only while packets are outstanding.
    since: Option<Instant>,
}

impl LinkCredits {
    /// No packet outstanding.
    pub const NONE: Self = Self { outstanding: 0, since: None };

    /// Returns the number of packets that the controller holds for this link.
    #[must_use]
    pub const fn outstanding(&self) -> u16 {
        self.outstanding
    }

    /// Returns the time since which no packet was completed, if packets are outstanding.
    #[must_use]
    pub const fn waiting_since(&self) -> Option<Instant> {
        if self.outstanding > 0 { self.since } else { None }
    }

    /// Restarts the time of the outstanding packets, which leave only now.
    pub const fn restamp(&mut self, now: Instant) {
        self.since = Some(now);
    }
}

impl AclCredits {
    /// Creates the count of `buffers`, from [`Buffers::choose`], with all of them free.
    #[must_use]
    pub const fn new(buffers: Buffers) -> Self {
        Self { buffers, free: buffers.count, excess: 0, share: 0, lacking: 0 }
    }

    /// Returns the number of free buffers.
    #[must_use]
    pub const fn free(&self) -> u16 {
        self.free
    }

    /// Returns the total number of buffers.
    #[must_use]
    pub const fn total(&self) -> u16 {
        self.buffers.count
    }

    /// Returns the longest payload of a packet in octets.
    #[must_use]
    pub const fn packet_len(&self) -> u16 {
        self.buffers.len
    }

    /// Returns the number of completed packets that were not outstanding.
    #[must_use]
    pub const fn excess(&self) -> u32 {
        self.excess
    }

    /// Divides the buffers among the links that are up. Call it whenever a link comes up or ends.
    pub fn share_out<'l>(&mut self, links: impl Iterator<Item = &'l LinkCredits> + Clone) {
        let count = u16::try_from(links.clone().count()).unwrap_or(u16::MAX);
        self.share = match self.buffers.count.checked_div(count.saturating_mul(2)) {
            Some(share) if count > 1 => share.max(1),
            Some(_) | None => 0,
        };
        self.lacking = links.fold(0, |sum, link| sum.saturating_add(self.lack(link)));
    }

    /// Returns whether `link` may take a buffer now.
    #[must_use]
    pub const fn may_take(&self, link: &LinkCredits) -> bool {
        self.free > self.lacking || (self.free > 0 && self.lack(link) > 0)
    }

    const fn lack(&self, link: &LinkCredits) -> u16 {
        self.share.saturating_sub(link.outstanding)
    }

    /// Takes a buffer for one packet of `link`; false if [`Self::may_take`] is false.
    #[must_use]
    pub const fn take(&mut self, now: Instant, link: &mut LinkCredits) -> bool {
        self.may_take(link) && self.occupy(now, link)
    }

    /// Takes a free buffer for a packet of `link`, even from the share of another link; false if none is free.
    pub const fn occupy(&mut self, now: Instant, link: &mut LinkCredits) -> bool {
        if self.free == 0 {
            return false;
        }
        self.free = self.free.saturating_sub(1);
        if self.lacking > 0 && self.lack(link) > 0 {
            self.lacking = self.lacking.saturating_sub(1);
        }
        if link.outstanding == 0 {
            link.since = Some(now);
        }
        link.outstanding = link.outstanding.saturating_add(1);
        true
    }

    /// Records that the controller completed `count` packets of `link`, at most the outstanding ones. Counts the
    /// excess.
    ///
    /// Returns the excess. [Vol 4] Part E, 7.7.19
    pub fn completed(&mut self, now: Instant, link: &mut LinkCredits, count: u16) -> u16 {
        let done = count.min(link.outstanding);
        self.give_back(link, done);
        if done > 0 {
            link.since = Some(now);
        }
        let excess = count.saturating_sub(done);
        if excess > 0 {
            self.excess = self.excess.saturating_add(excess.into());
        }
        excess
    }

    /// Takes back `count` packets of `link` that were not sent to the controller.
    pub fn withdraw(&mut self, link: &mut LinkCredits, count: u16) {
        self.give_back(link, count.min(link.outstanding));
    }

    /// Records the end of the link: the controller has discarded its packets. [Vol 4] Part E, 4.1.1
    pub fn disconnected(&mut self, link: &mut LinkCredits) {
        self.give_back(link, link.outstanding);
    }

    fn give_back(&mut self, link: &mut LinkCredits, count: u16) {
        let before = self.lack(link);
        link.outstanding = link.outstanding.saturating_sub(count);
        if self.share > 0 {
            self.lacking = self.lacking.saturating_add(self.lack(link)).saturating_sub(before);
        }
        self.free = self.free.saturating_add(count).min(self.buffers.count);
    }
}

/// The host's ACL buffers, which are returned to the controller in batches. [Vol 4] Part E, 4.2
#[derive(Clone, Debug)]
pub struct HostCredits {
    count: u16,
    batch: u16,
    pending: u16,
}

/// A link's part of [`HostCredits`]: packets that were consumed but not returned yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostLinkCredits {
    pending: u16,
}

impl HostLinkCredits {
    /// Nothing to return.
    pub const NONE: Self = Self { pending: 0 };
}

/// Maximum number of links in one Host Number Of Completed Packets. [Vol 4] Part E, 7.3.40
const LINKS_MAX: usize = 63;

impl HostCredits {
    /// Flow control is off: no buffers are returned.
    pub const OFF: Self = Self { count: 0, batch: 0, pending: 0 };

    /// Creates the credits with flow control on, after `count` buffers were reported to the controller.
    #[must_use]
    pub const fn on(count: u16) -> Self {
        let batch = count / 4;
        Self { count, batch: if batch == 0 { 1 } else { batch }, pending: 0 }
    }

    /// Returns whether flow control is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.batch > 0
    }

    /// Records that one packet of `link` was consumed: its buffer is free.
    pub const fn consumed(&mut self, link: &mut HostLinkCredits) {
        if self.is_on() {
            link.pending = link.pending.saturating_add(1);
            self.pending = self.pending.saturating_add(1);
        }
    }

    /// Records the end of the link: the controller counts its buffers as returned. [Vol 4] Part E, 4.2
    pub fn disconnected(&mut self, link: &mut HostLinkCredits) {
        self.pending = self.pending.saturating_sub(link.pending);
        link.pending = 0;
    }

    /// Returns how many packets the controller may send before it gets a buffer back.
    #[must_use]
    pub const fn left(&self) -> u16 {
        self.count.saturating_sub(self.pending)
    }

    /// Returns urgent if a batch is full, or the controller has less than a batch left; otherwise the pending buffers
    /// can wait until nothing else is to send. `withheld` buffers are not returned yet.
    #[must_use]
    pub fn interest(&self, withheld: usize) -> Interest {
        match self.due(withheld) {
            0 => Interest::None,
            due if due < self.batch && self.left() >= self.batch => Interest::Data,
            _ => Interest::Urgent,
        }
    }

    /// Writes one Host Number Of Completed Packets command packet for the open links with pending buffers. `withheld`
    /// buffers are not returned yet, whichever link they belonged to.
    ///
    /// Buffers that do not fit stay pending.
    pub fn poll_transmit<'l>(
        &mut self,
        withheld: usize,
        links: impl IntoIterator<Item = (Handle, &'l mut HostLinkCredits)>,
        w: &mut Writer<'_>,
    ) -> bool {
        let start = w.len();
        let opcode = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS.0.to_le_bytes();
        if w.bytes(&opcode).is_err() || w.bytes(&[0, 0]).is_err() {
            w.truncate(start);
            return false;
        }
        let body = w.len();
        let mut count: u8 = 0;
        let mut due = self.due(withheld);
        for (handle, link) in links.into_iter().filter(|(_, link)| link.pending > 0).take(LINKS_MAX)
        {
            let given = link.pending.min(due);
            let [a, b] = handle.get().to_le_bytes();
            let [c, d] = given.to_le_bytes();
            if given == 0 || w.bytes(&[a, b, c, d]).is_err() {
                break;
            }
            count = count.saturating_add(1);
            due = due.saturating_sub(given);
            link.pending = link.pending.saturating_sub(given);
            self.pending = self.pending.saturating_sub(given);
        }
        let len = u8::try_from(w.len().saturating_sub(body).saturating_add(1)).unwrap_or(u8::MAX);
        if let Some(place) = w.written_mut().get_mut(body.saturating_sub(2)..body) {
            place.copy_from_slice(&[len, count]);
        }
        if count == 0 {
            w.truncate(start);
        }
        count > 0
    }

    /// Returns the number of buffers that can be returned.
    fn due(&self, withheld: usize) -> u16 {
        self.pending.saturating_sub(u16::try_from(withheld).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests;
