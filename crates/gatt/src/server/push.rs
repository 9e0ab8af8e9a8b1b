//! Values that the server sends on its own initiative, and events for the application. [Vol 3] Part G, 4.10
//! and 4.11

use core::fmt;

use bindrune_att::{ErrorCode, Push};
use bindrune_wire::Writer;

use super::{Peer, Security, Server};
use crate::{
    capability::CAPTURE,
    cccd::Cccd,
    table::{Characteristic, Properties, Target},
    value::ValueError,
};

/// Reason why a value may not be pushed to a peer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PushError {
    /// The characteristic is not in the table.
    NotInTable,
    /// The peer did not subscribe.
    NotSubscribed,
    /// The link does not meet the security requirement for reading.
    Security(ErrorCode),
    /// The peer does not know the present table, and must not get values of it. [Vol 3] Part G, 2.5.2.1
    ChangeUnaware,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInTable => f.write_str("the characteristic is not in the table"),
            Self::NotSubscribed => f.write_str("the peer did not subscribe"),
            Self::Security(code) => write!(f, "the link is not secure enough: {code}"),
            Self::ChangeUnaware => f.write_str("the peer does not know the changed table"),
        }
    }
}

impl core::error::Error for PushError {}

/// A host-held value that a peer wrote; successive writes count as one.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The value's handle.
    pub handle: u16,
    /// The value.
    pub target: Target,
}

/// A subscription that a peer changed.
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionChange {
    /// The handle of the characteristic's value.
    pub handle: u16,
    /// The characteristic.
    pub characteristic: &'static Characteristic,
    /// The new subscription.
    pub cccd: Cccd,
}

impl Server {
    /// Returns the subscription of a peer; empty for a characteristic that is not in the table.
    #[must_use]
    pub fn subscribed(&self, peer: &Peer, c: &Characteristic) -> Cccd {
        self.place(c).map_or(Cccd::empty(), |known| known.subscription(peer))
    }

    /// Returns the handle for pushing a value of `c`, if the peer subscribed to `kind` and the link is secure
    /// enough.
    ///
    /// # Errors
    ///
    /// [`PushError`] with the first condition that is not met.
    pub fn may_push(
        &self,
        peer: &Peer,
        c: &Characteristic,
        kind: Cccd,
        security: Security,
    ) -> Result<u16, PushError> {
        let known = self.place(c).ok_or(PushError::NotInTable)?;
        if !known.subscription(peer).contains(kind) {
            return Err(PushError::NotSubscribed);
        }
        security.check(c.reading()).map_err(PushError::Security)?;
        if !peer.is_aware() {
            return Err(PushError::ChangeUnaware);
        }
        Ok(known.handle)
    }

    /// Takes the next host-held value that the peer wrote.
    pub fn poll_written(&self, peer: &mut Peer) -> Option<Written> {
        let index = peer.take_mark(self.table.extent(), |marks| marks.take_written())?;
        let entry = self.table.value_at(index)?;
        Some(Written { handle: entry.handle, target: entry.attribute.target()? })
    }

    /// Returns true once after writes were captured: [`Self::poll_captured`] returns them.
    pub const fn take_captured(&mut self) -> bool {
        CAPTURE && core::mem::replace(&mut self.captured, false)
    }

    /// Takes the next subscription that the peer changed.
    pub fn poll_subscription_change(&self, peer: &mut Peer) -> Option<SubscriptionChange> {
        let index = peer.take_mark(self.table.extent(), |marks| marks.take_changed())?;
        for (entry, characteristic) in self.table.cccds() {
            if entry.at.cccds == index {
                let handle = entry.handle.saturating_sub(1);
                return Some(SubscriptionChange { handle, characteristic, cccd: peer.cccd(index) });
            }
        }
        None
    }

    /// Returns the subscriptions of a peer by the handles of their values, for its bond.
    pub fn subscriptions<'a>(&'a self, peer: &'a Peer) -> impl Iterator<Item = (u16, Cccd)> + 'a {
        self.table
            .cccds()
            .map(|(entry, _)| (entry.handle.saturating_sub(1), peer.cccd(entry.at.cccds)))
            .filter(|(_, cccd)| !cccd.is_empty())
    }

    /// Restores a subscription from a bond; skips a handle without a subscription.
    pub fn restore_subscription(&self, peer: &mut Peer, handle: u16, cccd: Cccd) {
        let found =
            self.table.cccds().find(|(entry, _)| entry.handle.checked_sub(1) == Some(handle));
        if let Some((entry, _)) = found {
            peer.marks(self.table.extent()).configure(entry.at.cccds, cccd);
        }
    }
}

/// Writes a Handle Value Notification; a value that does not fit is an error. [Vol 3] Part F, 3.4.7.1
///
/// # Errors
///
/// [`ValueError::TooLong`] if the value does not fit.
pub fn write_notification(handle: u16, value: &[u8], w: &mut Writer<'_>) -> Result<(), ValueError> {
    Push::Notification { handle, value }.write(w).map_err(|_| ValueError::TooLong)
}

/// Writes a Handle Value Indication; a value that does not fit is an error. [Vol 3] Part F, 3.4.7.2
///
/// # Errors
///
/// [`ValueError::TooLong`] if the value does not fit.
pub fn write_indication(handle: u16, value: &[u8], w: &mut Writer<'_>) -> Result<(), ValueError> {
    Push::Indication { handle, value }.write(w).map_err(|_| ValueError::TooLong)
}

/// Returns the subscriptions that a characteristic supports.
pub(super) fn possible(c: &Characteristic) -> Cccd {
    let mut possible = Cccd::empty();
    possible.set(Cccd::NOTIFY, c.properties().contains(Properties::NOTIFY));
    possible.set(Cccd::INDICATE, c.properties().contains(Properties::INDICATE));
    possible
}
