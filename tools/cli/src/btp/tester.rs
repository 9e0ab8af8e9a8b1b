//! One tester: its registered services, its tasks, and the way from a command to its response.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

use bindrune::Host;
use bindrune_btp::{
    Command, Event, MTU, NO_CONTROLLER, Packet, Response, Service, Status, Supported, base,
    frame::Frame, gap, gatt, l2cap,
};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, JoinSet, spawn_local},
};

use super::{
    channels::Channels, links::Links, pairing::Questions, settings::Settings, table::Table,
};
use crate::failure::Failure;

/// Index of our controller.
pub(super) const CONTROLLER: u8 = 0;

/// Services that the host has.
const SERVICES: [Service; 4] = [Service::CORE, Service::GAP, Service::GATT, Service::L2CAP];

/// Commands of the protocol for which the host has no feature, or no public function.
const MISSING: [(Service, u8); 6] = [
    (Service::GAP, gap::Opcode::SET_FAST_CONNECTABLE.0),
    (Service::GAP, gap::Opcode::SET_PRIVATE_ADDRESS_TIMEOUT.0),
    (Service::GATT, gatt::Opcode::SIGNED_WRITE.0),
    (Service::L2CAP, l2cap::Opcode::RECONFIGURE.0),
    (Service::L2CAP, l2cap::Opcode::CREDITS.0),
    (Service::L2CAP, l2cap::Opcode::DISCONNECT_EATT.0),
];

/// State of a tester's session.
pub(super) struct Tester {
    pub(super) host: &'static Host,
    packets: mpsc::Sender<Packet>,
    pub(super) power: Rc<Notify>,
    /// Whether the tester decides requests for channels.
    pub(super) ask_channels: bool,
    /// A bit for each registered service.
    registered: Cell<u8>,
    tasks: RefCell<JoinSet<()>>,
    pub(super) settings: RefCell<Settings>,
    pub(super) links: Links,
    pub(super) questions: Questions,
    pub(super) table: RefCell<Table>,
    pub(super) channels: Channels,
}

/// A task that ends when this is dropped.
pub(super) struct Task(JoinHandle<()>);

impl Task {
    pub(super) fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        Self(spawn_local(future))
    }

    /// Ends the task, and waits until it has released what it held.
    pub(super) async fn stop(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tester {
    pub(super) async fn new(
        host: &'static Host,
        packets: mpsc::Sender<Packet>,
        power: Rc<Notify>,
        ask_channels: bool,
    ) -> Result<Rc<Self>, Failure> {
        let info = host
            .controller()
            .await
            .map_err(|error| Failure::no_controller(format!("the controller: {error}")))?;
        let table = Table::new(host.gatt())
            .map_err(|error| Failure::failed(format!("the table of attributes: {error}")))?;
        Ok(Rc::new(Self {
            host,
            packets,
            power,
            ask_channels,
            registered: Cell::new(1 << Service::CORE.0),
            tasks: RefCell::default(),
            settings: RefCell::new(Settings::new(host.address_mode(), &info)),
            links: Links::default(),
            questions: Questions::default(),
            table: RefCell::new(table),
            channels: Channels::default(),
        }))
    }

    /// Sends a packet; waits while the tester does not read.
    pub(super) async fn send(&self, packet: Packet) {
        if self.packets.send(packet).await.is_err() {
            log::debug!("a packet to a tester that is gone");
        }
    }

    /// Sends an event if the tester registered its service.
    pub(super) async fn event(&self, event: impl Into<Event>) {
        let packet = event.into().packet(CONTROLLER);
        if self.uses(packet.service) {
            self.send(packet).await;
        }
    }

    /// Runs a task until its end or the tester's.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let mut tasks = self.tasks.borrow_mut();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_local(task);
    }

    /// Ends all tasks of [`Self::spawn`].
    pub(super) async fn end_tasks(&self) {
        let mut tasks = self.tasks.take();
        tasks.shutdown().await;
    }

    fn uses(&self, service: Service) -> bool {
        self.registered.get() >> service.0 & 1 == 1
    }

    /// Returns the response to a frame.
    pub(super) async fn answer(self: &Rc<Self>, frame: Frame) -> Packet {
        let (packet, result) = match frame {
            Frame::Packet(packet) => {
                let result = self.respond(&packet).await;
                (packet, result)
            }
            Frame::TooLong(packet) => (packet, Err(Status::FAIL)),
        };
        let (service, index) = (packet.service, packet.index);
        match result {
            Ok(response) => response.packet(index),
            Err(status) => {
                log::info!("{service:?} command 0x{:02x}: {status:?}", packet.opcode);
                Packet::error(service, index, status)
            }
        }
    }

    async fn respond(self: &Rc<Self>, packet: &Packet) -> Result<Response, Status> {
        let (service, opcode) = (packet.service, packet.opcode);
        if !SERVICES.contains(&service) || MISSING.contains(&(service, opcode)) {
            return Err(Status::UNKNOWN_COMMAND);
        }
        if !self.uses(service) {
            return Err(Status::NOT_READY);
        }
        let command = Command::parse(packet);
        if command == Err(Status::UNKNOWN_COMMAND) {
            return Err(Status::UNKNOWN_COMMAND);
        }
        if !index_is_right(packet) {
            return Err(Status::INVALID_INDEX);
        }
        match command? {
            Command::Core(command) => self.core(command).map(Into::into),
            Command::Gap(command) => self.gap(command).await.map(Into::into),
            Command::Gatt(command) => self.gatt(command).await.map(Into::into),
            Command::L2cap(command) => self.l2cap(command).map(Into::into),
        }
    }

    fn core(&self, command: base::Command) -> Result<base::Response, Status> {
        let bit_of = |service: u8| {
            let known = SERVICES.contains(&Service(service));
            if known { Ok(1 << service) } else { Err(Status::FAIL) }
        };
        Ok(match command {
            base::Command::ReadSupportedCommands {} => {
                base::Response::SupportedCommands { commands: supported(Service::CORE) }
            }
            base::Command::ReadSupportedServices {} => base::Response::SupportedServices {
                services: Supported::of(SERVICES.map(|service| service.0)),
            },
            base::Command::RegisterService { service } => {
                self.registered.set(self.registered.get() | bit_of(service)?);
                base::Response::ServiceRegistered {}
            }
            base::Command::UnregisterService { service } => {
                let bit = if service == Service::CORE.0 { 0 } else { bit_of(service)? };
                self.registered.set(self.registered.get() & !bit);
                base::Response::ServiceUnregistered {}
            }
            base::Command::LogMessage { text } => {
                log::info!("tester: {}", String::from_utf8_lossy(&text.0).escape_debug());
                base::Response::Logged {}
            }
            base::Command::ReadMtu {} => {
                base::Response::Mtu { mtu: u16::try_from(MTU).unwrap_or(u16::MAX) }
            }
        })
    }
}

/// Returns whether the command of a packet is for its index.
fn index_is_right(packet: &Packet) -> bool {
    /// Testers send it with either index.
    const READ_SUPPORTED_COMMANDS: u8 = 1;
    match (packet.service, packet.opcode) {
        (Service::CORE, _) => packet.index == NO_CONTROLLER,
        (_, READ_SUPPORTED_COMMANDS) => matches!(packet.index, CONTROLLER | NO_CONTROLLER),
        (Service::GAP, opcode) if opcode == gap::Opcode::READ_INDEX_LIST.0 => {
            packet.index == NO_CONTROLLER
        }
        _ => packet.index == CONTROLLER,
    }
}

/// Returns the commands of a service that the host answers.
pub(super) fn supported(service: Service) -> Supported {
    let all: Vec<u8> = match service {
        Service::CORE => base::Command::OPCODES.iter().map(|opcode| opcode.0).collect(),
        Service::GAP => gap::Command::OPCODES.iter().map(|opcode| opcode.0).collect(),
        Service::GATT => gatt::Command::OPCODES.iter().map(|opcode| opcode.0).collect(),
        Service::L2CAP => l2cap::Command::OPCODES.iter().map(|opcode| opcode.0).collect(),
        _ => Vec::new(),
    };
    Supported::of(all.into_iter().filter(|opcode| !MISSING.contains(&(service, *opcode))))
}
