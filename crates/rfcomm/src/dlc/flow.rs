//! Flow control of one DLC: credits, or the FC bit. [RFCOMM 1.2] 6.5

use bindrune_wire::Ring;

use super::Violation;

/// Most credits that the peer holds at once. Some peers count them in one octet.
const MOST_GRANTED: u16 = 127;

/// Most initial credits in Parameter Negotiation.
const MOST_INITIAL: u16 = 7;

/// The negotiated parameters and both counts of credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Longest information that we send.
    pub(crate) frame_size: u16,
    /// Longest information that we receive: what we offered. Some stacks use it although they answered with less.
    pub(crate) most: u16,
    pub(crate) credit_based: bool,
    /// Frames that the peer may send. Each of them fits in the received ring.
    pub(crate) granted: u16,
    /// Frames that we may send.
    pub(crate) credits: u16,
}

impl Flow {
    pub(crate) const CLOSED: Self =
        Self { frame_size: 0, most: 0, credit_based: false, granted: 0, credits: 0 };

    /// Returns the credits that the peer can have in addition: as many frames as fit, less those that it has.
    pub(crate) fn grantable(&self, rx: &Ring<'_>) -> u16 {
        if !self.credit_based {
            return 0;
        }
        self.frames(rx.free()).min(MOST_GRANTED).saturating_sub(self.granted)
    }

    /// Returns whether the peer should get credits even if we have no data: it has used half of them.
    pub(crate) fn is_grant_due(&self, rx: &Ring<'_>) -> bool {
        let window = self.frames(rx.capacity()).min(MOST_GRANTED);
        self.grantable(rx) > 0 && self.granted <= window >> 1
    }

    /// Grants initial credits, for Parameter Negotiation.
    pub(crate) fn grant_initial(&mut self, rx: &Ring<'_>) -> u8 {
        self.granted = 0;
        self.granted = self.grantable(rx).min(MOST_INITIAL);
        u8::try_from(self.granted).unwrap_or_default()
    }

    /// Adds credits of the peer.
    pub(crate) fn credit(&mut self, credits: u8) -> Result<(), Violation> {
        let sum = self.credits.checked_add(credits.into());
        self.credits = sum.ok_or(Violation::CreditOverflow)?;
        Ok(())
    }

    /// Stores data of the peer.
    pub(crate) fn receive(&mut self, data: &[u8], rx: &mut Ring<'_>) -> Result<(), Violation> {
        if data.is_empty() {
            return Ok(());
        }
        if data.len() > self.most.into() {
            return Err(Violation::FrameTooLong);
        }
        if self.credit_based {
            self.granted = self.granted.checked_sub(1).ok_or(Violation::NoCredit)?;
        }
        if rx.extend(data) { Ok(()) } else { Err(Violation::Overrun) }
    }

    /// Returns whether our FC bit must be set, if it `is_set` now: from half of the ring on, until a quarter is used.
    pub(crate) const fn stops(&self, rx: &Ring<'_>, is_set: bool) -> bool {
        let limit = rx.capacity() >> (if is_set { 2 } else { 1 });
        !self.credit_based && rx.len() > limit
    }

    fn frames(&self, octets: usize) -> u16 {
        let frames = octets.checked_div(self.most.into()).unwrap_or_default();
        u16::try_from(frames).unwrap_or(u16::MAX)
    }
}
