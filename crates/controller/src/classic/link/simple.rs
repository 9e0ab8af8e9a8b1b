//! Secure Simple Pairing: its association models. [Vol 2] Part C, 4.2.7; [Vol 3] Part C, 5.2.2.6

use bindrune_hci::Status;

use super::{
    ClassicLink, Party,
    manager::{Message, Security},
    pairing::{Asked, Progress},
};
use crate::{
    air::Medium,
    classic::{
        Classic,
        events::{
            IO_CAPABILITY_REQUEST, IO_CAPABILITY_RESPONSE, OUT_OF_BAND_REQUEST,
            SIMPLE_PAIRING_COMPLETE, USER_CONFIRMATION_REQUEST, USER_PASSKEY_NOTIFICATION,
            USER_PASSKEY_REQUEST,
        },
    },
};

/// What a host says about itself for pairing. [Vol 4] Part E, 7.1.29
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classic) struct IoCapability {
    /// 0 to 3: display only, display with yes and no, keyboard only, no input and no output.
    pub(in crate::classic) io: u8,
    /// Whether it has the peer's out-of-band data: bit 0 of P-192, bit 1 of P-256; on the air only 0 or 1.
    pub(in crate::classic) out_of_band: u8,
    pub(in crate::classic) requirements: u8,
}

impl IoCapability {
    const fn octets(self) -> [u8; 3] {
        [self.io, self.out_of_band, self.requirements]
    }

    const fn protects(self) -> bool {
        self.requirements & 1 != 0
    }
}

/// Progress of one end in authentication stage 1.
#[derive(Debug, Default)]
pub(super) struct Stage {
    began: bool,
    done: bool,
    passkey: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Model {
    Comparison { authenticated: bool },
    Passkey,
    OutOfBand,
}

impl Model {
    /// Returns the association model of two hosts.
    fn of(a: IoCapability, b: IoCapability) -> Self {
        let unauthenticated = Self::Comparison { authenticated: false };
        if a.out_of_band != 0 || b.out_of_band != 0 {
            Self::OutOfBand
        } else if !a.protects() && !b.protects() {
            unauthenticated
        } else {
            match (a.io, b.io) {
                (NO_INPUT_NO_OUTPUT, _) | (_, NO_INPUT_NO_OUTPUT) => unauthenticated,
                (KEYBOARD, _) | (_, KEYBOARD) => Self::Passkey,
                (DISPLAY_YES_NO, DISPLAY_YES_NO) => Self::Comparison { authenticated: true },
                _ => unauthenticated,
            }
        }
    }

    const fn is_authenticated(self) -> bool {
        !matches!(self, Self::Comparison { authenticated: false })
    }
}

impl ClassicLink {
    fn both(&self, m: &Medium, has: impl Fn(&Classic) -> bool) -> bool {
        let ids = [self.pager.controller, self.paged.controller];
        ids.into_iter().all(|id| has(&m.controllers[id].classic))
    }

    /// Returns whether both hosts turned Secure Simple Pairing on.
    pub(super) fn both_simple(&self, m: &Medium) -> bool {
        self.both(m, |classic| classic.settings.simple_pairing)
    }

    /// Returns whether both hosts turned Secure Connections on.
    pub(super) fn both_secure(&self, m: &Medium) -> bool {
        self.both_simple(m) && self.both(m, |classic| classic.settings.secure_connections)
    }

    pub(in crate::classic) fn answer_io(
        &mut self,
        party: Party,
        answer: Result<IoCapability, Status>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        let curve = if self.both_secure(m) { 2 } else { 1 };
        let progress = self.take_answer(party, Asked::IoCapability, m)?;
        match answer {
            Ok(io) => {
                let io = IoCapability { out_of_band: u8::from(io.out_of_band & curve != 0), ..io };
                progress.io = Some(io);
                let message = if self.is_initiator(party) {
                    Security::IoRequest(io)
                } else {
                    Security::IoResponse(io)
                };
                self.push_security(party, message, m);
            }
            Err(reason) => self.fail_simple(party, reason, m),
        }
        Ok(())
    }

    pub(super) fn io_requested(&mut self, party: Party, io: IoCapability, m: &mut Medium) {
        let peer = self.side(party).peer;
        self.emit(party, IO_CAPABILITY_RESPONSE, &[&peer, &io.octets()], m);
        if !self.ask_host(party, Asked::IoCapability, IO_CAPABILITY_REQUEST, &[&peer], m) {
            self.fail_simple(party, Status::PAIRING_NOT_ALLOWED, m);
        }
    }

    pub(super) fn io_answered(&mut self, party: Party, io: IoCapability, m: &mut Medium) {
        let peer = self.side(party).peer;
        self.emit(party, IO_CAPABILITY_RESPONSE, &[&peer, &io.octets()], m);
        self.push_security(party, Security::PublicKey, m);
    }

    /// Begins authentication stage 1: first at the responder, then at the initiator.
    pub(super) fn public_key_received(&mut self, party: Party, m: &mut Medium) {
        if self.pairing.is_none() {
            return;
        }
        if !self.is_initiator(party) {
            self.push_security(party, Security::PublicKey, m);
        }
        self.begin_stage(party, m);
    }

    fn model(&self) -> Option<Model> {
        let pairing = self.pairing.as_ref()?;
        Some(Model::of(pairing.pager.io?, pairing.paged.io?))
    }

    fn begin_stage(&mut self, party: Party, m: &mut Medium) {
        let (Some(model), Some(pairing)) = (self.model(), self.pairing.as_mut()) else { return };
        let passkey = pairing.passkey;
        let progress = pairing.progress_mut(party);
        progress.stage.began = true;
        let Some(io) = progress.io else { return };
        let peer = self.side(party).peer;
        let value = passkey.to_le_bytes();
        let asked = match model {
            Model::Comparison { .. } => {
                let code = USER_CONFIRMATION_REQUEST;
                self.ask_host(party, Asked::Confirmation, code, &[&peer, &value], m)
            }
            Model::Passkey if io.io == KEYBOARD => {
                self.ask_host(party, Asked::Passkey, USER_PASSKEY_REQUEST, &[&peer], m)
            }
            Model::OutOfBand if io.out_of_band != 0 => {
                self.ask_host(party, Asked::OutOfBand, OUT_OF_BAND_REQUEST, &[&peer], m)
            }
            Model::Passkey => {
                let shown = self.emit(party, USER_PASSKEY_NOTIFICATION, &[&peer, &value], m);
                self.finish_stage(party, Some(passkey), m);
                shown
            }
            Model::OutOfBand => {
                self.finish_stage(party, None, m);
                true
            }
        };
        if !asked {
            self.fail_simple(party, Status::AUTHENTICATION_FAILURE, m);
        }
    }

    /// Records that `party` has done its part of stage 1. The second one completes it.
    fn finish_stage(&mut self, party: Party, passkey: Option<u32>, m: &mut Medium) {
        let Some(pairing) = &mut self.pairing else { return };
        let progress = pairing.progress_mut(party);
        progress.stage.done = true;
        progress.stage.passkey = passkey;
        let (a, b) = (&pairing.pager.stage, &pairing.paged.stage);
        if !(a.done && b.done && a.began && b.began) {
            return;
        }
        if a.passkey == b.passkey {
            self.push_security(party, Security::PairingConfirmed, m);
        } else {
            self.fail_simple(party, Status::AUTHENTICATION_FAILURE, m);
        }
    }

    pub(in crate::classic) fn answer_confirmation(
        &mut self,
        party: Party,
        accepts: bool,
        m: &mut Medium,
    ) -> Result<(), Status> {
        self.take_answer(party, Asked::Confirmation, m)?;
        if accepts {
            self.finish_stage(party, None, m);
        } else {
            self.fail_simple(party, Status::AUTHENTICATION_FAILURE, m);
        }
        Ok(())
    }

    pub(in crate::classic) fn answer_passkey(
        &mut self,
        party: Party,
        passkey: Option<u32>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        self.take_answer(party, Asked::Passkey, m)?;
        if passkey.is_some() {
            self.finish_stage(party, passkey, m);
        } else {
            self.fail_simple(party, Status::AUTHENTICATION_FAILURE, m);
        }
        Ok(())
    }

    /// Takes the peer's out-of-band data: C and R of P-192, then of P-256; `None` without any. Those of the keys that
    /// both use must be what the other host read: C commits to its key, and R proves that the data came from it.
    pub(in crate::classic) fn answer_out_of_band(
        &mut self,
        party: Party,
        data: Option<[Option<[u8; 16]>; 4]>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        self.take_answer(party, Asked::OutOfBand, m)?;
        let theirs = m.controllers[self.side(party.other()).controller].classic.out_of_band;
        let skip = if self.both_secure(m) { 2 } else { 0 };
        let matches = data.is_some_and(|data| {
            let pairs = data.into_iter().zip(theirs).skip(skip).take(2);
            pairs.into_iter().all(|(given, read)| given.is_some() && given == read)
        });
        if matches {
            self.finish_stage(party, None, m);
        } else {
            self.fail_simple(party, Status::AUTHENTICATION_FAILURE, m);
        }
        Ok(())
    }

    pub(in crate::classic) fn keypress(
        &mut self,
        party: Party,
        kind: u8,
        m: &mut Medium,
    ) -> Result<(), Status> {
        let progress = self.pairing.as_ref().map(|pairing| pairing.progress(party));
        if progress.is_none_or(|Progress { asked, .. }| *asked != Asked::Passkey) {
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.push(party, Message::Keypress(kind), m);
        Ok(())
    }

    /// Completes pairing at both ends.
    pub(super) fn pairing_confirmed(&mut self, m: &mut Medium) {
        let Some(model) = self.model() else { return };
        for party in [Party::Pager, Party::Paged] {
            self.report_simple(party, Status::SUCCESS, m);
        }
        let kind = match (self.both_secure(m), model.is_authenticated()) {
            (false, false) => 4,
            (false, true) => 5,
            (true, false) => 7,
            (true, true) => 8,
        };
        self.new_link_key(kind, m);
        self.authenticated(Status::SUCCESS, m);
    }

    pub(super) fn report_simple(&self, party: Party, status: Status, m: &mut Medium) {
        let peer = self.side(party).peer;
        self.emit(party, SIMPLE_PAIRING_COMPLETE, &[&[status.0], &peer], m);
    }

    /// Fails pairing at `party`, which reports it to the other end.
    pub(super) fn fail_simple(&mut self, party: Party, status: Status, m: &mut Medium) {
        self.report_simple(party, status, m);
        if let Some(pairing) = &mut self.pairing {
            pairing.pager.asked = Asked::Nothing;
            pairing.paged.asked = Asked::Nothing;
            let reached = pairing.progress(party.other()).io.is_some()
                || pairing.progress(party).io.is_some();
            if reached || pairing.initiator != party {
                self.push_security(party, Security::PairingFailed(status), m);
            }
        }
        if self.is_initiator(party) {
            self.authenticated(status, m);
        }
    }

    pub(super) fn pairing_failed(&mut self, party: Party, status: Status, m: &mut Medium) {
        self.report_simple(party, status, m);
        if self.is_initiator(party) {
            self.authenticated(status, m);
        }
    }
}

const DISPLAY_YES_NO: u8 = 1;
const KEYBOARD: u8 = 2;
const NO_INPUT_NO_OUTPUT: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// [Vol 3] Part C, 5.2.2.6, table 5.7
    #[test]
    fn models_of_capabilities() {
        let of = |a, b| {
            let host = |io, requirements| IoCapability { io, out_of_band: 0, requirements };
            Model::of(host(a, 5), host(b, 4))
        };
        let yes = Model::Comparison { authenticated: true };
        let no = Model::Comparison { authenticated: false };
        let key = Model::Passkey;
        let expected =
            [[no, no, key, no], [no, yes, key, no], [key, key, key, no], [no, no, no, no]];
        for (a, row) in expected.into_iter().enumerate() {
            for (b, model) in row.into_iter().enumerate() {
                assert_eq!(of(a as u8, b as u8), model, "{a} {b}");
            }
        }
    }

    #[test]
    fn without_protection_nothing_is_authenticated() {
        let host = |out_of_band| IoCapability { io: 1, out_of_band, requirements: 4 };
        assert_eq!(Model::of(host(0), host(0)), Model::Comparison { authenticated: false });
        assert_eq!(Model::of(host(0), host(1)), Model::OutOfBand);
    }
}
