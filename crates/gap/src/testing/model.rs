//! A small controller that follows the rules of the specification, and records violations of the
//! host.

mod advertise;
mod resolving;

use std::{collections::VecDeque, vec, vec::Vec};

use bindrune_hci::{
    DeviceAddress, Event, FilterPolicy, RawHandle, Role, ScanFilterPolicy, Status,
    cmd::{Opcode, RawCommand, SupportedCommands, le},
    event::{AdvertisingSetTerminated, ConnectionComplete, EnhancedConnectionComplete},
};
use bindrune_wire::{Handle, Writer};

use super::{PEER, PUBLIC};

/// State of a controller.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) extended: bool,
    pub(crate) commands: SupportedCommands,
    pub(crate) le_features: u64,
    pub(crate) public: [u8; 6],
    pub(crate) manufacturer: u16,
    pub(crate) le_buffers: (u16, u8),
    pub(crate) shared_buffers: (u16, u16),
    pub(crate) states: u64,
    pub(crate) list_size: usize,
    pub(crate) sets: Vec<ModelSet>,
    pub(crate) list: Vec<DeviceAddress>,
    pub(crate) resolving_size: usize,
    pub(crate) resolving: Vec<DeviceAddress>,
    pub(crate) device_mode: Vec<DeviceAddress>,
    pub(crate) resolution: bool,
    pub(crate) scanning: bool,
    pub(crate) scan_by_list: bool,
    pub(crate) initiating: bool,
    pub(crate) initiate_by_list: bool,
    pub(crate) links: Vec<Handle>,
    pub(crate) random: [u8; 6],
    pub(crate) event_mask: u64,
    pub(crate) le_event_mask: u64,
    /// Refuses this opcode with this status, always.
    pub(crate) refuses: Vec<(Opcode, Status)>,
    /// Refuses the next commands with this status.
    pub(crate) failing: Option<(u8, Status)>,
    /// Answers refused commands with Command Status.
    pub(crate) by_status: bool,
    /// Commands that the state of the controller forbids.
    pub(crate) disallowed: Vec<Opcode>,
    pub(crate) next_handle: u16,
    /// Sends Advertising Set Terminated before Connection Complete.
    pub(crate) terminated_first: bool,
    pub(crate) events: VecDeque<Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelSet {
    pub(crate) on: bool,
    pub(crate) connectable: bool,
    pub(crate) by_list: bool,
    pub(crate) exists: bool,
    pub(crate) data: Vec<u8>,
    pub(crate) response: Vec<u8>,
    pub(crate) random: [u8; 6],
}

/// The answer to a command.
pub(super) enum Reply {
    Complete(Vec<u8>),
    Status(Status),
}

fn done() -> Result<Reply, Status> {
    Ok(Reply::Complete(vec![0]))
}

impl Model {
    pub(crate) fn new(extended: bool) -> Self {
        let mut commands = SupportedCommands::NONE;
        for opcode in SupportedCommands::known() {
            let is_extended = (0x2035..=0x2043).contains(&opcode.0);
            if extended || !is_extended {
                commands.insert(opcode);
            }
        }
        Self {
            extended,
            commands,
            le_features: 0x1122 | if extended { 1 << 12 } else { 0 },
            public: PUBLIC.octets(),
            manufacturer: 0x1234,
            le_buffers: (251, 8),
            shared_buffers: (0, 0),
            states: u64::MAX,
            list_size: 8,
            sets: vec![ModelSet::default(); if extended { 3 } else { 1 }],
            list: vec![],
            resolving_size: 4,
            resolving: vec![],
            device_mode: vec![],
            resolution: false,
            scanning: false,
            scan_by_list: false,
            initiating: false,
            initiate_by_list: false,
            links: vec![],
            random: [0; 6],
            event_mask: 0,
            le_event_mask: 0,
            refuses: vec![],
            failing: None,
            by_status: false,
            disallowed: vec![],
            next_handle: 0x40,
            terminated_first: false,
            events: VecDeque::new(),
        }
    }

    pub(super) fn command(&mut self, command: RawCommand<'_>) -> Reply {
        let refused = self.refuses.iter().find(|(opcode, _)| *opcode == command.opcode);
        let status = match (refused, &mut self.failing) {
            (Some((_, status)), _) => Some(*status),
            (None, Some((left, status))) if *left > 0 => {
                *left -= 1;
                Some(*status)
            }
            _ => None,
        };
        let reply = match status {
            Some(status) => Err(status),
            None => self.obey(command),
        };
        match reply {
            Ok(reply) => reply,
            Err(status) => {
                if status == Status::COMMAND_DISALLOWED {
                    self.disallowed.push(command.opcode);
                }
                if self.by_status { Reply::Status(status) } else { Reply::Complete(vec![status.0]) }
            }
        }
    }

    fn obey(&mut self, command: RawCommand<'_>) -> Result<Reply, Status> {
        let RawCommand { opcode, parameters } = command;
        if !self.commands.supports(opcode) && opcode != Opcode::VENDOR_READ_STATIC_ADDRESSES {
            return Err(Status::UNKNOWN_COMMAND);
        }
        match opcode {
            Opcode::RESET => {
                self.reset();
                done()
            }
            Opcode::SET_EVENT_MASK => {
                self.event_mask = u64::from_le_bytes(parameters.try_into().unwrap());
                done()
            }
            Opcode::LE_SET_EVENT_MASK => {
                self.le_event_mask = u64::from_le_bytes(parameters.try_into().unwrap());
                done()
            }
            Opcode::LE_SET_RANDOM_ADDRESS => {
                let advertises = !self.extended && self.sets.iter().any(|set| set.on);
                self.must(!(advertises || self.scanning || self.initiating))?;
                self.random = parameters.try_into().unwrap();
                done()
            }
            Opcode::DISCONNECT => {
                let handle = u16::from_le_bytes([parameters[0], parameters[1]]);
                let at = self.links.iter().position(|l| l.get() == handle);
                self.links.remove(at.ok_or(Status::UNKNOWN_CONNECTION)?);
                Ok(Reply::Status(Status::SUCCESS))
            }
            _ => match self.report_identity(opcode) {
                Some(octets) => Ok(Reply::Complete([&[0], &octets[..]].concat())),
                None => self.obey_state(opcode, parameters),
            },
        }
    }

    fn reset(&mut self) {
        self.sets.fill(ModelSet::default());
        (self.scanning, self.initiating) = (false, false);
        self.list.clear();
        self.resolving.clear();
        self.device_mode.clear();
        self.resolution = false;
        self.random = [0; 6];
        self.links.clear();
        self.events.clear();
    }

    /// Returns the answer to a read command, after its status.
    fn report_identity(&self, opcode: Opcode) -> Option<Vec<u8>> {
        Some(match opcode {
            Opcode::READ_LOCAL_VERSION => {
                let [a, b] = self.manufacturer.to_le_bytes();
                vec![12, 0x34, 0x12, 12, a, b, 0x78, 0x56]
            }
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => self.commands.to_bits().to_vec(),
            Opcode::READ_LOCAL_SUPPORTED_FEATURES => vec![0, 0, 0, 0, 0x60, 0, 0, 0],
            Opcode::READ_BD_ADDR => self.public.to_vec(),
            Opcode::READ_BUFFER_SIZE => {
                let (len, count) = self.shared_buffers;
                [&len.to_le_bytes()[..], &[0], &count.to_le_bytes(), &[0, 0]].concat()
            }
            Opcode::LE_READ_BUFFER_SIZE => {
                let (len, count) = self.le_buffers;
                [&len.to_le_bytes()[..], &[count]].concat()
            }
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => self.le_features.to_le_bytes().to_vec(),
            Opcode::LE_READ_SUPPORTED_STATES => self.states.to_le_bytes().to_vec(),
            Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE => vec![self.list_size as u8],
            Opcode::LE_READ_RESOLVING_LIST_SIZE => vec![self.resolving_size as u8],
            Opcode::LE_READ_MAXIMUM_DATA_LENGTH => {
                vec![251, 0, 0x90, 0x42, 251, 0, 0x90, 0x42]
            }
            Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH => 1650u16.to_le_bytes().to_vec(),
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS => vec![self.sets.len() as u8],
            Opcode::LE_RAND => vec![1, 2, 3, 4, 5, 6, 7, 8],
            Opcode::VENDOR_READ_STATIC_ADDRESSES => {
                [&[1, 6, 5, 4, 3, 2, 0xc1][..], &[0; 16]].concat()
            }
            _ => return None,
        })
    }

    fn obey_state(&mut self, opcode: Opcode, parameters: &[u8]) -> Result<Reply, Status> {
        match opcode {
            Opcode::LE_CLEAR_FILTER_ACCEPT_LIST => {
                self.list_is_free()?;
                self.list.clear();
                done()
            }
            Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST => {
                self.list_is_free()?;
                if self.list.len() >= self.list_size {
                    return Err(Status::MEMORY_CAPACITY_EXCEEDED);
                }
                self.list.push(le::AddToFilterAcceptList::parse(parameters).unwrap().peer);
                done()
            }
            Opcode::LE_SET_SCAN_PARAMETERS => {
                self.must(!self.scanning)?;
                let command = le::SetScanParameters::parse(parameters).unwrap();
                self.scan_by_list = command.filter_policy == ScanFilterPolicy::BY_LIST;
                done()
            }
            Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS => {
                self.must(!self.scanning)?;
                let command = le::SetExtendedScanParameters::parse(parameters).unwrap();
                self.scan_by_list = command.filter_policy == ScanFilterPolicy::BY_LIST;
                done()
            }
            Opcode::LE_SET_SCAN_ENABLE | Opcode::LE_SET_EXTENDED_SCAN_ENABLE => {
                self.must(parameters[0] == 0 || self.may_combine(true, self.initiating))?;
                self.scanning = parameters[0] == 1;
                done()
            }
            Opcode::LE_CREATE_CONNECTION => {
                self.must(!self.initiating && self.may_combine(self.scanning, true))?;
                let command = le::CreateConnection::parse(parameters).unwrap();
                self.initiating = true;
                self.initiate_by_list = command.filter_policy == FilterPolicy::SCAN_BY_LIST;
                Ok(Reply::Status(Status::SUCCESS))
            }
            Opcode::LE_EXTENDED_CREATE_CONNECTION => {
                self.must(!self.initiating && self.may_combine(self.scanning, true))?;
                let command = le::ExtendedCreateConnection::parse(parameters).unwrap();
                self.initiating = true;
                self.initiate_by_list = command.filter_policy == FilterPolicy::SCAN_BY_LIST;
                Ok(Reply::Status(Status::SUCCESS))
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => {
                self.must(self.initiating)?;
                self.initiating = false;
                self.connection_complete(Status::UNKNOWN_CONNECTION, Role::CENTRAL, 0);
                done()
            }
            Opcode::LE_ADD_TO_RESOLVING_LIST
            | Opcode::LE_CLEAR_RESOLVING_LIST
            | Opcode::LE_SET_PRIVACY_MODE
            | Opcode::LE_SET_ADDRESS_RESOLUTION_ENABLE => self.obey_resolving(opcode, parameters),
            _ if self.extended => self.obey_extended_advertising(opcode, parameters),
            _ => self.obey_legacy_advertising(opcode, parameters),
        }
    }

    fn must(&self, allowed: bool) -> Result<(), Status> {
        if allowed { Ok(()) } else { Err(Status::COMMAND_DISALLOWED) }
    }

    fn may_combine(&self, scanning: bool, initiating: bool) -> bool {
        !(scanning && initiating) || self.states & (0b11 << 22) != 0
    }

    fn list_is_free(&self) -> Result<(), Status> {
        let used = self.sets.iter().any(|set| set.on && set.by_list)
            || (self.scanning && self.scan_by_list)
            || (self.initiating && self.initiate_by_list);
        self.must(!used)
    }

    fn connection_complete(&mut self, status: Status, role: Role, handle: u16) {
        let handle = RawHandle::new(handle);
        let (interval, timeout) = (24.into(), 500.into());
        let plain = ConnectionComplete {
            status,
            handle,
            role,
            peer: PEER.into(),
            interval,
            latency: 0.into(),
            timeout,
            clock_accuracy: 0,
        };
        let enhanced = EnhancedConnectionComplete {
            status,
            handle,
            role,
            peer: PEER.into(),
            local_private_address: [0; 6],
            peer_private_address: [0; 6],
            interval,
            latency: 0.into(),
            timeout,
            clock_accuracy: 0,
        };
        if self.extended {
            self.report(&Event::LeEnhancedConnectionComplete(&enhanced));
        } else {
            self.report(&Event::LeConnectionComplete(&plain));
        }
    }

    /// Reports a link that could not be established.
    pub(crate) fn connection_failed(&mut self, status: Status, role: Role) {
        self.connection_complete(status, role, 0);
    }

    fn new_link(&mut self) -> u16 {
        self.next_handle += 1;
        self.links.push(Handle::new(self.next_handle).unwrap());
        self.next_handle
    }

    /// Connects a central to a set, if that is possible.
    pub(crate) fn central_comes(&mut self, set: usize) {
        if !self.sets.get(set).is_some_and(|set| set.on && set.connectable) {
            return;
        }
        let handle = self.new_link();
        self.sets[set].on = false;
        if self.extended && self.terminated_first {
            self.set_terminated(Status::SUCCESS, set, handle);
        }
        self.connection_complete(Status::SUCCESS, Role::PERIPHERAL, handle);
        if self.extended && !self.terminated_first {
            self.set_terminated(Status::SUCCESS, set, handle);
        }
    }

    pub(crate) fn set_terminated(&mut self, status: Status, set: usize, handle: u16) {
        self.report(&Event::LeAdvertisingSetTerminated(&AdvertisingSetTerminated {
            status,
            set: set as u8,
            handle: RawHandle::new(handle),
            completed_events: 0,
        }));
    }

    /// Lets the sought peer answer.
    pub(crate) fn peripheral_answers(&mut self) {
        if self.initiating {
            self.initiating = false;
            let handle = self.new_link();
            self.connection_complete(Status::SUCCESS, Role::CENTRAL, handle);
        }
    }

    pub(crate) fn report(&mut self, event: &Event<'_>) {
        let mut buffer = [0; 257];
        let mut w = Writer::new(&mut buffer);
        event.write(&mut w).unwrap();
        self.events.push_back(w.written().to_vec());
    }
}
