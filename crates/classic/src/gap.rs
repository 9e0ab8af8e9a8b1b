mod event;
mod input;
mod request;

use bindrune_hci::{
    BdAddress, ClassOfDevice, Opcode, Role, Status,
    cmd::{SupportedCommands, baseband::EventMask},
};
use bindrune_wire::{
    Writer,
    time::{Earliest, Instant},
};

use crate::{
    Config, ControllerInfo, FoundSlot, LinkSlot,
    command::status_of,
    connect::Connector,
    found::{Devices, Paging},
    incoming::Acceptor,
    inquiry::Inquirer,
    links::Links,
    local::Local,
    name::NameReader,
    refuse::Refused,
    setup::{Outcome, Setup},
};
pub use event::{GapEvent, GapTimer};

/// GAP of BR/EDR: set-up, inquiry, names, what others see of this device, links.
///
/// - Getters: [`Self::controller`], [`Self::link`], [`Self::links`], [`Self::slot_of_handle`],
///   [`Self::slot_of_address`], [`Self::name`], [`Self::lost_results`], [`Self::faults`].
/// - From the controller: [`Self::handle_event`], [`Self::handle_classic_event`], [`Self::handle_complete`],
///   [`Self::handle_status`].
/// - From the application: [`Self::inquire`], [`Self::stop_inquiry`], [`Self::next_result`], [`Self::read_name`],
///   [`Self::stop_reading_name`], [`Self::set_name`], [`Self::set_class`], [`Self::set_services`],
///   [`Self::set_connectable`], [`Self::set_discoverable`], [`Self::set_incoming`], [`Self::connect`],
///   [`Self::stop_connecting`], [`Self::disconnect`], [`Self::set_flush_timeout`], [`Self::set_packet_types`],
///   [`Self::switch_role`], [`Self::sniff`], [`Self::exit_sniff`], [`Self::wake`],
///   [`Self::set_supervision_timeout`].
/// - Outputs, after each of these: [`Self::poll_command`] while the command lane is free, then [`Self::poll_event`]
///   until there is none, then [`Self::poll_timeout`].
///
/// Requests may be made at any time, also before the set-up; they begin when it is complete. A new request replaces the
/// previous one of its kind.
#[derive(Debug)]
pub struct Gap {
    setup: Setup,
    local: Local,
    inquirer: Inquirer,
    devices: Devices,
    reader: NameReader,
    connector: Connector,
    acceptor: Acceptor,
    links: Links,
    refused: Refused,
    /// The machine whose command is in flight.
    sent: Option<(Opcode, Part)>,
    outcome: Option<Outcome>,
    /// Whether the caller knows of the results that wait.
    results_reported: bool,
    faults: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Setup,
    Refused,
    Acceptor,
    Links,
    Local,
    Inquirer,
    Connector,
    Reader,
}

impl Gap {
    /// Creates a machine that does nothing before [`Self::restart`].
    ///
    /// `links` is the table of links; `found` the memory for devices that answer inquiries.
    #[must_use]
    pub fn new(
        config: Config,
        links: &'static mut [LinkSlot],
        found: &'static mut [FoundSlot],
    ) -> Self {
        Self {
            setup: Setup::new(config),
            local: Local::new(config.class),
            inquirer: Inquirer::IDLE,
            devices: Devices::new(found),
            reader: NameReader::IDLE,
            connector: Connector::IDLE,
            acceptor: Acceptor::IDLE,
            links: Links::new(links),
            refused: Refused::NONE,
            sent: None,
            outcome: None,
            results_reported: false,
            faults: 0,
        }
    }

    /// Resets the machine to its initial state, in the same memory.
    pub fn reset(&mut self, config: Config) {
        self.setup = Setup::new(config);
        self.local = Local::new(config.class);
        self.inquirer = Inquirer::IDLE;
        self.devices.reset();
        self.reader = NameReader::IDLE;
        self.connector = Connector::IDLE;
        self.acceptor = Acceptor::IDLE;
        self.links.restart();
        self.refused = Refused::NONE;
        (self.sent, self.outcome, self.results_reported, self.faults) = (None, None, false, 0);
    }

    /// Starts the set-up, after that of LE: at first, and after each reset of the controller. All requests stay, and
    /// are sent to the controller again; links are gone, without an event.
    ///
    /// `commands` are the supported commands; `le_events` are the events that the set-up of LE turned on.
    pub fn restart(&mut self, commands: SupportedCommands, le_events: EventMask) {
        self.stop();
        self.setup.restart(commands, le_events);
    }

    /// Stops until [`Self::restart`], because the controller is lost or begins a reset. Links are gone, without an
    /// event.
    pub fn stop(&mut self) {
        self.setup.stop();
        self.local.restart();
        self.inquirer.restart();
        self.reader.restart();
        self.connector.restart();
        self.acceptor.restart();
        self.links.restart();
        self.refused = Refused::NONE;
        (self.sent, self.outcome) = (None, None);
    }

    /// Handles a command without an answer: from the next restart on, the host goes without it, until [`Self::forget`].
    /// Returns false, and changes nothing, if BR/EDR cannot be used without it.
    pub fn unanswered(&mut self, opcode: Opcode) -> bool {
        self.setup.unanswered(opcode)
    }

    /// Forgets which commands had no answer, because the controller may be a different one.
    pub const fn forget(&mut self) {
        self.setup.forget();
    }

    /// Returns the controller's capabilities, or `None` until the set-up is complete, and if there is no BR/EDR.
    #[must_use]
    pub const fn controller(&self) -> Option<&ControllerInfo> {
        self.setup.info()
    }

    /// Returns the number of events of the controller that made no sense and were ignored, and of commands that it
    /// refused without consequence.
    #[must_use]
    pub const fn faults(&self) -> u32 {
        self.faults
    }

    const fn fault(&mut self) {
        self.faults = self.faults.saturating_add(1);
    }
}

/// Traffic between the controller and this machine.
impl Gap {
    /// Writes the next pending command: opcode, length, parameters. `None` while one is in flight. `w` has room for
    /// [`bindrune_hci::cmd::COMMAND_MAX`] octets.
    pub fn poll_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Opcode> {
        if self.sent.is_some() {
            return None;
        }
        let (opcode, part) = self.next_command(now, w)?;
        self.sent = Some((opcode, part));
        Some(opcode)
    }

    fn next_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<(Opcode, Part)> {
        self.tidy();
        let Self { setup, connector, inquirer, reader, links, devices, .. } = self;
        let config = setup.config();
        let Some(info) = setup.info() else {
            return setup.poll_command(w).map(|opcode| (opcode, Part::Setup));
        };
        let role = if config.become_central { Role::CENTRAL } else { Role::PERIPHERAL };
        if info.supports(Opcode::ACCEPT_CONNECTION_REQUEST)
            && let Some(opcode) = self.acceptor.poll_command(role, w)
        {
            return Some((opcode, Part::Acceptor));
        }
        if let Some(opcode) = self.refused.poll_command(w) {
            return Some((opcode, Part::Refused));
        }
        if let Some(opcode) = links.poll_command(now, info, w) {
            return Some((opcode, Part::Links));
        }
        if let Some(opcode) = self.local.poll_command(info, w) {
            return Some((opcode, Part::Local));
        }
        // Only one of these uses the air at a time: the link first, then the name; the inquiry goes on afterwards.
        connector.settle(links);
        let hold = inquirer.is_on() || reader.is_busy();
        let (paging, class) =
            connector.address().map_or((Paging::UNKNOWN, ClassOfDevice::UNKNOWN), |address| {
                (devices.paging(address), devices.class(address))
            });
        if let Some(opcode) =
            connector.poll_command((info, config), links, (paging, class), hold, w)
        {
            return Some((opcode, Part::Connector));
        }
        if !info.supports(Opcode::REMOTE_NAME_REQUEST) {
            reader.fail(Status::UNKNOWN_COMMAND);
        }
        if !info.supports(Opcode::INQUIRY) {
            inquirer.fail(Status::UNKNOWN_COMMAND);
        }
        let hold = inquirer.is_on() || connector.wants_air();
        let paging = |address: BdAddress| devices.paging(address);
        if let Some(opcode) = reader.poll_command(now, paging, hold, w) {
            return Some((opcode, Part::Reader));
        }
        let hold = connector.wants_air() || reader.wants_air();
        inquirer.poll_command(now, hold, w).map(|opcode| (opcode, Part::Inquirer))
    }

    /// Returns reserved places of links that cannot come up any longer.
    fn tidy(&mut self) {
        let Self { connector, acceptor, links, .. } = self;
        links.tidy(|address| connector.is_paging(address) || acceptor.accepts(address));
    }

    /// Handles Command Complete for the command of [`Self::poll_command`], with its return parameters, which begin with
    /// the status. Other answers do nothing.
    pub fn handle_complete(&mut self, now: Instant, opcode: Opcode, return_parameters: &[u8]) {
        self.answered(now, opcode, status_of(return_parameters), return_parameters);
    }

    /// Handles Command Status for the command of [`Self::poll_command`]. Other answers do nothing.
    pub fn handle_status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        self.answered(now, opcode, status, &[status.0]);
    }

    fn answered(&mut self, now: Instant, opcode: Opcode, status: Status, parameters: &[u8]) {
        let Some((_, part)) = self.sent.take_if(|(sent, _)| *sent == opcode) else { return };
        match part {
            Part::Setup => self.outcome = self.setup.answered(status, parameters),
            Part::Refused => self.refused.answered(now, status),
            Part::Acceptor => self.acceptor.answered(now, status),
            Part::Links => self.links.answered(now, status),
            Part::Local => {
                if !self.local.answered(status) {
                    self.fault();
                }
            }
            Part::Inquirer => self.inquirer.answered(now, status),
            Part::Connector => self.connector.answered(now, status),
            Part::Reader => self.reader.answered(now, status),
        }
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<GapEvent> {
        if let Some(outcome) = self.outcome.take() {
            return Some(match outcome {
                Outcome::Ready => GapEvent::Ready,
                Outcome::Unsupported => GapEvent::Unsupported,
                Outcome::Failed { opcode, status } => GapEvent::SetupFailed { opcode, status },
            });
        }
        if let Some(event) = self.links.poll_event() {
            return Some(event);
        }
        self.connector.settle(&self.links);
        if let Some((address, result)) = self.connector.poll_ended() {
            return Some(GapEvent::ConnectEnded { address, result });
        }
        if let Some((address, result)) = self.reader.poll_ended() {
            return Some(GapEvent::Name { address, result });
        }
        if self.devices.has_new() && !core::mem::replace(&mut self.results_reported, true) {
            return Some(GapEvent::InquiryResult);
        }
        if let Some(end) = self.inquirer.poll_ended() {
            return Some(GapEvent::InquiryDone(end));
        }
        if self.local.poll_ended() {
            return Some(GapEvent::DiscoverableEnded);
        }
        self.local.poll_failed().map(GapEvent::ScanFailed)
    }

    /// Returns the earliest deadline, and its reason.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, GapTimer)> {
        let mut earliest = Earliest::NONE;
        earliest.add(self.local.poll_timeout(), GapTimer::Discoverable);
        earliest.add(self.inquirer.poll_timeout(), GapTimer::Inquiry);
        earliest.add(self.reader.poll_timeout(), GapTimer::Name);
        earliest.add(self.connector.poll_timeout(), GapTimer::Connect);
        earliest.add(self.acceptor.poll_timeout(), GapTimer::Accept);
        earliest.add(self.links.poll_timeout(), GapTimer::Link);
        earliest.add(self.refused.poll_timeout(), GapTimer::Refused);
        earliest.get()
    }

    /// Handles the expired deadlines.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.local.handle_timeout(now);
        self.inquirer.handle_timeout(now);
        self.reader.handle_timeout(now);
        self.connector.handle_timeout(now);
        self.acceptor.handle_timeout(now);
        self.links.handle_timeout(now);
        self.refused.handle_timeout(now);
        self.tidy();
    }
}

#[cfg(test)]
mod tests;
