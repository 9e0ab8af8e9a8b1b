//! Messages of the Link Manager. They have the slots, the acknowledgement and the loss of data, and go first.
//! [Vol 2] Part C

use bindrune_hci::Status;

use super::{ClassicLink, Party, simple::IoCapability, sniff};
use crate::{
    air::Medium,
    classic::events::{
        CLOCK_OFFSET_COMPLETE, KEYPRESS_NOTIFICATION, REMOTE_EXTENDED_FEATURES_COMPLETE,
        REMOTE_FEATURES_COMPLETE, ROLE_CHANGE, SUPERVISION_TIMEOUT_CHANGED,
    },
};

/// A message of the Link Manager, or the outcome of a short exchange of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Detach(Status),
    Ask(Question),
    Answer(Question),
    Supervision(u16),
    /// Sniff mode, or the end of it.
    Mode(Option<sniff::Request>),
    ModeRefused,
    SwitchRequest,
    SwitchRefused,
    SwitchAccepted,
    Keypress(u8),
    Security(Security),
}

/// A message about authentication, pairing or encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// The initiator has a key and begins authentication.
    Authenticate,
    Authenticated(Status),
    /// The initiator has a PIN and begins pairing.
    Pair,
    Paired(Status),
    IoRequest(IoCapability),
    IoResponse(IoCapability),
    PublicKey,
    PairingConfirmed,
    PairingFailed(Status),
    Encrypt(bool),
    EncryptAnswer(bool),
    EncryptStart(bool),
}

/// What one controller asks the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) enum Question {
    Version,
    Features,
    FeaturesPage(u8),
    ClockOffset,
}

impl ClassicLink {
    /// Queues a message of `party`.
    pub(super) fn push(&mut self, party: Party, message: Message, m: &mut Medium) {
        self.side_mut(party).transmitter.messages.push_back(message);
        self.wake(party, m);
    }

    pub(super) fn push_security(&mut self, party: Party, message: Security, m: &mut Medium) {
        self.push(party, Message::Security(message), m);
    }

    pub(in crate::classic) fn ask(&mut self, party: Party, question: Question, m: &mut Medium) {
        self.push(party, Message::Ask(question), m);
    }

    /// Handles a message that arrived at `party`.
    pub(super) fn message_received(&mut self, party: Party, message: Message, m: &mut Medium) {
        match message {
            Message::Detach(reason) => {
                self.side_mut(party.other()).detaching = Some(m.now);
                self.close(party, reason, m);
            }
            Message::Ask(question) => self.push(party, Message::Answer(question), m),
            Message::Answer(question) => self.answered(party, question, m),
            Message::Supervision(timeout) => {
                let handle = self.side(party).handle.to_le_bytes();
                let parts: [&[u8]; 2] = [&handle, &timeout.to_le_bytes()];
                self.emit(party, SUPERVISION_TIMEOUT_CHANGED, &parts, m);
            }
            Message::Mode(request) => self.mode_requested(party, request, m),
            Message::ModeRefused => self.report_mode(party, Status::LMP_PDU_NOT_ALLOWED, m),
            Message::SwitchRequest => self.switch_requested(party, m),
            Message::SwitchRefused => self.report_role(party, Status::ROLE_CHANGE_NOT_ALLOWED, m),
            Message::SwitchAccepted => self.switches = true,
            Message::Keypress(kind) => {
                let peer = self.side(party).peer;
                self.emit(party, KEYPRESS_NOTIFICATION, &[&peer, &[kind]], m);
            }
            Message::Security(security) => self.security_received(party, security, m),
        }
    }

    fn security_received(&mut self, party: Party, message: Security, m: &mut Medium) {
        match message {
            Security::Authenticate => self.authentication_requested(party, m),
            Security::Authenticated(status) => self.authentication_answered(party, status, m),
            Security::Pair => self.pin_pairing_requested(party, m),
            Security::Paired(status) => self.pin_pairing_answered(party, status, m),
            Security::IoRequest(io) => self.io_requested(party, io, m),
            Security::IoResponse(io) => self.io_answered(party, io, m),
            Security::PublicKey => self.public_key_received(party, m),
            Security::PairingConfirmed => self.pairing_confirmed(m),
            Security::PairingFailed(status) => self.pairing_failed(party, status, m),
            Security::Encrypt(on) => self.encryption_requested(party, on, m),
            Security::EncryptAnswer(on) => self.encryption_answered(party, on, m),
            Security::EncryptStart(on) => self.encryption_started(party, on, m),
        }
    }

    fn answered(&self, party: Party, question: Question, m: &mut Medium) {
        let handle = self.side(party).handle;
        let other = &m.controllers[self.side(party.other()).controller];
        let ok = [Status::SUCCESS.0];
        match question {
            Question::Version => {
                let version = (other.config.hci_version, other.config.manufacturer);
                self.controller(party, m).version_read(handle, version);
            }
            Question::Features => {
                let features = other.lmp_features(0).to_le_bytes();
                let parts: [&[u8]; 3] = [&ok, &handle.to_le_bytes(), &features];
                self.emit(party, REMOTE_FEATURES_COMPLETE, &parts, m);
            }
            Question::FeaturesPage(page) => {
                let features = other.lmp_features(page).to_le_bytes();
                let parts: [&[u8]; 4] = [&ok, &handle.to_le_bytes(), &[page, 2], &features];
                self.emit(party, REMOTE_EXTENDED_FEATURES_COMPLETE, &parts, m);
            }
            Question::ClockOffset => {
                let parts: [&[u8]; 3] = [&ok, &handle.to_le_bytes(), &[0, 0]];
                self.emit(party, CLOCK_OFFSET_COMPLETE, &parts, m);
            }
        }
    }
}

/// Roles.
impl ClassicLink {
    /// Requests the role `role` for `party`.
    pub(in crate::classic) fn switch_role(
        &mut self,
        party: Party,
        role: u8,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if self.role(party) == role {
            self.report_role(party, Status::SUCCESS, m);
            return Ok(());
        }
        if self.side(party).policy & SWITCH_ALLOWED == 0 {
            return Err(Status::ROLE_CHANGE_NOT_ALLOWED);
        }
        // [Vol 4] Part E, 7.2.8
        if self.encryption.is_starting() || self.sniff.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.push(party, Message::SwitchRequest, m);
        Ok(())
    }

    fn switch_requested(&mut self, party: Party, m: &mut Medium) {
        let config = self.controller(party, m).config.classic.clone();
        let can = config.is_some_and(|config| config.role_switch);
        let allowed = can && self.side(party).policy & SWITCH_ALLOWED != 0;
        let answer = if allowed { Message::SwitchAccepted } else { Message::SwitchRefused };
        self.push(party, answer, m);
    }

    /// Switches the roles between two exchanges.
    pub(super) fn switch_if_due(&mut self, m: &mut Medium) {
        if core::mem::take(&mut self.switches) {
            self.central = self.central.other();
            for party in [Party::Pager, Party::Paged] {
                self.report_role(party, Status::SUCCESS, m);
            }
        }
    }

    fn report_role(&self, party: Party, status: Status, m: &mut Medium) {
        let peer = self.side(party).peer;
        let role = self.role(party);
        self.emit(party, ROLE_CHANGE, &[&[status.0], &peer, &[role]], m);
    }
}

/// Link policy: role switches are allowed. [Vol 4] Part E, 7.2.10
const SWITCH_ALLOWED: u16 = 1;
