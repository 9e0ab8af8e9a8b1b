//! A host connected to a small controller.

use std::{boxed::Box, collections::VecDeque, vec, vec::Vec};

use bindrune_hci::{
    BdAddress, ClassOfDevice, Event, LinkType, LmpFeatures, LmpFeatures2, Opcode, RawHandle, Role,
    ScanRepetition, Status,
    cmd::{COMMAND_MAX, RawCommand, SupportedCommands, baseband::EventMask},
    event::{
        DisconnectionComplete, EVENT_MAX, RawEvent,
        classic::{
            ClassicEvent, ConnectionComplete, ConnectionRequest, ExtendedInquiryResult,
            InquiryResultWithRssi, ReadRemoteExtendedFeaturesComplete,
            ReadRemoteSupportedFeaturesComplete, RoleChange,
        },
    },
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use crate::{Config, FoundSlot, Gap, GapEvent, LinkSlot, LinkUp};

pub(crate) const OWN: BdAddress = BdAddress([9, 9, 9, 9, 9, 9]);
pub(crate) const PEER: BdAddress = BdAddress([1, 2, 3, 4, 5, 6]);
pub(crate) const OTHER: BdAddress = BdAddress([7, 2, 3, 4, 5, 6]);
pub(crate) const PHONE: ClassOfDevice = ClassOfDevice([0x0c, 0x02, 0x5a]);

/// A small controller: it answers commands at once, and sends the events that a test asks for.
pub(crate) struct Model {
    pub(crate) commands: SupportedCommands,
    pub(crate) features: LmpFeatures,
    pub(crate) buffers: (u16, u16),
    /// Answers that replace the usual ones, in order.
    pub(crate) refuse: Vec<(Opcode, Status)>,
    /// Whether it sends no event by itself.
    pub(crate) quiet: bool,
    pub(crate) events: VecDeque<Vec<u8>>,
    paging: Option<BdAddress>,
}

pub(crate) enum Reply {
    Complete(Vec<u8>),
    Status(Status),
}

impl Model {
    pub(crate) fn new() -> Self {
        let mut commands = SupportedCommands::NONE;
        SupportedCommands::known().for_each(|opcode| commands.insert(opcode));
        Self {
            commands,
            features: LmpFeatures::all() - LmpFeatures::BREDR_NOT_SUPPORTED,
            buffers: (1021, 8),
            refuse: vec![],
            quiet: false,
            events: VecDeque::new(),
            paging: None,
        }
    }

    /// Queues an event.
    pub(crate) fn send(&mut self, event: &ClassicEvent<'_>) {
        let mut buffer = [0; EVENT_MAX];
        let mut w = Writer::new(&mut buffer);
        event.write(&mut w).unwrap();
        self.events.push_back(w.written().to_vec());
    }

    pub(crate) fn send_shared(&mut self, event: &Event<'_>) {
        let mut buffer = [0; EVENT_MAX];
        let mut w = Writer::new(&mut buffer);
        event.write(&mut w).unwrap();
        self.events.push_back(w.written().to_vec());
    }

    pub(crate) fn complete(&mut self, status: Status, handle: u16, address: BdAddress) {
        self.send(&ClassicEvent::ConnectionComplete(&ConnectionComplete {
            status,
            handle: RawHandle::new(handle),
            address,
            link_type: LinkType::ACL,
            encrypted: 0,
        }));
    }

    pub(crate) fn request(&mut self, address: BdAddress, class: ClassOfDevice, kind: LinkType) {
        let event = ConnectionRequest { address, class, link_type: kind };
        self.send(&ClassicEvent::ConnectionRequest(&event));
    }

    pub(crate) fn end(&mut self, handle: u16, reason: Status) {
        let event = DisconnectionComplete {
            status: Status::SUCCESS,
            handle: RawHandle::new(handle),
            reason,
        };
        self.send_shared(&Event::DisconnectionComplete(&event));
    }

    pub(crate) fn role(&mut self, status: Status, address: BdAddress, role: Role) {
        self.send(&ClassicEvent::RoleChange(&RoleChange { status, address, role }));
    }

    pub(crate) fn result(&mut self, address: BdAddress, rssi: i8) {
        let result = InquiryResultWithRssi {
            address,
            scan_repetition: ScanRepetition::R1,
            reserved: 0,
            class: PHONE,
            clock_offset: 0x1234.into(),
            rssi,
        };
        self.send(&ClassicEvent::InquiryResultWithRssi(&[result]));
    }

    pub(crate) fn extended_result(&mut self, address: BdAddress, rssi: i8, name: &[u8]) {
        let mut data = [0; 240];
        data[0] = name.len() as u8 + 1;
        data[1] = 9;
        data[2..2 + name.len()].copy_from_slice(name);
        let result = ExtendedInquiryResult {
            count: 1,
            address,
            scan_repetition: ScanRepetition::R1,
            reserved: 0,
            class: PHONE,
            clock_offset: 0x1234.into(),
            rssi,
            data,
        };
        self.send(&ClassicEvent::ExtendedInquiryResult(&result));
    }

    pub(crate) fn command(&mut self, command: RawCommand<'_>) -> Reply {
        let RawCommand { opcode, parameters } = command;
        if let Some(index) = self.refuse.iter().position(|(refused, _)| *refused == opcode) {
            return Reply::Status(self.refuse.remove(index).1);
        }
        let handle = parameters.first_chunk::<2>().map_or(0, |octets| u16::from_le_bytes(*octets));
        let with = |octets: &[u8]| Reply::Complete([&[0], octets].concat());
        match opcode {
            Opcode::READ_LOCAL_SUPPORTED_FEATURES => with(&self.features.bits().to_le_bytes()),
            Opcode::READ_LOCAL_EXTENDED_FEATURES => {
                let features = if parameters[0] == 2 { LmpFeatures2::all().bits() } else { 0x0b };
                let head = [parameters[0], 2];
                with(&[&head[..], &features.to_le_bytes()].concat())
            }
            Opcode::READ_BD_ADDR => with(&OWN.0),
            Opcode::READ_BUFFER_SIZE => {
                let (len, count) = (self.buffers.0.to_le_bytes(), self.buffers.1.to_le_bytes());
                with(&[&len[..], &[0], &count, &[0, 0]].concat())
            }
            Opcode::CREATE_CONNECTION => {
                self.paging = Some(BdAddress(*parameters.first_chunk().unwrap()));
                Reply::Status(Status::SUCCESS)
            }
            Opcode::CREATE_CONNECTION_CANCEL => {
                if let Some(address) = self.paging.take().filter(|_| !self.quiet) {
                    self.complete(Status::UNKNOWN_CONNECTION, 0, address);
                }
                with(&parameters[..6])
            }
            Opcode::DISCONNECT => {
                if !self.quiet {
                    self.end(handle, Status::LOCAL_HOST_TERMINATED);
                }
                Reply::Status(Status::SUCCESS)
            }
            Opcode::READ_REMOTE_SUPPORTED_FEATURES | Opcode::READ_REMOTE_EXTENDED_FEATURES => {
                if !self.quiet {
                    self.remote_features(handle, parameters.get(2).copied());
                }
                Reply::Status(Status::SUCCESS)
            }
            Opcode::INQUIRY
            | Opcode::REMOTE_NAME_REQUEST
            | Opcode::CHANGE_CONNECTION_PACKET_TYPE
            | Opcode::SWITCH_ROLE
            | Opcode::SNIFF_MODE
            | Opcode::EXIT_SNIFF_MODE
            | Opcode::ACCEPT_CONNECTION_REQUEST
            | Opcode::REJECT_CONNECTION_REQUEST => Reply::Status(Status::SUCCESS),
            _ => with(parameters),
        }
    }

    fn remote_features(&mut self, handle: u16, page: Option<u8>) {
        let (status, handle) = (Status::SUCCESS, RawHandle::new(handle));
        if let Some(page) = page {
            let features = 0x0109.into();
            let event =
                ReadRemoteExtendedFeaturesComplete { status, handle, page, max_page: 2, features };
            self.send(&ClassicEvent::ReadRemoteExtendedFeaturesComplete(&event));
        } else {
            let features = self.features.bits().into();
            let event = ReadRemoteSupportedFeaturesComplete { status, handle, features };
            self.send(&ClassicEvent::ReadRemoteSupportedFeaturesComplete(&event));
        }
    }
}

/// A host connected to a small controller.
pub(crate) struct Rig {
    pub(crate) gap: Gap,
    pub(crate) model: Model,
    pub(crate) now: Instant,
    /// Every command with its parameters.
    pub(crate) sent: Vec<(Opcode, Vec<u8>)>,
    pub(crate) events: Vec<GapEvent>,
}

/// Links of the rig.
pub(crate) const LINKS: usize = 3;

impl Rig {
    pub(crate) fn with(model: Model, config: Config) -> Self {
        let links = vec![LinkSlot::EMPTY; LINKS].leak();
        let found = Box::leak(vec![FoundSlot::EMPTY; 4].into_boxed_slice());
        Self {
            gap: Gap::new(config, links, found),
            model,
            now: Instant::from_secs(1),
            sent: vec![],
            events: vec![],
        }
    }

    /// Creates a host that is set up; the commands so far are not recorded.
    pub(crate) fn ready() -> Self {
        let mut rig = Self::with(Model::new(), Config::DEFAULT);
        rig.start();
        assert_eq!(rig.events, [GapEvent::Ready]);
        rig.forget();
        rig
    }

    pub(crate) fn start(&mut self) {
        self.gap.restart(self.model.commands, EventMask::LE_META);
        self.run();
    }

    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
    }

    /// Passes one command to the controller, and its answer back. False if none is pending.
    pub(crate) fn step(&mut self) -> bool {
        let mut buffer = [0; COMMAND_MAX];
        let mut w = Writer::new(&mut buffer);
        let Some(opcode) = self.gap.poll_command(self.now, &mut w) else {
            assert!(w.is_empty());
            return false;
        };
        let command = RawCommand::parse(w.written()).unwrap();
        assert_eq!(command.opcode, opcode);
        self.sent.push((opcode, command.parameters.to_vec()));
        assert!(self.gap.poll_command(self.now, &mut Writer::new(&mut [0; 300])).is_none());
        match self.model.command(command) {
            Reply::Complete(parameters) => {
                self.gap.handle_complete(self.now, opcode, &parameters);
            }
            Reply::Status(status) => self.gap.handle_status(self.now, opcode, status),
        }
        true
    }

    /// Passes the controller's events to the host.
    pub(crate) fn deliver(&mut self) {
        while let Some(octets) = self.model.events.pop_front() {
            let raw = RawEvent::parse(&octets).unwrap();
            let event = Event::parse(raw.code, raw.parameters).unwrap();
            self.gap.handle_event(self.now, &event);
        }
        while let Some(event) = self.gap.poll_event() {
            self.events.push(event);
        }
    }

    /// Runs until no command is pending.
    pub(crate) fn run(&mut self) {
        for _ in 0..300 {
            self.deliver();
            if !self.step() && self.model.events.is_empty() {
                self.deliver();
                return;
            }
        }
        panic!("it does not converge: {:?}", &self.sent[self.sent.len() - 20..]);
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        while let Some((at, _)) = self.gap.poll_timeout().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.gap.handle_timeout(self.now);
            assert!(self.gap.poll_timeout().is_none_or(|(at, _)| at > self.now));
            self.run();
        }
        self.now = end;
    }

    pub(crate) fn opcodes(&self) -> Vec<Opcode> {
        self.sent.iter().map(|(opcode, _)| *opcode).collect()
    }

    /// Returns the parameters of the last such command.
    pub(crate) fn last(&self, opcode: Opcode) -> Option<&[u8]> {
        let mut all = self.sent.iter().rev();
        all.find(|(sent, _)| *sent == opcode).map(|(_, parameters)| &parameters[..])
    }

    pub(crate) fn count(&self, opcode: Opcode) -> usize {
        self.sent.iter().filter(|(sent, _)| *sent == opcode).count()
    }

    /// Makes a link, and returns its slot.
    pub(crate) fn link(&mut self, address: BdAddress, handle: u16) -> u8 {
        self.gap.connect(self.now, crate::Connect::to(address));
        self.run();
        self.model.complete(Status::SUCCESS, handle, address);
        self.run();
        let up = self.ups().into_iter().next_back().unwrap();
        assert_eq!((up.address, up.incoming), (address, false));
        up.slot
    }

    /// Returns every link that came up.
    pub(crate) fn ups(&self) -> Vec<LinkUp> {
        let up = |event: &GapEvent| {
            if let GapEvent::LinkUp(up) = event { Some(*up) } else { None }
        };
        self.events.iter().filter_map(up).collect()
    }
}
