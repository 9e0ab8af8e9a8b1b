//! Set-up of BR/EDR after that of LE. Steps that an old controller does not have are skipped. [Vol 4] Part E, 7

mod steps;

use bindrune_hci::{
    BdAddress, LmpFeatures, LmpFeatures1, LmpFeatures2, Opcode, Status,
    cmd::{
        Command, Failure, SupportedCommands,
        baseband::EventMask,
        classic::ReadLocalExtendedFeatures,
        info::{ReadBdAddr, ReadBufferSize, ReadLocalSupportedFeatures},
    },
};
use bindrune_wire::Writer;

use crate::Config;
use steps::Step;

/// What the controller can do for BR/EDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControllerInfo {
    /// Supported commands.
    pub commands: SupportedCommands,
    /// Features, page 0.
    pub features: LmpFeatures,
    /// Features that were turned on, page 1.
    pub host_features: LmpFeatures1,
    /// Features, page 2; empty if the controller has none.
    pub features_2: LmpFeatures2,
    /// Address of this device.
    pub address: BdAddress,
    /// Longest payload of an ACL packet of BR/EDR in octets; 0 if the controller did not say it.
    pub acl_len: u16,
    /// Number of ACL packets of BR/EDR that the controller holds.
    pub acl_count: u16,
    /// Whether inquiries return the signal strength.
    pub rssi: bool,
    /// Whether inquiries return data, and this device answers with data.
    pub extended_inquiry: bool,
    /// Whether Secure Simple Pairing is on.
    pub simple_pairing: bool,
    /// Whether Secure Connections is on.
    pub secure_connections: bool,
}

impl ControllerInfo {
    pub(crate) const UNKNOWN: Self = Self {
        commands: SupportedCommands::NONE,
        features: LmpFeatures::empty(),
        host_features: LmpFeatures1::empty(),
        features_2: LmpFeatures2::empty(),
        address: BdAddress::NONE,
        acl_len: 0,
        acl_count: 0,
        rssi: false,
        extended_inquiry: false,
        simple_pairing: false,
        secure_connections: false,
    };

    /// Returns whether the controller has BR/EDR.
    #[must_use]
    pub const fn has_bredr(&self) -> bool {
        !self.features.contains(LmpFeatures::BREDR_NOT_SUPPORTED)
    }

    /// Returns whether the controller claims to support `opcode`.
    #[must_use]
    pub fn supports(&self, opcode: Opcode) -> bool {
        self.commands.supports(opcode)
    }
}

/// Events of BR/EDR that this host uses. They are turned on in addition to those of LE.
pub const EVENTS: EventMask = EventMask::INQUIRY_COMPLETE
    .union(EventMask::INQUIRY_RESULT)
    .union(EventMask::CONNECTION_COMPLETE)
    .union(EventMask::CONNECTION_REQUEST)
    .union(EventMask::DISCONNECTION_COMPLETE)
    .union(EventMask::AUTHENTICATION_COMPLETE)
    .union(EventMask::REMOTE_NAME_REQUEST_COMPLETE)
    .union(EventMask::ENCRYPTION_CHANGE)
    .union(EventMask::READ_REMOTE_SUPPORTED_FEATURES_COMPLETE)
    .union(EventMask::READ_REMOTE_VERSION_INFORMATION_COMPLETE)
    .union(EventMask::HARDWARE_ERROR)
    .union(EventMask::FLUSH_OCCURRED)
    .union(EventMask::ROLE_CHANGE)
    .union(EventMask::MODE_CHANGE)
    .union(EventMask::PIN_CODE_REQUEST)
    .union(EventMask::LINK_KEY_REQUEST)
    .union(EventMask::LINK_KEY_NOTIFICATION)
    .union(EventMask::DATA_BUFFER_OVERFLOW)
    .union(EventMask::MAX_SLOTS_CHANGE)
    .union(EventMask::CONNECTION_PACKET_TYPE_CHANGED)
    .union(EventMask::INQUIRY_RESULT_WITH_RSSI)
    .union(EventMask::READ_REMOTE_EXTENDED_FEATURES_COMPLETE)
    .union(EventMask::EXTENDED_INQUIRY_RESULT)
    .union(EventMask::ENCRYPTION_KEY_REFRESH_COMPLETE)
    .union(EventMask::IO_CAPABILITY_REQUEST)
    .union(EventMask::IO_CAPABILITY_RESPONSE)
    .union(EventMask::USER_CONFIRMATION_REQUEST)
    .union(EventMask::USER_PASSKEY_REQUEST)
    .union(EventMask::REMOTE_OOB_DATA_REQUEST)
    .union(EventMask::SIMPLE_PAIRING_COMPLETE)
    .union(EventMask::LINK_SUPERVISION_TIMEOUT_CHANGED)
    .union(EventMask::USER_PASSKEY_NOTIFICATION)
    .union(EventMask::KEYPRESS_NOTIFICATION);

/// Outcome of the set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ready,
    Unsupported,
    Failed { opcode: Opcode, status: Status },
}

/// Walks through the steps.
#[derive(Debug)]
pub(crate) struct Setup {
    config: Config,
    /// The events that LE needs.
    le_events: EventMask,
    info: ControllerInfo,
    state: State,
    /// Commands that had no answer: the host goes without them.
    avoided: SupportedCommands,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    At(Step),
    Done,
}

impl Setup {
    pub(crate) const fn new(config: Config) -> Self {
        Self {
            config,
            le_events: EventMask::empty(),
            info: ControllerInfo::UNKNOWN,
            state: State::Idle,
            avoided: SupportedCommands::NONE,
        }
    }

    /// Avoids a command that had no answer, from the next restart on. Returns false if the host cannot use BR/EDR
    /// without it.
    pub(crate) fn unanswered(&mut self, opcode: Opcode) -> bool {
        let needed = Step::ALL.iter().any(|step| step.is_mandatory() && step.opcode() == opcode);
        if !needed {
            self.avoided.insert(opcode);
        }
        !needed
    }

    /// Forgets the avoided commands, because the controller may be a different one.
    pub(crate) const fn forget(&mut self) {
        self.avoided = SupportedCommands::NONE;
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the controller's capabilities once it is set up, and has BR/EDR.
    pub(crate) const fn info(&self) -> Option<&ControllerInfo> {
        match self.state {
            State::Done => Some(&self.info),
            State::Idle | State::At(_) => None,
        }
    }

    pub(crate) fn restart(&mut self, mut commands: SupportedCommands, le_events: EventMask) {
        let avoided = |opcode: &Opcode| self.avoided.supports(*opcode);
        SupportedCommands::known().filter(avoided).for_each(|opcode| commands.remove(opcode));
        self.info = ControllerInfo { commands, ..ControllerInfo::UNKNOWN };
        self.le_events = le_events;
        self.state = State::At(Step::Features);
    }

    /// Stops until the next restart.
    pub(crate) const fn stop(&mut self) {
        self.state = State::Idle;
    }

    pub(crate) fn poll_command(&self, w: &mut Writer<'_>) -> Option<Opcode> {
        match self.state {
            State::At(step) => self.write(step, w),
            State::Idle | State::Done => None,
        }
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, status: Status, parameters: &[u8]) -> Option<Outcome> {
        let State::At(step) = self.state else { return None };
        if let Err(status) = self.learn(step, status, parameters)
            && step.is_mandatory()
        {
            self.state = State::Idle;
            return Some(Outcome::Failed { opcode: step.opcode(), status });
        }
        if step == Step::Features && !self.info.has_bredr() {
            self.state = State::Idle;
            return Some(Outcome::Unsupported);
        }
        let mut steps = Step::ALL.iter().copied().skip_while(|&at| at != step).skip(1);
        let next = steps.find(|&step| self.applies(step));
        self.state = next.map_or(State::Done, State::At);
        next.is_none().then_some(Outcome::Ready)
    }

    fn learn(&mut self, step: Step, status: Status, parameters: &[u8]) -> Result<(), Status> {
        status.ok()?;
        let info = &mut self.info;
        match step {
            Step::Features => {
                let returned = ReadLocalSupportedFeatures::returned(parameters).map_err(plain)?;
                info.features = LmpFeatures::from_bits_retain(returned.features.get());
            }
            Step::Features2 => {
                let returned = ReadLocalExtendedFeatures::returned(parameters).map_err(plain)?;
                if returned.page == 2 {
                    info.features_2 = LmpFeatures2::from_bits_retain(returned.features.get());
                }
            }
            Step::Features1 => {
                let returned = ReadLocalExtendedFeatures::returned(parameters).map_err(plain)?;
                if returned.page == 1 {
                    info.host_features = LmpFeatures1::from_bits_retain(returned.features.get());
                }
            }
            Step::Address => {
                info.address = BdAddress(ReadBdAddr::returned(parameters).map_err(plain)?.address);
            }
            Step::Buffers => {
                let returned = ReadBufferSize::returned(parameters).map_err(plain)?;
                (info.acl_len, info.acl_count) = (returned.acl_len.get(), returned.acl_count.get());
                if info.acl_len == 0 || info.acl_count == 0 {
                    return Err(Status::MEMORY_CAPACITY_EXCEEDED);
                }
            }
            Step::SimplePairing => info.simple_pairing = true,
            Step::SecureConnections => info.secure_connections = true,
            Step::InquiryMode => {
                info.rssi = true;
                info.extended_inquiry = info.features.contains(LmpFeatures::EXTENDED_INQUIRY);
            }
            Step::EventMask
            | Step::LeHost
            | Step::PageTimeout
            | Step::LinkPolicy
            | Step::PageScanActivity
            | Step::PageScanType
            | Step::InquiryScanActivity
            | Step::InquiryScanType => {}
        }
        Ok(())
    }
}

const fn plain(failure: Failure) -> Status {
    match failure {
        Failure::Status(status) => status,
        Failure::Malformed(_) => Status::UNSPECIFIED,
    }
}

#[cfg(test)]
mod tests;
