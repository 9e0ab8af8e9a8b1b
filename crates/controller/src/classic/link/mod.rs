//! A BR/EDR connection between two controllers. [Vol 2] Part B, 4
//!
//! - [`schedule`] lets the central poll, and the two answer each other slot by slot;
//! - [`packet`] has the sizes of packets; [`data`] splits ACL packets, repeats and flushes them;
//! - [`manager`] has the messages of the Link Manager;
//! - [`pairing`] authenticates, [`simple`] pairs with Secure Simple Pairing, [`encrypt`] encrypts.

mod data;
mod encrypt;
mod manager;
mod packet;
mod pairing;
mod schedule;
mod simple;
mod sniff;

use bindrune_hci::Status;
use embassy_time::{Duration, Instant};

use super::{BdAddr, ClassicTimer};
use crate::{
    ControllerId,
    air::{Medium, Timer},
    controller::Controller,
};

pub(super) use data::Boundary;
pub(super) use manager::Question;
pub(super) use packet::slots;
pub(super) use simple::IoCapability;
pub(super) use sniff::Request as SniffRequest;

use data::Transmitter;
use encrypt::Encryption;
use manager::Message;
use pairing::Pairing;
use schedule::Step;

/// Identifies a link; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassicLinkId(pub(crate) u32);

/// One of the two ends of a link. Roles may switch, these do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// The one that paged.
    Pager,
    /// The one that scanned for pages.
    Paged,
}

impl Party {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Pager => Self::Paged,
            Self::Paged => Self::Pager,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct ClassicLink {
    id: ClassicLinkId,
    pager: Side,
    paged: Side,
    central: Party,
    /// Whether the roles switch at the end of the exchange.
    switches: bool,
    sniff: Option<sniff::Sniff>,
    step: Step,
    /// When the next step is due.
    due: Option<Instant>,
    /// Number of exchanges until the central polls less often.
    lively: u8,
    /// In slots; 0 for none.
    supervision: u16,
    pairing: Option<Pairing>,
    /// The key of the last authentication.
    key: Option<[u8; 16]>,
    encryption: Encryption,
}

/// State of one end.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) controller: ControllerId,
    pub(crate) handle: u16,
    /// The address of the other end.
    pub(crate) peer: BdAddr,
    open: bool,
    last_rx: Instant,
    transmitter: Transmitter,
    pub(super) policy: u16,
    packet_types: u16,
    /// Automatic flush timeout in slots; 0 for none.
    pub(super) flush: u16,
    /// Authenticated payload timeout in units of 10 ms, which has no effect.
    pub(super) payload_timeout: u16,
    /// When this side ends at the latest, because its host disconnects.
    detaching: Option<Instant>,
}

impl Side {
    fn new((controller, handle, peer): (ControllerId, u16, BdAddr), m: &Medium) -> Self {
        let policy = m.controllers[controller].classic.settings.policy;
        Self {
            controller,
            handle,
            peer,
            open: true,
            last_rx: m.now,
            transmitter: Transmitter::default(),
            policy,
            packet_types: packet::ALL_TYPES,
            flush: 0,
            payload_timeout: 0x0bb8,
            detaching: None,
        }
    }
}

impl ClassicLink {
    /// Creates a link; `ends` are the pager and the paged: controller, handle, address of the other.
    pub(super) fn new(
        id: ClassicLinkId,
        [pager, paged]: [(ControllerId, u16, BdAddr); 2],
        packet_types: u16,
        switched: bool,
        m: &mut Medium,
    ) -> Self {
        let mut link = Self {
            id,
            pager: Side::new(pager, m),
            paged: Side::new(paged, m),
            central: if switched { Party::Paged } else { Party::Pager },
            switches: false,
            sniff: None,
            step: Step::Begin,
            due: None,
            lively: 0,
            supervision: DEFAULT_SUPERVISION,
            pairing: None,
            key: None,
            encryption: Encryption::default(),
        };
        link.pager.packet_types = packet_types;
        link.set_timer(m.now.saturating_add(slots(2)), m);
        link
    }

    pub(crate) const fn side(&self, party: Party) -> &Side {
        match party {
            Party::Pager => &self.pager,
            Party::Paged => &self.paged,
        }
    }

    pub(super) const fn side_mut(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Pager => &mut self.pager,
            Party::Paged => &mut self.paged,
        }
    }

    /// Returns this side, then the other one.
    const fn sides_mut(&mut self, party: Party) -> (&mut Side, &mut Side) {
        match party {
            Party::Pager => (&mut self.pager, &mut self.paged),
            Party::Paged => (&mut self.paged, &mut self.pager),
        }
    }

    /// Returns whether this link connects `id` with the device at `peer`.
    pub(super) fn is_between(&self, id: ControllerId, peer: BdAddr) -> bool {
        let is_ours = |side: &Side| side.open && side.controller == id && side.peer == peer;
        is_ours(&self.pager) || is_ours(&self.paged)
    }

    /// Returns the role of HCI: 0 for the central, 1 for the peripheral.
    pub(super) fn role(&self, party: Party) -> u8 {
        u8::from(self.central != party)
    }

    fn set_timer(&mut self, at: Instant, m: &mut Medium) {
        if self.due.is_none_or(|due| at < due) {
            self.due = Some(at);
            m.timers.set(at, Timer::Classic(ClassicTimer::Link(self.id)));
        }
    }

    fn controller<'a>(&self, party: Party, m: &'a mut Medium) -> &'a mut Controller {
        &mut m.controllers[self.side(party).controller]
    }

    /// Sends an event to the host of `party`, while it has the link. Returns whether it was sent.
    fn emit(&self, party: Party, code: u8, parts: &[&[u8]], m: &mut Medium) -> bool {
        self.side(party).open && self.controller(party, m).emit(code, parts)
    }

    pub(super) const fn supervision(&self) -> u16 {
        self.supervision
    }

    pub(super) fn set_supervision(
        &mut self,
        party: Party,
        timeout: u16,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if party != self.central {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.supervision = timeout;
        self.push(party, Message::Supervision(timeout), m);
        Ok(())
    }

    pub(super) fn set_packet_types(&mut self, party: Party, types: u16) {
        self.side_mut(party).packet_types = types;
    }

    /// Disconnects for the host of `party`.
    pub(super) fn disconnect(
        &mut self,
        party: Party,
        reason: Status,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.side(party).detaching.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.side_mut(party).detaching = Some(m.now.saturating_add(DETACH_TIMEOUT));
        self.push(party, Message::Detach(reason), m);
        Ok(())
    }

    /// Ends the link at one side, which reports `reason`.
    fn close(&mut self, party: Party, reason: Status, m: &mut Medium) {
        let side = self.side_mut(party);
        if !core::mem::take(&mut side.open) {
            return;
        }
        let (handle, held) = (side.handle, side.transmitter.held());
        self.controller(party, m).classic_closed(handle, held, reason);
    }

    /// Ends the link at one side without an event: its controller lost the link.
    pub(crate) const fn cut(&mut self, party: Party) {
        self.side_mut(party).open = false;
    }

    pub(crate) const fn is_gone(&self) -> bool {
        !self.pager.open && !self.paged.open
    }

    /// Closes each side that has received nothing for too long. [Vol 2] Part B, 3.1
    fn supervise(&mut self, m: &mut Medium) {
        let limit = slots(u32::from(self.supervision));
        for party in [Party::Pager, Party::Paged] {
            let side = self.side(party);
            let silent = self.supervision > 0 && m.now >= side.last_rx.saturating_add(limit);
            let detached = side.detaching.is_some_and(|end| m.now >= end);
            match (silent, detached) {
                (true, _) => self.close(party, Status::CONNECTION_TIMEOUT, m),
                (_, true) => self.close(party, Status::LOCAL_HOST_TERMINATED, m),
                _ => {}
            }
        }
    }
}

/// 20 s. [Vol 4] Part E, 6.21
const DEFAULT_SUPERVISION: u16 = 0x7d00;

/// Time until a side that detaches stops waiting for the acknowledgement.
const DETACH_TIMEOUT: Duration = Duration::from_millis(500);
