//! Setting up a controller: Reset, what it is, what it shall tell us, our address. [Vol 4] Part E, 7

mod avoided;
mod learn;
mod steps;

use bindrune_hci::{Opcode, Status, cmd::le::LeFeatures};
use bindrune_wire::{Address, Writer};
use embassy_time::Instant;

use crate::{
    AddressChoice, Config, ControllerInfo, InitError, capability::Avoided, static_address,
};
pub(crate) use avoided::Avoided as AvoidedCommands;
use steps::Step;

/// Walks the steps of the set-up, and collects what the controller says.
#[derive(Debug)]
pub(crate) struct Init {
    config: Config,
    info: ControllerInfo,
    state: State,
    /// The address that was made up, by this host or an earlier one; it stays over a restart.
    made: Option<Address>,
    /// The root may still know an address that was made up earlier: none is made meanwhile.
    made_unknown: bool,
    /// What this host would make of random octets of its own, for a controller that gives none.
    own: Option<Address>,
    /// The controller took Host Buffer Size.
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

    /// What the controller is, once all is known.
    pub(crate) const fn info(&self) -> Option<&ControllerInfo> {
        match self.state {
            State::Done => Some(&self.info),
            State::Idle | State::At(_) => None,
        }
    }

    /// Begins with Reset.
    pub(crate) const fn restart(&mut self) {
        self.info = ControllerInfo::UNKNOWN;
        self.host_buffers = false;
        self.state = State::At(Step::Reset);
    }

    /// A command had no answer; `asked` where this host does not send it by itself. False if the next set-up cannot do
    /// without it.
    pub(crate) fn unanswered(&mut self, now: Instant, opcode: Opcode, asked: bool) -> bool {
        let needed = self.needs(opcode);
        if !needed {
            self.avoided.unanswered(now, opcode, asked);
        }
        !needed
    }

    /// Returns whether nothing works without the command, or the set-up is at it and cannot go on without.
    fn needs(&self, opcode: Opcode) -> bool {
        let setting_up = matches!(self.state, State::At(_));
        match opcode {
            Opcode::LE_RAND => setting_up && self.own.is_none(),
            Opcode::LE_SET_RANDOM_ADDRESS => setting_up,
            _ => steps::is_mandatory(opcode),
        }
    }

    /// Returns whether the command had no answer, and is not to be sent now.
    pub(crate) fn avoids(&self, opcode: Opcode) -> bool {
        self.avoided.avoids(opcode)
    }

    /// A request that needs an avoided command was refused.
    pub(crate) fn forgive(&mut self, opcode: Opcode) {
        self.avoided.forgive(opcode, &mut self.info.commands);
    }

    /// A new request may try once what an earlier one had no answer to, and for which there is no other command.
    pub(crate) fn forgive_requests(&mut self) {
        REQUESTED.iter().for_each(|&opcode| self.forgive(opcode));
    }

    /// Random octets of this host.
    pub(crate) fn set_random(&mut self, random: [u8; 6]) {
        self.own = Some(static_address(random));
    }

    /// A command was answered.
    pub(crate) fn note_answer(&mut self, opcode: Opcode) {
        self.avoided.answered(opcode);
    }

    /// Another controller may have come.
    pub(crate) const fn forget(&mut self) {
        self.avoided = Avoided::NONE;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.avoided.poll_timeout()
    }

    /// Commands that may be sent again.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.avoided.handle_timeout(now, &mut self.info.commands);
    }

    /// No address is made up before [`Self::set_made`].
    pub(crate) const fn await_made(&mut self) {
        self.made_unknown = self.made.is_none();
    }

    /// The address that was made up earlier, if any.
    pub(crate) fn set_made(&mut self, made: Option<Address>) {
        self.made_unknown = false;
        self.made = made.filter(|address| address.is_static()).or(self.made);
        self.take_made();
    }

    /// The address that was made up, and is used.
    pub(crate) fn made(&self) -> Option<Address> {
        self.made.filter(|made| *made == self.info.address)
    }

    /// Takes the address that was made up in place of a new one.
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

    /// The answer to the command of [`Self::poll_command`]. True if the set-up is done with it.
    pub(crate) fn answered(
        &mut self,
        status: Status,
        parameters: &[u8],
    ) -> Result<bool, InitError> {
        let State::At(step) = self.state else { return Ok(false) };
        if let Err(status) = self.learn(step, status, parameters)
            && step.is_mandatory()
        {
            self.state = State::Idle;
            return Err(InitError::Command { opcode: step.opcode(), status });
        }
        self.advance(step).inspect_err(|_| self.state = State::Idle)
    }

    /// Goes to the next step that applies.
    fn advance(&mut self, done: Step) -> Result<bool, InitError> {
        self.check(done)?;
        let mut steps = Step::ALL.iter().copied().skip_while(|&step| step != done).skip(1);
        let next = steps.find(|&step| self.applies(step));
        self.state = next.map_or(State::Done, State::At);
        self.take_made();
        Ok(next.is_none())
    }

    /// What must hold after a step.
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

    /// Our address, as far as it is known without asking more.
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

    /// All extended commands that this host would use, or none: they must not be mixed. [Vol 4] Part E, 3.1.1
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

    /// The controller uses this private address from now on, or none.
    pub(crate) const fn set_private_address(&mut self, address: Option<Address>) {
        self.info.private_address = address;
    }

    /// Returns whether our address is still to be found.
    fn has_no_address(&self) -> bool {
        self.info.address == ControllerInfo::UNKNOWN.address
    }
}

/// The shortest ACL packet that a controller may have. [Vol 4] Part E, 7.8.2
const SHORTEST_ACL: u16 = 27;

/// What requests need, and for which there is no other command.
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
