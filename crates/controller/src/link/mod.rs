//! A connection between two controllers: its two ends, its start and its end. [Vol 6] Part B, 4.5
//!
//! - [`schedule`] runs connection events at their interval, with alternating PDUs;
//! - [`data`] splits ACL packets into data PDUs and delivers them, each acknowledged and in order;
//! - [`control`] has the link layer's own PDUs, and [`procedures`] the procedures that hosts can
//!   request;
//! - [`encrypt`] starts and refreshes encryption;
//! - [`air_time`] computes the duration of PDUs.

pub(crate) mod air_time;
mod control;
mod data;
mod encrypt;
mod lengths;
mod parameters;
mod procedures;
mod schedule;

use bindrune_hci::Status;
use bindrune_wire::Address;
use embassy_time::Instant;

use crate::{ControllerId, air::Medium};

pub(crate) use air_time::LinkPhy;
pub(crate) use lengths::{Effective, Lengths, Limits};
pub(crate) use parameters::{Parameters, Range};

use control::Pending;
pub(crate) use control::PhyRequest;
use data::Transmitter;
use encrypt::Encryption;
use schedule::Schedule;

/// Identifies a link; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) u32);

/// One of the two ends of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Central,
    Peripheral,
}

impl End {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Central => Self::Peripheral,
            Self::Peripheral => Self::Central,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Link {
    id: LinkId,
    parameters: Parameters,
    central: Side,
    peripheral: Side,
    schedule: Schedule,
    encryption: Encryption,
}

/// State of one end.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) controller: ControllerId,
    pub(crate) handle: u16,
    /// The address of the other end, as this end knows it.
    pub(crate) peer: Address,
    open: bool,
    pdu: Option<Instant>,
    transmitter: Transmitter,
    pending: Pending,
    lengths: Lengths,
    /// The PHY for transmitting of this end.
    phy: LinkPhy,
}

impl Side {
    pub(crate) fn new(
        controller: ControllerId,
        handle: u16,
        peer: Address,
        lengths: Lengths,
        phy: LinkPhy,
    ) -> Self {
        Self {
            controller,
            handle,
            peer,
            open: true,
            pdu: None,
            transmitter: Transmitter::default(),
            pending: Pending::default(),
            lengths,
            phy,
        }
    }
}

impl Link {
    /// Creates a link whose first connection event is at `first`.
    pub(crate) fn new(
        id: LinkId,
        parameters: Parameters,
        central: Side,
        peripheral: Side,
        m: &mut Medium,
        first: Instant,
    ) -> Self {
        let mut link = Self {
            id,
            parameters,
            central,
            peripheral,
            schedule: Schedule::new(m.now, first),
            encryption: Encryption::default(),
        };
        link.set_timer(m, first);
        for end in [End::Central, End::Peripheral] {
            if link.side(end).lengths.wants_more() {
                link.request_length(end);
            }
        }
        link
    }

    pub(crate) const fn side(&self, end: End) -> &Side {
        match end {
            End::Central => &self.central,
            End::Peripheral => &self.peripheral,
        }
    }

    const fn side_mut(&mut self, end: End) -> &mut Side {
        match end {
            End::Central => &mut self.central,
            End::Peripheral => &mut self.peripheral,
        }
    }

    /// Returns the end itself, then the other one.
    const fn ends_mut(&mut self, end: End) -> (&mut Side, &mut Side) {
        match end {
            End::Central => (&mut self.central, &mut self.peripheral),
            End::Peripheral => (&mut self.peripheral, &mut self.central),
        }
    }

    /// Returns whether the link has ended at both ends.
    pub(crate) const fn is_gone(&self) -> bool {
        !self.central.open && !self.peripheral.open
    }

    /// Ends the link at one end, and reports the reason to its host.
    fn close(&mut self, end: End, reason: Status, m: &mut Medium) {
        let side = self.side_mut(end);
        if !side.open {
            return;
        }
        side.open = false;
        let held = side.transmitter.held();
        let handle = side.handle;
        m.controllers[side.controller].link_closed(handle, held, reason);
    }

    /// Ends the link at the end of a controller that lost its power, without a report.
    pub(crate) const fn cut(&mut self, end: End) {
        self.side_mut(end).open = false;
    }
}
