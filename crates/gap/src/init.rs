//! Set-up of a controller: Reset, its capabilities, its event masks, our address. [Vol 4] Part E, 7

mod avoided;
mod learn;
mod steps;

use bindrune_hci::{Opcode, Status, cmd::le::LeFeatures};
use bindrune_wire::{Address, Writer, time::Instant};

use crate::{
    AddressChoice, Config, ControllerInfo, InitError, capability::Avoided, static_address,
};
pub(crate) use avoided::Avoided as AvoidedCommands;
pub use steps::EVENTS;
use steps::Step;

/// Walks through the steps of the set-up and collects the controller's answers.
#[derive(Debug)]
pub(crate) struct Init {
    config: Config,
    info: ControllerInfo,
    state: State,
    /// The address that this host or an earlier one generated; it survives a restart.
    made: Option<Address>,
    /// Whether the root may still have an address that was generated earlier: no address is generated meanwhile.
    made_unknown: bool,
    /// An address from this host's own random octets, for a controller without a random generator.
    own: Option<Address>,
    /// Whether the controller accepted Host Buffer Size.
    host_buffers: bool,
    avoided: Avoided,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    At(Step),
    Done,
}

impl Init {
    pub(crate) const fn new(config: Config) -> Self {
        Self {
            config,
            info: ControllerInfo::UNKNOWN,
            state: State::Idle,
            made: None,
            made_unknown: false,
            own: None,
            host_buffers: false,
            avoided: Avoided::NONE,
        }
    }

    /// Returns the controller's capabilities, once all are known.
    pub(crate) const fn info(&self) -> Option<&ControllerInfo> {
        match self.state {
            State::Done => Some(&self.info),
            State::Idle | State::At(_) => None,
        }
    }

    /// Starts with Reset.
    pub(crate) const fn restart(&mut self) {
        self.info = ControllerInfo::UNKNOWN;
        self.host_buffers = false;
        self.state = State::At(Step::Reset);
    }

    /// Handles a command without an answer; `asked` if this host does not send it by itself. Returns false if the next
    /// set-up cannot go without it.
    pub(crate) fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) -> bool {
        let needed = self.needs(opcode);
        if !needed {
            self.avoided.unanswered(now, opcode, asked);
        }
        !needed
    }

    /// Returns whether the host cannot work without the command, or the set-up is at this command and cannot skip it.
    fn needs(&self, opcode: Opcode) -> bool {
        let setting_up = matches!(self.state, State::At(_));
        match opcode {
            Opcode::LE_RAND => setting_up && self.own.is_none(),
            Opcode::LE_SET_RANDOM_ADDRESS => setting_up,
            _ => steps::is_mandatory(opcode),
        }
    }

    /// Returns whether the command had no answer and must not be sent now.
    pub(crate) fn avoids(&self, opcode: Opcode) -> bool {
        self.avoided.avoids(opcode)
    }

    /// Records that a request was refused because it needs an avoided command.
    pub(crate) fn forgive(&mut self, opcode: Opcode) {
        self.avoided.forgive(opcode, &mut self.info.commands);
    }

    /// Lets a new request try once a command that an earlier request had no answer to, and that no other command can
    /// replace.
    pub(crate) fn forgive_requests(&mut self) {
        REQUESTED.iter().for_each(|&opcode| self.forgive(opcode));
    }

    /// Sets random octets of this host.
    pub(crate) fn set_random(&mut self, random: [u8; 6]) {
        self.own = Some(static_address(random));
    }

    /// Records that a command was answered.
    pub(crate) fn note_answer(&mut self, opcode: Opcode) {
        self.avoided.answered(opcode);
    }

    /// Forgets the avoided commands, because the controller may be a different one.
    pub(crate) const fn forget(&mut self) {
        self.avoided = Avoided::NONE;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.avoided.poll_timeout()
    }

    /// Allows commands again whose pause is over.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.avoided.handle_timeout(now, &mut self.info.commands);
    }

    /// Generates no address before [`Self::set_made`].
    pub(crate) const fn await_made(&mut self) {
        self.made_unknown = self.made.is_none();
    }

    /// Sets the address that was generated earlier, if any.
    pub(crate) fn set_made(&mut self, made: Option<Address>) {
        self.made_unknown = false;
        self.made = made.filter(|address| address.is_static()).or(self.made);
        self.take_made();
    }

    /// Returns the generated address, if it is used.
    pub(crate) fn made(&self) -> Option<Address> {
        self.made.filter(|made| *made == self.info.address)
    }

    /// Uses the earlier generated address instead of a new one.
    fn take_made(&mut self) {
        if self.state != State::At(Step::Random) || self.made_unknown {
            return;
        }
        if self.avoids(Opcode::LE_RAND) {
            self.made = self.made.or(self.own);
        }
        if let Some(made) = self.made {
            self.info.address = made;
            self.state = State::At(Step::RandomAddress);
        }
    }

    pub(crate) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let State::At(step) = self.state else { return None };
        if step == Step::Random && self.made_unknown {
            return None;
        }
        self.write(step, w)
    }

    /// Takes the answer to the command of [`Self::poll_command`]. Returns whether the set-up is complete.
    pub(crate) fn answered(
        &mut self,
        status: Status,
        parameters: &[u8],
    ) -> Result<bool, InitError> {
        let State::At(step) = self.state else { return Ok(false) };
        if let Err(status) = self.learn(step, status, parameters)
            && step.command().mandatory
        {
            self.state = State::Idle;
            return Err(InitError::Command { opcode: step.command().opcode, status });
        }
        self.advance(step).inspect_err(|_| self.state = State::Idle)
    }

    /// Moves to the next step that applies.
    fn advance(&mut self, done: Step) -> Result<bool, InitError> {
        self.check(done)?;
        let next = done.later().iter().copied().find(|&step| self.applies(step));
        self.state = next.map_or(State::Done, State::At);
        self.take_made();
        Ok(next.is_none())
    }

    /// Checks the conditions after a step.
    fn check(&mut self, done: Step) -> Result<(), InitError> {
        let ControllerInfo { acl_len, acl_count, .. } = self.info;
        let none = acl_len == 0 || acl_count == 0;
        if done == Step::SharedBuffers && none {
            return Err(InitError::NoBuffers);
        }
        if matches!(done, Step::LeBuffers | Step::SharedBuffers) && !none && acl_len < SHORTEST_ACL
        {
            return Err(InitError::ShortBuffers(acl_len));
        }
        if done == Step::LeBuffers {
            return self.choose_address();
        }
        Ok(())
    }

    /// Chooses our address, as far as it is known without another command.
    fn choose_address(&mut self) -> Result<(), InitError> {
        match (self.config.address, self.info.public_address) {
            (AddressChoice::Static(address), _) if !address.is_static() => {
                return Err(InitError::NotStatic(address));
            }
            (AddressChoice::Static(address), _) | (AddressChoice::Automatic, Some(address)) => {
                self.info.address = address;
            }
            (AddressChoice::Automatic, None) => {}
        }
        Ok(())
    }

    /// Returns whether the controller has all extended commands that this host uses: extended and legacy commands must
    /// not be mixed. [Vol 4] Part E, 3.1.1
    fn has_extended(&self) -> bool {
        let needed = [
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS,
            Opcode::LE_SET_EXTENDED_ADVERTISING_DATA,
            Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA,
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS,
            Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS,
            Opcode::LE_SET_EXTENDED_SCAN_ENABLE,
            Opcode::LE_EXTENDED_CREATE_CONNECTION,
        ];
        self.info.le_features.contains(LeFeatures::EXTENDED_ADVERTISING)
            && needed.iter().all(|&opcode| self.info.supports(opcode))
    }

    /// Sets the private address that the controller uses from now on, or none.
    pub(crate) const fn set_private_address(&mut self, address: Option<Address>) {
        self.info.private_address = address;
    }

    /// Shows this identity address from now on, also after the next restart.
    pub(crate) fn show_identity(&mut self, choice: AddressChoice) {
        self.config.address = choice;
        self.info.private_address = None;
        self.info.address = match choice {
            AddressChoice::Static(address) => address,
            AddressChoice::Automatic => self.info.public_address.unwrap_or(self.info.address),
        };
    }

    /// Returns whether our address is still unknown.
    fn has_no_address(&self) -> bool {
        self.info.address == ControllerInfo::UNKNOWN.address
    }
}

/// Minimum length of ACL packets that a controller may have. [Vol 4] Part E, 7.8.2
const SHORTEST_ACL: u16 = 27;

/// Commands that requests need, and that no other command can replace.
const REQUESTED: [Opcode; 10] = [
    Opcode::LE_SET_RANDOM_ADDRESS,
    Opcode::LE_SET_ADVERTISING_PARAMETERS,
    Opcode::LE_SET_ADVERTISING_DATA,
    Opcode::LE_SET_SCAN_RESPONSE_DATA,
    Opcode::LE_SET_ADVERTISING_ENABLE,
    Opcode::LE_SET_SCAN_PARAMETERS,
    Opcode::LE_SET_SCAN_ENABLE,
    Opcode::LE_CREATE_CONNECTION,
    Opcode::LE_CLEAR_FILTER_ACCEPT_LIST,
    Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST,
];

#[cfg(test)]
mod tests;
