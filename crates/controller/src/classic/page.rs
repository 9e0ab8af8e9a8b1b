//! Paging: connections and remote names. [Vol 2] Part B, 8.3

use bindrune_hci::Status;
use embassy_time::Duration;

use super::{
    BdAddr, ClassicLink, ClassicLinkId, ClassicTimer,
    events::{
        ACL, CONNECTION_REQUEST, HOST_FEATURES_NOTIFICATION, MAX_SLOTS_CHANGE,
        REMOTE_NAME_COMPLETE, ROLE_CHANGE,
    },
    link::slots,
};
use crate::{Air, ControllerId, air::Timer};

/// A controller's pending Create Connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: u32,
    peer: BdAddr,
    packet_types: u16,
    allow_switch: bool,
    /// The device that received the page.
    target: Option<ControllerId>,
    /// Whether the target accepted and asks for the central's role.
    accepted: Option<bool>,
}

/// A connection request that the host has not answered yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    number: u32,
    pager: ControllerId,
    page: u32,
    accepted: bool,
}

/// A controller's pending Remote Name Request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameRequest {
    number: u32,
    peer: BdAddr,
}

/// Create Connection.
impl Air {
    pub(super) fn page(
        &mut self,
        id: ControllerId,
        peer: BdAddr,
        packet_types: u16,
        allow_switch: bool,
    ) -> Result<(), Status> {
        if self.classic_link_to(id, peer).is_some() {
            return Err(Status::CONNECTION_EXISTS);
        }
        let controller = &mut self.medium.controllers[id];
        if controller.classic.page.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if controller.free_classic_handle().is_none() {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        let number = controller.next_number();
        let timeout = controller.classic.settings.page_timeout;
        let (target, accepted) = (None, None);
        controller.classic.page =
            Some(Page { number, peer, packet_types, allow_switch, target, accepted });
        let end = self.medium.now.saturating_add(slots(u32::from(timeout)));
        let timer = ClassicTimer::PageTimeout(id, number);
        self.medium.timers.set(end, Timer::Classic(timer));
        self.set_scan(peer, ClassicTimer::Page(id, number));
        Ok(())
    }

    /// Plans when the page scan window of `peer` comes next.
    fn set_scan(&mut self, peer: BdAddr, timer: ClassicTimer) {
        let target = self.device(peer);
        let m = &mut self.medium;
        let (interval, _) =
            target.map_or((0x0800, 0), |id| m.controllers[id].classic.settings.page_scan);
        let wait = m.radio.rng.below(interval.into()).saturating_add(2);
        let at = m.now.saturating_add(slots(u32::try_from(wait).unwrap_or(2)));
        m.timers.set(at, Timer::Classic(timer));
    }

    /// Returns the BR/EDR device with this address.
    fn device(&self, address: BdAddr) -> Option<ControllerId> {
        self.ids().find(|&id| {
            let controller = &self.medium.controllers[id];
            controller.config.classic.is_some() && controller.public_address() == address
        })
    }

    /// Returns the device that receives a page to `peer` now.
    fn page_target(&mut self, id: ControllerId, peer: BdAddr) -> Option<ControllerId> {
        let target = self.device(peer)?;
        let scans = self.medium.controllers[target].classic.settings.scans_pages();
        (scans && !self.medium.radio.loses(id, target)).then_some(target)
    }

    pub(super) fn page_arrives(&mut self, id: ControllerId, number: u32) {
        let page = self.medium.controllers[id].classic.page;
        let Some(page) = page.filter(|page| page.number == number && page.target.is_none()) else {
            return;
        };
        let own = self.medium.controllers[id].public_address();
        let class = self.medium.controllers[id].classic.settings.class;
        let target = self.page_target(id, page.peer);
        let busy = |air: &Self, target: ControllerId| {
            air.medium.controllers[target].classic.requests.contains_key(&own)
        };
        let Some(target) = target.filter(|&target| !busy(self, target)) else {
            return self.set_scan(page.peer, ClassicTimer::Page(id, number));
        };
        let m = &mut self.medium;
        let listener = &mut m.controllers[target];
        if listener.free_classic_handle().is_none()
            || !listener.emit(CONNECTION_REQUEST, &[&own, &class, &[ACL]])
        {
            return self.page_fails(id, Status::REJECTED_RESOURCES);
        }
        let request = listener.next_number();
        let timeout = listener.classic.settings.accept_timeout;
        listener
            .classic
            .requests
            .insert(own, Request { number: request, pager: id, page: number, accepted: false });
        if let Some(page) = &mut m.controllers[id].classic.page {
            page.target = Some(target);
        }
        let at = m.now.saturating_add(slots(u32::from(timeout)));
        m.timers.set(at, Timer::Classic(ClassicTimer::Accept(target, request)));
    }

    fn page_fails(&mut self, id: ControllerId, status: Status) {
        let controller = &mut self.medium.controllers[id];
        if let Some(page) = controller.classic.page.take() {
            controller.classic_connection_complete(status, 0, page.peer);
        }
    }

    pub(super) fn page_times_out(&mut self, id: ControllerId, number: u32) {
        let page = self.medium.controllers[id].classic.page;
        if page.is_some_and(|page| page.number == number && page.target.is_none()) {
            self.page_fails(id, Status::PAGE_TIMEOUT);
        }
    }

    pub(super) fn cancel_page(&mut self, id: ControllerId, peer: BdAddr) -> Result<(), Status> {
        if self.classic_link_to(id, peer).is_some() {
            return Err(Status::CONNECTION_EXISTS);
        }
        let page = self.medium.controllers[id].classic.page;
        page.filter(|page| page.peer == peer).ok_or(Status::UNKNOWN_CONNECTION)?;
        self.page_fails(id, Status::UNKNOWN_CONNECTION);
        Ok(())
    }
}

/// Answers to connection requests.
impl Air {
    /// Ends a request for the pager, if it still pages.
    fn refuse_pager(&mut self, request: Request, status: Status) {
        let page = self.medium.controllers[request.pager].classic.page;
        if page.is_some_and(|page| page.number == request.page) {
            self.page_fails(request.pager, status);
        }
    }

    /// Ends the requests that a controller forgets.
    pub(super) fn abandon_requests(&mut self, id: ControllerId) {
        let requests = core::mem::take(&mut self.medium.controllers[id].classic.requests);
        for request in requests.into_values() {
            self.refuse_pager(request, Status::CONNECTION_TIMEOUT);
        }
    }

    pub(super) fn accept_times_out(&mut self, id: ControllerId, number: u32) {
        let controller = &mut self.medium.controllers[id];
        let late =
            |(_, request): &(&BdAddr, &Request)| request.number == number && !request.accepted;
        let found = controller.classic.requests.iter().find(late);
        let Some((peer, request)) = found.map(|(peer, request)| (*peer, *request)) else { return };
        controller.classic.requests.remove(&peer);
        controller.classic_connection_complete(Status::ACCEPT_TIMEOUT, 0, peer);
        self.refuse_pager(request, Status::ACCEPT_TIMEOUT);
    }

    /// Accepts the request of `peer`; `central` if this device wants the central's role.
    pub(super) fn accept_request(
        &mut self,
        id: ControllerId,
        peer: BdAddr,
        central: bool,
    ) -> Result<(), Status> {
        let classic = &mut self.medium.controllers[id].classic;
        let request = classic.requests.get_mut(&peer).filter(|request| !request.accepted);
        let request = request.ok_or(Status::UNKNOWN_CONNECTION)?;
        request.accepted = true;
        let request = *request;
        if let Some(page) = &mut self.medium.controllers[request.pager].classic.page
            && page.number == request.page
        {
            page.accepted = Some(central);
        }
        let timer = ClassicTimer::Connect(id, request.number);
        self.medium.timers.set(self.medium.now.saturating_add(SETUP), Timer::Classic(timer));
        Ok(())
    }

    pub(super) fn reject_request(
        &mut self,
        id: ControllerId,
        peer: BdAddr,
        reason: Status,
    ) -> Result<(), Status> {
        let controller = &mut self.medium.controllers[id];
        let pending = controller.classic.requests.get(&peer).filter(|request| !request.accepted);
        let request = *pending.ok_or(Status::UNKNOWN_CONNECTION)?;
        controller.classic.requests.remove(&peer);
        controller.classic_connection_complete(reason, 0, peer);
        self.refuse_pager(request, reason);
        Ok(())
    }

    /// Finishes the setup of a link that the host of `id` accepted.
    pub(super) fn page_connects(&mut self, id: ControllerId, number: u32) {
        let requests = &mut self.medium.controllers[id].classic.requests;
        let found = requests.iter().find(|(_, request)| request.number == number);
        let Some((peer, request)) = found.map(|(peer, request)| (*peer, *request)) else { return };
        requests.remove(&peer);
        let page = self.medium.controllers[request.pager].classic.page;
        let page = page.filter(|page| page.number == request.page);
        let in_reach = self.medium.radio.reaches(id, request.pager);
        let handles = (
            self.medium.controllers[request.pager].free_classic_handle(),
            self.medium.controllers[id].free_classic_handle(),
        );
        match (page.filter(|_| in_reach), handles) {
            (Some(page), (Some(first), Some(second))) => {
                self.classic_connect(request.pager, id, page, (first, second));
            }
            (reached, _) => {
                let status = match reached {
                    Some(_) => Status::CONNECTION_LIMIT_EXCEEDED,
                    None => Status::CONNECTION_TIMEOUT,
                };
                let controller = &mut self.medium.controllers[id];
                controller.classic_connection_complete(status, 0, peer);
                self.refuse_pager(request, status);
            }
        }
    }

    fn classic_connect(
        &mut self,
        pager: ControllerId,
        paged: ControllerId,
        page: Page,
        handles: (u16, u16),
    ) {
        let id = ClassicLinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        let m = &mut self.medium;
        let can_switch = |id: ControllerId| {
            m.controllers[id].config.classic.as_ref().is_some_and(|config| config.role_switch)
        };
        let switched = page.accepted == Some(true)
            && page.allow_switch
            && can_switch(pager)
            && can_switch(paged);
        let own = m.controllers[pager].public_address();
        m.controllers[pager].classic.page = None;
        let ends = [(pager, handles.0, page.peer), (paged, handles.1, own)];
        let link = ClassicLink::new(id, ends, page.packet_types, switched, m);
        self.classic.insert(id, link);
        let parties = [super::Party::Pager, super::Party::Paged];
        for ((controller, handle, peer), party) in ends.into_iter().zip(parties) {
            let controller = &mut self.medium.controllers[controller];
            controller.classic.links.insert(handle, (id, party));
            if switched {
                let role = u8::from(party == super::Party::Pager);
                controller.emit(ROLE_CHANGE, &[&[Status::SUCCESS.0], &peer, &[role]]);
            }
            controller.classic_connection_complete(Status::SUCCESS, handle, peer);
            controller.emit(MAX_SLOTS_CHANGE, &[&handle.to_le_bytes(), &[5]]);
        }
        let crossed = self.medium.controllers[paged].classic.page;
        if crossed.is_some_and(|page| page.peer == own) {
            self.page_fails(paged, Status::CONNECTION_EXISTS);
        }
    }
}

/// Remote names.
impl Air {
    pub(super) fn request_name(&mut self, id: ControllerId, peer: BdAddr) -> Result<(), Status> {
        let linked = self.classic_link_to(id, peer).is_some();
        let controller = &mut self.medium.controllers[id];
        if controller.classic.name.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let number = controller.next_number();
        controller.classic.name = Some(NameRequest { number, peer });
        let timeout = controller.classic.settings.page_timeout;
        let end = self.medium.now.saturating_add(slots(u32::from(timeout)));
        let timer = ClassicTimer::NameTimeout(id, number);
        self.medium.timers.set(end, Timer::Classic(timer));
        let timer = ClassicTimer::Name(id, number);
        if linked {
            let at = self.medium.now.saturating_add(SETUP);
            self.medium.timers.set(at, Timer::Classic(timer));
        } else {
            self.set_scan(peer, timer);
        }
        Ok(())
    }

    pub(super) fn name_arrives(&mut self, id: ControllerId, number: u32) {
        let pending = self.medium.controllers[id].classic.name;
        let Some(NameRequest { peer, .. }) = pending.filter(|name| name.number == number) else {
            return;
        };
        let linked = self.classic_link_to(id, peer).is_some();
        let target = if linked {
            self.device(peer).filter(|&target| !self.medium.radio.loses(id, target))
        } else {
            self.page_target(id, peer)
        };
        let Some(target) = target else {
            return self.set_scan(peer, ClassicTimer::Name(id, number));
        };
        let device = &self.medium.controllers[target];
        let (name, features) = (device.classic.settings.name, device.host_features());
        let controller = &mut self.medium.controllers[id];
        controller.classic.name = None;
        if !linked {
            controller.emit(HOST_FEATURES_NOTIFICATION, &[&peer, &features.to_le_bytes()]);
        }
        controller.emit(REMOTE_NAME_COMPLETE, &[&[Status::SUCCESS.0], &peer, &name]);
    }

    pub(super) fn name_times_out(&mut self, id: ControllerId, number: u32) {
        let pending = self.medium.controllers[id].classic.name;
        if pending.is_some_and(|name| name.number == number) {
            self.name_fails(id, Status::PAGE_TIMEOUT);
        }
    }

    fn name_fails(&mut self, id: ControllerId, status: Status) {
        let controller = &mut self.medium.controllers[id];
        if let Some(NameRequest { peer, .. }) = controller.classic.name.take() {
            controller.emit(REMOTE_NAME_COMPLETE, &[&[status.0], &peer, &[0; 248]]);
        }
    }

    pub(super) fn cancel_name(&mut self, id: ControllerId, peer: BdAddr) -> Result<(), Status> {
        let pending = self.medium.controllers[id].classic.name;
        pending.filter(|name| name.peer == peer).ok_or(Status::INVALID_PARAMETERS)?;
        self.name_fails(id, Status::UNKNOWN_CONNECTION);
        Ok(())
    }

    /// Returns the link to the device with this address.
    pub(super) fn classic_link_to(&self, id: ControllerId, peer: BdAddr) -> Option<ClassicLinkId> {
        let links = &self.medium.controllers[id].classic.links;
        links.values().map(|(link, _)| *link).find(|link| {
            let link = self.classic.get(link);
            link.is_some_and(|link| link.is_between(id, peer))
        })
    }
}

/// Time from the answer of the host to the end of the setup of a link.
const SETUP: Duration = Duration::from_millis(10);
