//! Requests of the application for advertising, scanning and connecting, and their outcomes. GAP owns the requests.

use core::task::Poll;

use bindrune_gap::{
    AddressChoice, Advertisement, Advertising, AdvertisingEnd, Config as GapConfig, Connect,
    ConnectEnd, Connecting, Device, GapEvent, LinkUp, Report, Scan, ScanEnd, SetId, WhenFull,
};
use bindrune_hci::{Role, Status};
use bindrune_wire::{Address, Handle, time::Instant};

use super::{LinkRef, Receive, Stack};
use crate::{
    Config, Error,
    capability::{EXTENDED, HOST_FLOW_CONTROL},
    config::Privacy,
    waiters::{Due, HostKey},
};

/// The request that made a link, until its future takes the link. GAP has the request's content and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Claim {
    /// An advertising set.
    Set(SetId) = 1,
    /// The connection attempt.
    Connect,
}

/// Returns GAP's configuration of the controller.
pub(crate) fn gap_config(config: &Config, rx: &Receive, packet_size: usize) -> GapConfig {
    GapConfig {
        address: config.address.map_or(AddressChoice::Automatic, AddressChoice::Static),
        host_acl_len: u16::try_from(packet_size).unwrap_or(u16::MAX),
        host_acl_count: host_acl_count(rx),
        data_length: config.data_length,
        phy_2m: config.two_megabit,
        private: config.privacy != Privacy::Off,
    }
}

impl Stack {
    /// Takes an advertising set for a request.
    pub(crate) fn request_advertising(
        &mut self,
        advertisement: &Advertisement<'_>,
    ) -> Result<SetId, Error> {
        if self.poll_requests_taken().is_pending() {
            return Err(Error::ShutDown);
        }
        if advertisement.is_connectable() {
            self.check_may_link()?;
        }
        let set = self.gap.free_set().ok_or(Error::Busy)?;
        let max = self.config.advertising_bytes.min(advertisement.data_room());
        let name = self.named.map_or(self.config.name, |name| name(&self.server));
        let device = Device { name, appearance: self.config.appearance };
        self.gap.advertise(set, advertisement, device).map_err(|_| Error::TooLong { max })?;
        if advertisement.peer().is_some_and(|peer| self.is_private_peer(peer)) {
            self.gap.peer_is_private(set);
        }
        self.ready.run(Due::COMMAND);
        Ok(set)
    }

    /// Takes the link that an advertising set made.
    pub(crate) fn poll_advertised(&mut self, set: SetId) -> Poll<Result<LinkRef, Error>> {
        if let Some(link) = self.take_claimed(Claim::Set(set)) {
            return Poll::Ready(Ok(link));
        }
        let end = match self.gap.advertising(set) {
            Some(Advertising::Pending) => return Poll::Pending,
            Some(Advertising::Linked) if self.is_claimed(Claim::Set(set)) => return Poll::Pending,
            Some(Advertising::Linked) | None => Error::Busy,
            Some(Advertising::Ended(AdvertisingEnd::Timeout)) => Error::Timeout,
            Some(Advertising::Ended(AdvertisingEnd::NoLink)) => Error::NoLink,
            Some(Advertising::Ended(AdvertisingEnd::Withdrawn)) => Error::ShutDown,
            Some(Advertising::Ended(AdvertisingEnd::Failed(status))) => Error::Controller(status),
        };
        Poll::Ready(Err(end))
    }

    /// Ends the request of an advertising set. Disconnects a link that its future has not taken.
    pub(crate) fn release_advertising(&mut self, set: SetId) {
        self.gap.stop_advertising(set);
        self.drop_claim(Claim::Set(set));
        self.ready.run(Due::COMMAND);
        self.ready.host(HostKey::Advertise);
        self.deadlines_changed();
    }

    /// Begins to connect once earlier attempts are over.
    pub(crate) fn poll_connect(
        &mut self,
        first: bool,
        connect: &Connect,
        peers: &[Address],
    ) -> Poll<Result<(), Error>> {
        if connect.parameters.validate().is_err() || (connect.peer.is_none() && peers.is_empty()) {
            return Poll::Ready(Err(Error::InvalidParameters));
        }
        if let Err(error) = self.check_may_link() {
            return Poll::Ready(Err(error));
        }
        if !first || self.gap.connecting().is_some() || self.poll_requests_taken().is_pending() {
            return Poll::Pending;
        }
        if connect.when_full == WhenFull::Fail && self.is_full() {
            return Poll::Ready(Err(Error::NoLink));
        }
        if connect.peer.is_none() && self.gap.set_accept_list(peers).is_err() {
            return Poll::Ready(Err(Error::InvalidParameters));
        }
        self.begin_connecting(connect);
        self.ready.run(Due::COMMAND);
        Poll::Ready(Ok(()))
    }

    /// Takes the link that the connection attempt made.
    pub(crate) fn poll_connected(&mut self) -> Poll<Result<LinkRef, Error>> {
        if let Some(link) = self.take_claimed(Claim::Connect) {
            return Poll::Ready(Ok(link));
        }
        let end = match self.gap.connecting() {
            Some(Connecting::Pending) => return Poll::Pending,
            Some(Connecting::Linked) if self.is_claimed(Claim::Connect) => return Poll::Pending,
            Some(Connecting::Linked) | None => Error::Busy,
            Some(Connecting::Ended(ConnectEnd::Timeout)) => Error::Timeout,
            Some(Connecting::Ended(ConnectEnd::NoLink)) => Error::NoLink,
            Some(Connecting::Ended(ConnectEnd::Withdrawn)) => Error::ShutDown,
            Some(Connecting::Ended(ConnectEnd::Failed(status))) => Error::Controller(status),
        };
        Poll::Ready(Err(end))
    }

    /// Ends the connection attempt. Disconnects a link that its future has not taken.
    pub(crate) fn release_connect(&mut self) {
        self.gap.stop_connecting();
        self.drop_claim(Claim::Connect);
        self.ready.run(Due::COMMAND);
        self.ready.host(HostKey::Connect);
        self.deadlines_changed();
    }

    /// Begins to scan.
    pub(crate) fn request_scan(&mut self, scan: &Scan) -> Result<(), Error> {
        if self.gap.scanning().is_some() {
            return Err(Error::Busy);
        }
        if self.poll_requests_taken().is_pending() {
            return Err(Error::ShutDown);
        }
        self.gap.scan(*scan);
        self.ready.run(Due::COMMAND);
        Ok(())
    }

    /// Returns whether a report can be read.
    pub(crate) fn scan_state(&self) -> Result<bool, Error> {
        match self.gap.scanning() {
            _ if self.gap.has_report() => Ok(true),
            Some(Err(ScanEnd::Failed(status))) => Err(Error::Controller(status)),
            Some(Err(ScanEnd::Timeout)) => Err(Error::Timeout),
            Some(Err(ScanEnd::Withdrawn)) => Err(Error::ShutDown),
            Some(Ok(())) | None => Ok(false),
        }
    }

    /// Takes the oldest report.
    pub(crate) fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        let report = self.gap.next_report(buffer)?;
        Some(self.resolved(report))
    }

    /// Returns the number of reports that were not read in time.
    pub(crate) const fn lost_reports(&self) -> u32 {
        self.gap.lost_reports()
    }

    /// Stops scanning.
    pub(crate) fn release_scan(&mut self) {
        self.gap.stop_scanning();
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Ends every request with [`Error::ShutDown`], and turns off everything that the requests turned on.
    pub(super) fn withdraw_all(&mut self) {
        self.gap.withdraw_all();
        self.ready.run(Due::COMMAND);
        for key in [HostKey::Advertise, HostKey::Connect, HostKey::Scan] {
            self.ready.host(key);
        }
        self.deadlines_changed();
    }

    /// Handles a link that came up.
    pub(super) fn handle_link_up(&mut self, now: Instant, up: &LinkUp) {
        let claim = match (up.role, up.set) {
            (Role::CENTRAL, _) => Some(Claim::Connect),
            (_, set) => set.map(Claim::Set),
        };
        let claim = claim.filter(|_| up.wanted);
        let link = self.link_up(now, up);
        match link {
            Some(link) if up.wanted => {
                if let Some(claim) = claim {
                    self.give_link(now, link, claim);
                }
            }
            Some(link) => {
                let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
            }
            None => {
                self.stats.refused_links.count();
                self.gap.refuse(up.handle);
                self.gap.link_ended(up.handle);
                if let Some(claim) = claim {
                    self.resume(claim);
                }
            }
        }
        if let Some(link) = link {
            self.deliver_early(now, link);
        }
    }

    /// Handles the pending events and reports of GAP.
    pub(super) fn gap_changed(&mut self, now: Instant) {
        self.poll_gap_events(now);
        if self.gap.has_report() {
            self.ready.host(HostKey::Scan);
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Handles GAP's pending events, and wakes the tasks that wait for their requests.
    pub(super) fn poll_gap_events(&mut self, now: Instant) {
        while let Some(event) = self.gap.poll_event() {
            self.handle_gap_event(now, event);
        }
    }

    fn handle_gap_event(&mut self, now: Instant, event: GapEvent) {
        match event {
            GapEvent::Ready => self.set_up(now, Ok(())),
            GapEvent::InitFailed(error) => self.set_up(now, Err(error)),
            GapEvent::Waits => self.deadlines_changed(),
            GapEvent::AdvertisingEnded { .. } => self.ready.host(HostKey::Advertise),
            GapEvent::SetLinked { set, handle, wanted } if EXTENDED => {
                self.set_linked(now, set, handle, wanted)
            }
            GapEvent::AdvertisingStarted { .. } | GapEvent::SetLinked { .. } => {}
            GapEvent::PrivateAddressDue => self.private_address_due(),
            GapEvent::AddressChanged(result) => self.address_changed(result),
            GapEvent::ScanEnded(_) => self.ready.host(HostKey::Scan),
            GapEvent::ConnectEnded(_) => self.ready.host(HostKey::Connect),
        }
    }

    /// Handles the event that names the advertising set of a link.
    fn set_linked(&mut self, now: Instant, set: SetId, handle: Handle, wanted: bool) {
        let index = self.find(handle);
        let slot = index.and_then(|index| self.links.get(usize::from(index)).zip(Some(index)));
        match slot.map(|(slot, index)| (slot.reference(index), slot.users)) {
            Some((link, _)) if wanted => self.give_link(now, link, Claim::Set(set)),
            Some((link, 0)) => {
                let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
            }
            None if wanted => self.resume(Claim::Set(set)),
            Some(_) | None => {}
        }
    }

    /// Returns the number of receive packets that the controller may fill, for flow control towards the host.
    pub(super) fn host_acl_count(&self) -> u16 {
        host_acl_count(&self.rx)
    }
}

/// Returns the number of buffers for data from the controller to this host. 0 leaves flow control off.
fn host_acl_count(rx: &Receive) -> u16 {
    if HOST_FLOW_CONTROL { u16::try_from(rx.host_buffers()).unwrap_or(u16::MAX) } else { 0 }
}
