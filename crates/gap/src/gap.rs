mod event;
mod input;
mod request;

use bindrune_hci::{Opcode, Status};
use bindrune_wire::{
    Handle, Writer,
    time::{Earliest, Instant},
};

use crate::{
    AdvertisingSet, Config, ControllerInfo, InitError,
    accept_list::ListState,
    advertise::{Advertiser, Gate, PendingEvent},
    capability::{AcceptList, Initiator, PRIVACY, Privacy, ResolvingList, Scanner},
    command::status_of,
    connect,
    init::Init,
    refuse::Refused,
    scan,
};
pub use event::{GapEvent, GapTimer, LinkUp};

/// The machines that a controller has once: set-up, advertising sets, scanner, initiator, accept list, private address,
/// resolving list.
///
/// - Getters: [`Self::controller`], [`Self::is_advertising`], [`Self::is_scanning`], [`Self::free_set`],
///   [`Self::lost_reports`], [`Self::faults`].
/// - From the controller: [`Self::handle_event`], [`Self::handle_complete`], [`Self::handle_status`].
/// - From the application: [`Self::advertise`], [`Self::stop_advertising`], [`Self::scan`], [`Self::stop_scanning`],
///   [`Self::connect`], [`Self::search`], [`Self::stop_connecting`], [`Self::set_accept_list`],
///   [`Self::show_identity`], [`Self::show_private`], [`Self::set_private_address`], [`Self::set_resolving_list`],
///   [`Self::next_report`].
/// - Outcomes of the requests: [`Self::advertising`], [`Self::scanning`], [`Self::connecting`].
/// - From the root: [`Self::set_full`], [`Self::link_ended`], [`Self::resume_advertising`],
///   [`Self::resume_connecting`].
/// - Outputs, after each of these: [`Self::poll_command`] while the command lane is free, then [`Self::poll_event`]
///   until there is none, then [`Self::poll_timeout`].
///
/// Requests may be made at any time, also before the set-up; they begin when it is complete. A new request replaces the
/// previous one. This machine owns each request: it stays, with its outcome, until it is withdrawn.
#[derive(Debug)]
pub struct Gap {
    init: Init,
    list: AcceptList,
    advertiser: Advertiser,
    scanner: Scanner,
    initiator: Initiator,
    privacy: Privacy,
    resolving: ResolvingList,
    /// The machine whose command is in flight.
    sent: Option<(Opcode, Part)>,
    /// Whether the controller refused to scan and initiate at once.
    apart: bool,
    /// Whether the root has no room for another link.
    full: bool,
    /// Links without an owner, pending disconnection.
    refused: Refused,
    outcome: Option<Result<(), InitError>>,
    faults: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Init,
    Refused,
    List,
    Privacy,
    Resolving,
    Advertiser,
    Scanner,
    Initiator,
}

impl Gap {
    /// Creates a machine that does nothing before [`Self::restart`].
    ///
    /// `sets` are the advertising sets, which share `data` evenly: each needs 62 octets, or the length of its extended
    /// advertising data. `reports` is the memory for advertising reports until they are taken.
    #[must_use]
    pub fn new(
        config: Config,
        sets: &'static mut [AdvertisingSet],
        data: &'static mut [u8],
        reports: &'static mut [u8],
    ) -> Self {
        Self {
            init: Init::new(config),
            list: AcceptList::EMPTY,
            advertiser: Advertiser::new(sets, data),
            scanner: Scanner::new(reports),
            initiator: Initiator::IDLE,
            privacy: Privacy::new(config.private),
            resolving: ResolvingList::EMPTY,
            sent: None,
            apart: false,
            full: false,
            refused: Refused::NONE,
            outcome: None,
            faults: 0,
        }
    }

    /// Resets the machine to its initial state, in the same memory.
    pub fn reset(&mut self, config: Config) {
        self.init = Init::new(config);
        self.list = AcceptList::EMPTY;
        self.advertiser.reset();
        self.scanner.reset();
        self.initiator = Initiator::IDLE;
        self.privacy = Privacy::new(config.private);
        self.resolving = ResolvingList::EMPTY;
        self.refused = Refused::NONE;
        (self.sent, self.apart, self.full) = (None, false, false);
        (self.outcome, self.faults) = (None, 0);
    }

    /// Starts with Reset, at first and for recovery. All requests stay, and are sent to the controller again; links are
    /// gone.
    pub fn restart(&mut self) {
        self.init.restart();
        self.list.restart();
        self.advertiser.restart();
        self.scanner.restart();
        self.initiator.restart();
        self.privacy.restart();
        self.resolving.restart();
        self.refused = Refused::NONE;
        (self.sent, self.outcome) = (None, None);
    }

    /// Disconnects a link that is not wanted, or for which there is no room (reason 0x14).
    pub fn refuse(&mut self, handle: Handle) {
        if !self.refused.add(handle) {
            self.faults = self.faults.saturating_add(1);
        }
    }

    /// Handles a command without an answer. If the command was answered before, it is sent again; after another failure
    /// only after a pause, which grows. If it was never answered, the host goes without it until [`Self::forget`], from
    /// the next restart on. If it was `asked` for, one lost answer does not count. A request that needs the command
    /// then fails with Unknown Command (0x01); the next request may try it once.
    ///
    /// Returns false, and changes nothing, if the host cannot work without the command: the next set-up can only send
    /// it again.
    pub fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) -> bool {
        self.init.unanswered(now, opcode, asked)
    }

    /// Records that a command was answered, whichever part of the host sent it.
    pub fn note_answer(&mut self, opcode: Opcode) {
        self.init.note_answer(opcode);
    }

    /// Forgets which commands had no answer, because the controller may be a different one.
    pub const fn forget(&mut self) {
        self.init.forget();
    }

    /// Returns the controller's capabilities, or `None` until the set-up is complete.
    #[must_use]
    pub const fn controller(&self) -> Option<&ControllerInfo> {
        self.init.info()
    }

    /// Returns the number of events of the controller that made no sense and were ignored.
    #[must_use]
    pub const fn faults(&self) -> u32 {
        self.faults
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
        let start = w.len();
        // Each round ends a request or postpones it.
        for _ in 0..=u8::MAX {
            let (opcode, part) = self.next_command(now, w)?;
            self.sent = Some((opcode, part));
            // Commands that end something are sent anyway: if they have no answer, the following reset ends it too.
            let ends = matches!(opcode, Opcode::DISCONNECT | Opcode::LE_CREATE_CONNECTION_CANCEL);
            if part == Part::Init || ends || !self.init.avoids(opcode) {
                return Some(opcode);
            }
            w.truncate(start);
            // The host repeats the private address by itself; any other command belongs to a request.
            if part != Part::Privacy {
                self.init.forgive(opcode);
            }
            self.handle_status(now, opcode, Status::UNKNOWN_COMMAND);
        }
        None
    }

    fn next_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<(Opcode, Part)> {
        let Self { init, list, advertiser, scanner, initiator, apart, refused, .. } = self;
        let (privacy, resolving) = (&mut self.privacy, &mut self.resolving);
        let quiet = !(advertiser.is_any_on() || scanner.is_on() || initiator.is_busy());
        if quiet && let Some(choice) = init.info().and_then(|info| privacy.poll_identity(info)) {
            init.show_identity(choice);
        }
        let Some(info) = init.info() else {
            return init.poll_command(w).map(|opcode| (opcode, Part::Init));
        };
        if let Some(opcode) = refused.poll_command(w) {
            return Some((opcode, Part::Refused));
        }
        if let Some(status) = privacy.failure() {
            advertiser.fail_all(status);
            scanner.fail_all(status);
            initiator.request_failed(status);
        }
        let hold = resolving.holds(info) || privacy.holds();
        let gate = Gate::new(list.state(info), resolving, hold, self.full);
        if let ListState::Failed(status) = gate.list() {
            initiator.list_failed(status);
        }
        initiator.settle(now, gate.full);
        scanner.seek(initiator.is_looking());
        let alone = *apart || !info.may_scan_while_initiating(scanner.is_active());
        let waiting = initiator.is_waiting(gate.full);
        let pause = gate.holds() || alone && (initiator.is_busy() || waiting);
        if let Some(opcode) = advertiser.poll_command(now, info, gate, w) {
            return Some((opcode, Part::Advertiser));
        }
        if let Some(opcode) = scanner.poll_command(info, gate.list(), pause, w) {
            return Some((opcode, Part::Scanner));
        }
        let in_the_way = pause && scanner.is_on() && waiting;
        if !in_the_way && let Some(opcode) = initiator.poll_command(now, info, gate, w) {
            return Some((opcode, Part::Initiator));
        }
        if quiet {
            if let Some(opcode) = privacy.poll_command(w) {
                return Some((opcode, Part::Privacy));
            }
            if let Some(opcode) = resolving.poll_command(info, w) {
                return Some((opcode, Part::Resolving));
            }
        }
        if advertiser.uses_list() || scanner.uses_list() || initiator.uses_list() {
            return None;
        }
        list.poll_command(info, w).map(|opcode| (opcode, Part::List))
    }

    /// Handles Command Complete for the command of [`Self::poll_command`], with its return parameters, which begin with
    /// the status.
    pub fn handle_complete(&mut self, now: Instant, opcode: Opcode, return_parameters: &[u8]) {
        self.answered(now, opcode, status_of(return_parameters), return_parameters);
    }

    /// Handles Command Status for the command of [`Self::poll_command`].
    pub fn handle_status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        self.answered(now, opcode, status, &[status.0]);
    }

    fn answered(&mut self, now: Instant, opcode: Opcode, status: Status, parameters: &[u8]) {
        let Some((_, part)) = self.sent.take_if(|(sent, _)| *sent == opcode) else { return };
        match part {
            Part::Init => match self.init.answered(status, parameters) {
                Ok(true) => self.outcome = Some(Ok(())),
                Ok(false) => {}
                Err(error) => self.outcome = Some(Err(error)),
            },
            Part::Refused => self.refused.answered(now, status),
            Part::List => self.list.answered(status),
            Part::Privacy if !PRIVACY => {}
            Part::Privacy => {
                let own = self.privacy.answered(now, status);
                self.init.set_private_address(own);
                self.faults = self.faults.saturating_add(u32::from(!status.is_success()));
            }
            Part::Resolving => self.resolving.answered(status),
            Part::Advertiser => self.advertiser.answered(now, status),
            Part::Scanner => {
                self.scanner.answered(now, status);
                if let Some(status) = self.scanner.poll_seek_failed() {
                    self.initiator.search_failed(status);
                }
            }
            Part::Initiator => self.initiator_answered(now, opcode, status),
        }
    }

    fn initiator_answered(&mut self, now: Instant, opcode: Opcode, status: Status) {
        let refused =
            status == Status::COMMAND_DISALLOWED && opcode != Opcode::LE_CREATE_CONNECTION_CANCEL;
        if refused && self.scanner.is_on() && !self.apart {
            self.apart = true;
            self.initiator.put_off();
        } else {
            self.initiator.answered(now, status);
        }
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<GapEvent> {
        if let Some(outcome) = self.outcome.take() {
            return Some(outcome.map_or_else(GapEvent::InitFailed, |()| GapEvent::Ready));
        }
        if let Some((set, pending_event)) = self.advertiser.poll_pending_event() {
            return Some(match pending_event {
                PendingEvent::Started => GapEvent::AdvertisingStarted { set },
                PendingEvent::Waits => GapEvent::Waits,
                PendingEvent::Ended(end) => GapEvent::AdvertisingEnded { set, end },
                PendingEvent::Linked { handle, wanted } => {
                    GapEvent::SetLinked { set, handle, wanted }
                }
            });
        }
        if let Some(result) = self.privacy.poll_changed() {
            return Some(GapEvent::AddressChanged(result));
        }
        if self.privacy.poll_due() {
            return Some(GapEvent::PrivateAddressDue);
        }
        if let Some(end) = self.scanner.poll_ended() {
            return Some(GapEvent::ScanEnded(end));
        }
        if self.initiator.poll_began() {
            return Some(GapEvent::Waits);
        }
        self.initiator.poll_ended().map(GapEvent::ConnectEnded)
    }

    /// Returns the earliest deadline, and its reason.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, GapTimer)> {
        let mut earliest = Earliest::NONE;
        if let Some((at, set)) = self.advertiser.poll_timeout() {
            earliest.add(Some(at), GapTimer::Advertising(set));
        }
        if let Some((at, deadline)) = self.scanner.poll_timeout() {
            let why = match deadline {
                scan::Deadline::Merge => GapTimer::Merge,
                scan::Deadline::Retry | scan::Deadline::End => GapTimer::Scan,
            };
            earliest.add(Some(at), why);
        }
        if let Some((at, deadline)) = self.initiator.poll_timeout() {
            let why = match deadline {
                connect::Deadline::End => GapTimer::Connect,
                connect::Deadline::Retry => GapTimer::Cancel,
                connect::Deadline::Search => GapTimer::Search,
            };
            earliest.add(Some(at), why);
        }
        earliest.add(self.privacy.poll_timeout(), GapTimer::PrivateAddress);
        earliest.add(self.refused.poll_timeout(), GapTimer::Refused);
        earliest.add(self.init.poll_timeout(), GapTimer::Avoided);
        earliest.get()
    }

    /// Handles the expired deadlines.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advertiser.handle_timeout(now);
        self.scanner.handle_timeout(now);
        self.initiator.handle_timeout(now);
        self.privacy.handle_timeout(now);
        self.refused.handle_timeout(now);
        self.init.handle_timeout(now);
    }
}

#[cfg(test)]
mod tests;
