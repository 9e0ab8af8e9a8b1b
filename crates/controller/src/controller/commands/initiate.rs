//! The accept list, and connecting. [Vol 4] Part E, 7.8.12 to 7.8.17, 7.8.66

use bindrune_hci::{
    AddressType, DeviceAddress, FilterPolicy, Opcode, OwnAddressType, Role, ScanFilterPolicy,
    Status,
    cmd::{
        Accepted, Done,
        le::{
            AddToFilterAcceptList, ClearFilterAcceptList, ConnectionParameters, CreateConnection,
            CreateConnectionCancel, ExtendedCreateConnection, FilterAcceptListSize, InitiatingPhy,
            ReadFilterAcceptListSize, RemoveFromFilterAcceptList,
        },
    },
};
use embassy_time::Duration;

use super::{ACCEPTED, Call, DONE, Reply};
use crate::{controller::Controller, initiate::Initiator, link::Range};

impl Call<'_> {
    pub(super) fn initiate(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE => {
                self.reply(ReadFilterAcceptListSize::parse(p), |call, _| {
                    let size = call.controller().config.accept_list;
                    Ok(FilterAcceptListSize { status: Status::SUCCESS, size })
                })
            }
            Opcode::LE_CLEAR_FILTER_ACCEPT_LIST => {
                self.reply(ClearFilterAcceptList::parse(p), |call, _| {
                    call.accept_list()?.clear();
                    Ok(DONE)
                })
            }
            Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST => {
                self.reply(AddToFilterAcceptList::parse(p), |call, c| call.accept(c.peer))
            }
            Opcode::LE_REMOVE_FROM_FILTER_ACCEPT_LIST => {
                self.reply(RemoveFromFilterAcceptList::parse(p), |call, c| {
                    let peer = entry(c.peer)?;
                    call.accept_list()?.retain(|other| *other != peer);
                    Ok(DONE)
                })
            }
            Opcode::LE_CREATE_CONNECTION => {
                self.reply(CreateConnection::parse(p), Self::create_connection)
            }
            Opcode::LE_EXTENDED_CREATE_CONNECTION => {
                self.reply(ExtendedCreateConnection::parse(p), Self::extended_create_connection)
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => {
                self.reply(CreateConnectionCancel::parse(p), |call, _| {
                    let pending = call.controller().initiator.take();
                    pending.ok_or(Status::COMMAND_DISALLOWED)?;
                    let status = Status::UNKNOWN_CONNECTION;
                    call.controller().connection_failed(status, Role::CENTRAL);
                    Ok(DONE)
                })
            }
            _ => return None,
        })
    }

    /// Returns the accept list, unless it is in use. [Vol 4] Part E, 7.8.15
    fn accept_list(&mut self) -> Result<&mut Vec<DeviceAddress>, Status> {
        let controller = self.controller();
        if controller.uses_accept_list() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        Ok(&mut controller.accept_list)
    }

    fn accept(&mut self, peer: DeviceAddress) -> Result<Done, Status> {
        let peer = entry(peer)?;
        let size = usize::from(self.controller().config.accept_list);
        let list = self.accept_list()?;
        if !list.contains(&peer) {
            if list.len() >= size {
                return Err(Status::MEMORY_CAPACITY_EXCEEDED);
            }
            list.push(peer);
        }
        Ok(DONE)
    }

    fn create_connection(&mut self, c: CreateConnection) -> Result<Accepted, Status> {
        if c.scan_interval.get() > 0x4000 {
            return Err(Status::INVALID_PARAMETERS);
        }
        let phy = InitiatingPhy {
            scan_interval: c.scan_interval,
            scan_window: c.scan_window,
            connection: c.connection,
        };
        self.initiate_on(&phy, c.filter_policy, c.peer, c.own_address_type)
    }

    fn extended_create_connection(
        &mut self,
        c: ExtendedCreateConnection,
    ) -> Result<Accepted, Status> {
        let has_2m = self.controller().config.phy_2m;
        let Some(phy) = c.le_1m.filter(|_| c.coded.is_none() && (has_2m || c.le_2m.is_none()))
        else {
            return Err(Status::UNSUPPORTED_FEATURE);
        };
        if let Some(two) = c.le_2m {
            range(&two.connection)?;
        }
        self.initiate_on(&phy, c.filter_policy, c.peer, c.own_address_type)?;
        if let Some(initiator) = &mut self.controller().initiator {
            initiator.extended = true;
            initiator.on_2m = c.le_2m.is_some();
        }
        Ok(ACCEPTED)
    }

    fn initiate_on(
        &mut self,
        phy: &InitiatingPhy,
        filter: FilterPolicy,
        peer: DeviceAddress,
        own: OwnAddressType,
    ) -> Result<Accepted, Status> {
        let (interval, window) = (phy.scan_interval.get(), phy.scan_window.get());
        let range = range(&phy.connection)?;
        let by_list = filter == FilterPolicy::SCAN_BY_LIST;
        let known = filter.0 <= 1
            && own.0 <= OwnAddressType::RESOLVABLE_OR_RANDOM.0
            && (by_list || peer.kind.0 <= AddressType::RANDOM_IDENTITY.0);
        if !known || window < 4 || window > interval {
            return Err(Status::INVALID_PARAMETERS);
        }
        let now = self.air.medium.now;
        let peer = peer.get().filter(|_| !by_list);
        if peer.is_some_and(|peer| self.air.has_link_to(self.id, peer)) {
            return Err(Status::CONNECTION_EXISTS);
        }
        let controller = self.controller();
        if controller.initiator.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if controller.free_handle().is_none() {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        if controller.address_for(own, controller.random_address, peer, now).is_none() {
            return Err(Status::INVALID_PARAMETERS);
        }
        let slots = |n: u16| Duration::from_micros(u64::from(n).saturating_mul(625));
        controller.initiator = Some(Initiator {
            peer,
            own,
            since: now,
            interval: slots(interval),
            window: slots(window),
            extended: false,
            on_2m: false,
            range,
        });
        Ok(ACCEPTED)
    }
}

impl Controller {
    fn uses_accept_list(&self) -> bool {
        let advertising =
            self.sets.values().any(|set| set.running.is_some() && set.filter != FilterPolicy::ALL);
        let by_list = [ScanFilterPolicy::BY_LIST, ScanFilterPolicy::BY_LIST_OR_RESOLVABLE];
        let scanning =
            self.scanner.running.is_some() && by_list.contains(&self.scanner.parameters.filter);
        let initiating = self.initiator.is_some_and(|initiator| initiator.peer.is_none());
        advertising || scanning || initiating
    }
}

/// Returns an entry of the accept list: public, random, or any anonymous advertiser.
fn entry(peer: DeviceAddress) -> Result<DeviceAddress, Status> {
    match peer.kind {
        AddressType::PUBLIC | AddressType::RANDOM => Ok(peer),
        AddressType::ANONYMOUS => Ok(DeviceAddress { octets: [0; 6], ..peer }),
        _ => Err(Status::INVALID_PARAMETERS),
    }
}

/// Returns the connection parameters of a command, if they are allowed.
pub(super) fn range(connection: &ConnectionParameters) -> Result<Range, Status> {
    if connection.event_length_min > connection.event_length_max {
        return Err(Status::INVALID_PARAMETERS);
    }
    let range = Range {
        interval_min: connection.interval_min.get(),
        interval_max: connection.interval_max.get(),
        latency: connection.latency.get(),
        timeout: connection.timeout.get(),
    };
    range.check()
}
