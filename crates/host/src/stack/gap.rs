//! Wishes of the application, and what comes of them: advertising, scanning, connecting.

use core::task::Poll;

use bindrune_gap::{
    AddressChoice, Advertisement, AdvertisingEnd, Config as GapConfig, Connect, ConnectEnd,
    GapEvent, LinkUp, Report, Scan, SetId,
};
use bindrune_hci::{Role, Status};
use bindrune_wire::{Address, Handle};
use embassy_time::Instant;

use super::{LinkRef, Receive, Stack};
use crate::{
    Config, Error, Stats,
    config::{MAX_ADVERTISING_SETS, Privacy},
    waiters::HostKey,
};

/// What the application waits for on an advertising set, or of its connection attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing is wished.
    None,
    /// It is wished.
    Waiting,
    /// A link came of it, which the application has not taken yet.
    Linked(LinkRef),
    /// It ended without a link.
    Ended(Error),
}

/// The wishes of the application.
#[derive(Debug)]
pub(super) struct Wishes {
    sets: [Wish; MAX_ADVERTISING_SETS],
    pub(super) connect: Wish,
    scan: Wish,
}

impl Wishes {
    pub(super) const NONE: Self =
        Self { sets: [Wish::None; MAX_ADVERTISING_SETS], connect: Wish::None, scan: Wish::None };
}

/// How GAP is to set up the controller.
pub(crate) fn gap_config(config: &Config, rx: &Receive, packet_size: usize) -> GapConfig {
    GapConfig {
        address: config.address.map_or(AddressChoice::Automatic, AddressChoice::Static),
        host_acl_len: u16::try_from(packet_size).unwrap_or(u16::MAX),
        host_acl_count: u16::try_from(rx.host_buffers()).unwrap_or(u16::MAX),
        data_length: config.data_length,
        phy_2m: config.two_megabit,
        private: config.privacy != Privacy::Off,
    }
}

impl Stack {
    /// Takes an advertising set for a wish.
    pub(crate) fn wish_advertising(
        &mut self,
        advertisement: &Advertisement<'_>,
    ) -> Result<SetId, Error> {
        if self.poll_requests_taken().is_pending() {
            return Err(Error::ShutDown);
        }
        let sets = self.wishes.sets.iter().take(self.gap.sets());
        let free = sets.zip(0u8..).find(|(wish, _)| **wish == Wish::None).map(|(_, id)| SetId(id));
        let set = free.ok_or(Error::Busy)?;
        let max = self.config.advertising_octets.min(advertisement.data_room());
        self.gap.advertise(set, advertisement).map_err(|_| Error::TooLong { max })?;
        self.set_wish(set, Wish::Waiting);
        self.ready.host(HostKey::Transmit);
        Ok(set)
    }

    /// The link that came of an advertising set.
    pub(crate) fn poll_advertised(&mut self, set: SetId) -> Poll<Result<LinkRef, Error>> {
        let Some(wish) = self.wishes.sets.get_mut(usize::from(set.0)) else {
            return Poll::Ready(Err(Error::Busy));
        };
        take_link(wish)
    }

    /// Ends the wish of an advertising set; a link that nobody took is disconnected.
    pub(crate) fn withdraw_advertising(&mut self, set: SetId) {
        self.gap.stop_advertising(set);
        if let Some(Wish::Linked(link)) = self.set_wish(set, Wish::None) {
            self.release_link(link);
        }
        self.ready.host(HostKey::Transmit);
        self.ready.host(HostKey::Advertise);
        self.deadlines_changed();
    }

    /// Begins to connect, once the attempts before are over.
    pub(crate) fn poll_connect(
        &mut self,
        first: bool,
        connect: &Connect,
        peers: &[Address],
    ) -> Poll<Result<(), Error>> {
        if connect.parameters.validate().is_err() || (connect.peer.is_none() && peers.is_empty()) {
            return Poll::Ready(Err(Error::InvalidParameters));
        }
        if !first || self.wishes.connect != Wish::None || self.poll_requests_taken().is_pending() {
            return Poll::Pending;
        }
        if self.links.iter().all(super::Link::is_up) {
            return Poll::Ready(Err(Error::NoLink));
        }
        if connect.peer.is_none() && self.gap.set_accept_list(peers).is_err() {
            return Poll::Ready(Err(Error::InvalidParameters));
        }
        self.begin_connecting(connect);
        self.wishes.connect = Wish::Waiting;
        self.ready.host(HostKey::Transmit);
        Poll::Ready(Ok(()))
    }

    /// The link that came of the connection attempt.
    pub(crate) fn poll_connected(&mut self) -> Poll<Result<LinkRef, Error>> {
        take_link(&mut self.wishes.connect)
    }

    /// Ends the connection attempt; a link that nobody took is disconnected.
    pub(crate) fn withdraw_connect(&mut self) {
        self.stop_seeking();
        self.gap.stop_connecting();
        if let Wish::Linked(link) = core::mem::replace(&mut self.wishes.connect, Wish::None) {
            self.release_link(link);
        }
        self.ready.host(HostKey::Transmit);
        self.ready.host(HostKey::Connect);
        self.deadlines_changed();
    }

    /// Begins to scan.
    pub(crate) fn wish_scan(&mut self, scan: &Scan) -> Result<(), Error> {
        if self.wishes.scan != Wish::None {
            return Err(Error::Busy);
        }
        if self.poll_requests_taken().is_pending() {
            return Err(Error::ShutDown);
        }
        self.gap.scan(*scan);
        self.wishes.scan = Wish::Waiting;
        self.ready.host(HostKey::Transmit);
        Ok(())
    }

    /// True where a report can be read.
    pub(crate) const fn scan_state(&self) -> Result<bool, Error> {
        match self.wishes.scan {
            _ if self.gap.has_report() => Ok(true),
            Wish::Ended(error) => Err(error),
            Wish::None | Wish::Waiting | Wish::Linked(_) => Ok(false),
        }
    }

    /// Takes the oldest report.
    pub(crate) fn next_report<'b>(&mut self, buffer: &'b mut [u8]) -> Option<Report<'b>> {
        let report = self.gap.next_report(buffer)?;
        Some(self.resolved(report))
    }

    /// Reports that were not read in time.
    pub(crate) const fn lost_reports(&self) -> u32 {
        self.gap.lost_reports()
    }

    /// Stops scanning.
    pub(crate) fn withdraw_scan(&mut self) {
        self.gap.stop_scanning();
        self.wishes.scan = Wish::None;
        self.ready.host(HostKey::Transmit);
        self.deadlines_changed();
    }

    /// Ends every request with this error, and turns off what it asked for.
    pub(super) fn withdraw_all(&mut self, error: Error) {
        let end = |wish: &mut Wish| {
            if *wish == Wish::Waiting {
                *wish = Wish::Ended(error);
            }
        };
        for (wish, id) in self.wishes.sets.iter_mut().zip(0u8..) {
            if *wish != Wish::None {
                self.gap.stop_advertising(SetId(id));
            }
            end(wish);
        }
        end(&mut self.wishes.connect);
        end(&mut self.wishes.scan);
        self.gap.stop_connecting();
        self.gap.stop_scanning();
        self.stop_seeking();
        for key in [HostKey::Advertise, HostKey::Connect, HostKey::Scan, HostKey::Transmit] {
            self.ready.host(key);
        }
        self.deadlines_changed();
    }

    /// A link came up.
    pub(super) fn handle_link_up(&mut self, now: Instant, up: &LinkUp) {
        if up.role == Role::CENTRAL && up.wanted {
            self.stop_seeking();
        }
        let link = self.link_up(now, up);
        match (link, up.wanted, up.role) {
            (Some(link), true, Role::CENTRAL) => {
                let wish = core::mem::replace(&mut self.wishes.connect, Wish::None);
                self.wishes.connect = self.offer(wish, link);
                self.ready.host(HostKey::Connect);
            }
            (Some(link), true, _) => {
                if let Some(set) = up.set {
                    self.offer_set(set, link);
                }
            }
            (Some(link), false, _) => {
                let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
            }
            (None, wanted, role) => self.refuse(up, wanted, role),
        }
        if let Some(link) = link {
            self.deliver_early(now, link);
        }
    }

    fn refuse(&mut self, up: &LinkUp, wanted: bool, role: Role) {
        Stats::count(&mut self.stats.refused_links);
        self.gap.refuse(up.handle);
        match (wanted, role, up.set) {
            (true, Role::CENTRAL, _) => self.wishes.connect = Wish::Ended(Error::NoLink),
            (true, _, Some(set)) => _ = self.set_wish(set, Wish::Ended(Error::NoLink)),
            _ => {}
        }
        self.ready.host(HostKey::Connect);
        self.ready.host(HostKey::Advertise);
    }

    /// Looks what GAP has to tell.
    pub(super) fn gap_changed(&mut self, now: Instant) {
        self.poll_gap_events(now);
        if self.gap.has_report() {
            self.ready.host(HostKey::Scan);
        }
        self.ready.host(HostKey::Transmit);
        self.deadlines_changed();
    }

    /// Hands on what happened to wishes.
    pub(super) fn poll_gap_events(&mut self, now: Instant) {
        while let Some(event) = self.gap.poll_event() {
            self.handle_gap_event(now, event);
        }
    }

    fn handle_gap_event(&mut self, now: Instant, event: GapEvent) {
        match event {
            GapEvent::Ready => self.set_up(now, Ok(())),
            GapEvent::InitFailed(error) => self.set_up(now, Err(error)),
            GapEvent::AdvertisingStarted { .. } => {}
            GapEvent::AdvertisingEnded { set, end } => {
                let error = match end {
                    AdvertisingEnd::Timeout => Error::Timeout,
                    AdvertisingEnd::Failed(status) => Error::Controller(status),
                };
                self.set_wish(set, Wish::Ended(error));
                self.ready.host(HostKey::Advertise);
            }
            GapEvent::SetLinked { set, handle, wanted } => {
                self.set_linked(now, set, handle, wanted)
            }
            GapEvent::PrivateAddressDue => self.private_address_due(),
            GapEvent::SeekEnded(status) => self.seek_ended(status),
            GapEvent::ScanEnded(status) => {
                self.wishes.scan = Wish::Ended(Error::Controller(status));
                self.ready.host(HostKey::Scan);
            }
            GapEvent::ConnectEnded(end) if self.seeks_again(end) => {}
            GapEvent::ConnectEnded(end) => {
                let error = match end {
                    ConnectEnd::Timeout => Error::Timeout,
                    ConnectEnd::Failed(status) => Error::Controller(status),
                };
                self.connect_ended(error);
            }
        }
    }

    fn set_linked(&mut self, _now: Instant, set: SetId, handle: Handle, wanted: bool) {
        let Some(index) = self.find(handle) else { return };
        let Some(link) = self.links.get(usize::from(index)).map(|l| l.reference(index)) else {
            return;
        };
        if wanted {
            self.offer_set(set, link);
        } else {
            let _ends = self.disconnect_slot(index, Status::REMOTE_USER_TERMINATED);
        }
    }

    fn offer_set(&mut self, set: SetId, link: LinkRef) {
        let wish = self.set_wish(set, Wish::None).unwrap_or(Wish::None);
        let wish = self.offer(wish, link);
        self.set_wish(set, wish);
        self.ready.host(HostKey::Advertise);
    }

    /// Gives a link to whom waits for it; else it is disconnected.
    fn offer(&mut self, wish: Wish, link: LinkRef) -> Wish {
        if wish == Wish::Waiting {
            self.share_link(link);
            return Wish::Linked(link);
        }
        let _ends = self.disconnect_slot(link.index, Status::REMOTE_USER_TERMINATED);
        wish
    }

    fn set_wish(&mut self, set: SetId, wish: Wish) -> Option<Wish> {
        let place = self.wishes.sets.get_mut(usize::from(set.0))?;
        Some(core::mem::replace(place, wish))
    }

    /// Receive packets that the controller may fill, for flow control towards the host.
    pub(super) fn host_acl_count(&self) -> u16 {
        u16::try_from(self.rx.host_buffers()).unwrap_or(u16::MAX)
    }
}

fn take_link(wish: &mut Wish) -> Poll<Result<LinkRef, Error>> {
    match *wish {
        Wish::Linked(link) => {
            *wish = Wish::None;
            Poll::Ready(Ok(link))
        }
        Wish::Ended(error) => Poll::Ready(Err(error)),
        Wish::Waiting => Poll::Pending,
        Wish::None => Poll::Ready(Err(Error::Busy)),
    }
}
