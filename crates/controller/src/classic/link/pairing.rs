//! Authentication with a link key, and pairing with a PIN code. [Vol 2] Part C, 4.2.1, 4.2.2
//!
//! Keys and PIN codes are compared, not computed. A new link key comes from the random numbers of the air.

use bindrune_hci::Status;
use embassy_time::{Duration, Instant};

use super::{
    ClassicLink, Party,
    manager::Security,
    simple::{IoCapability, Stage},
};
use crate::{
    air::Medium,
    classic::events::{
        AUTHENTICATION_COMPLETE, IO_CAPABILITY_REQUEST, LINK_KEY_NOTIFICATION, LINK_KEY_REQUEST,
        PIN_CODE_REQUEST,
    },
};

/// An authentication in progress.
#[derive(Debug)]
pub(super) struct Pairing {
    pub(super) initiator: Party,
    /// When the last step happened.
    pub(super) since: Instant,
    pub(super) pager: Progress,
    pub(super) paged: Progress,
    pub(super) passkey: u32,
}

/// What one host was asked, and what it answered.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) asked: Asked,
    key: Option<[u8; 16]>,
    pin: Option<Pin>,
    pub(super) io: Option<IoCapability>,
    pub(super) stage: Stage,
}

/// Length, and the octets of a PIN code.
type Pin = (u8, [u8; 16]);

/// The question that a host must answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asked {
    #[default]
    Nothing,
    LinkKey,
    PinCode,
    IoCapability,
    Confirmation,
    Passkey,
    OutOfBand,
}

impl Pairing {
    pub(super) const fn progress(&self, party: Party) -> &Progress {
        match party {
            Party::Pager => &self.pager,
            Party::Paged => &self.paged,
        }
    }

    pub(super) const fn progress_mut(&mut self, party: Party) -> &mut Progress {
        match party {
            Party::Pager => &mut self.pager,
            Party::Paged => &mut self.paged,
        }
    }
}

/// Authentication.
impl ClassicLink {
    /// Authenticates for the host of `initiator`.
    pub(in crate::classic) fn authenticate(
        &mut self,
        initiator: Party,
        m: &mut Medium,
    ) -> Result<(), Status> {
        if let Some(pairing) = &self.pairing {
            let own = pairing.initiator == initiator;
            return Err(if own {
                Status::COMMAND_DISALLOWED
            } else {
                Status::LL_PROCEDURE_COLLISION
            });
        }
        let passkey = u32::try_from(m.radio.rng.below(1_000_000)).unwrap_or(0);
        let (pager, paged) = (Progress::default(), Progress::default());
        self.pairing = Some(Pairing { initiator, since: m.now, pager, paged, passkey });
        self.ask_link_key(initiator, m);
        Ok(())
    }

    fn ask_link_key(&mut self, party: Party, m: &mut Medium) {
        let peer = self.side(party).peer;
        if !self.ask_host(party, Asked::LinkKey, LINK_KEY_REQUEST, &[&peer], m) {
            self.link_key_missing(party, m);
        }
    }

    /// Sends a request to a host; returns false if a mask forbids it.
    pub(super) fn ask_host(
        &mut self,
        party: Party,
        asked: Asked,
        code: u8,
        parts: &[&[u8]],
        m: &mut Medium,
    ) -> bool {
        let sent = self.emit(party, code, parts, m);
        if let Some(pairing) = &mut self.pairing {
            pairing.since = m.now;
            pairing.progress_mut(party).asked = if sent { asked } else { Asked::Nothing };
        }
        sent
    }

    /// Takes the answer to `asked`, which must be pending at this host.
    pub(super) fn take_answer(
        &mut self,
        party: Party,
        asked: Asked,
        m: &Medium,
    ) -> Result<&mut Progress, Status> {
        let pairing = self.pairing.as_mut().ok_or(Status::COMMAND_DISALLOWED)?;
        pairing.since = m.now;
        let progress = pairing.progress_mut(party);
        if progress.asked != asked {
            return Err(Status::COMMAND_DISALLOWED);
        }
        progress.asked = Asked::Nothing;
        Ok(progress)
    }

    pub(super) fn is_initiator(&self, party: Party) -> bool {
        self.pairing.as_ref().is_some_and(|pairing| pairing.initiator == party)
    }

    pub(in crate::classic) fn answer_link_key(
        &mut self,
        party: Party,
        key: Option<[u8; 16]>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        let progress = self.take_answer(party, Asked::LinkKey, m)?;
        progress.key = key;
        match key {
            None => self.link_key_missing(party, m),
            Some(_) if self.is_initiator(party) => {
                self.push_security(party, Security::Authenticate, m)
            }
            Some(key) => {
                let other = self.pairing.as_ref().and_then(|p| p.progress(party.other()).key);
                let same = other == Some(key);
                let status = if same { Status::SUCCESS } else { Status::AUTHENTICATION_FAILURE };
                self.push_security(party, Security::Authenticated(status), m);
            }
        }
        Ok(())
    }

    /// Handles a host without a key: the initiator pairs, the responder refuses.
    fn link_key_missing(&mut self, party: Party, m: &mut Medium) {
        if !self.is_initiator(party) {
            return self.push_security(party, Security::Authenticated(Status::KEY_MISSING), m);
        }
        let peer = self.side(party).peer;
        if self.both_simple(m) {
            let code = IO_CAPABILITY_REQUEST;
            if !self.ask_host(party, Asked::IoCapability, code, &[&peer], m) {
                self.fail_simple(party, Status::SIMPLE_PAIRING_NOT_SUPPORTED, m);
            }
        } else if !self.ask_host(party, Asked::PinCode, PIN_CODE_REQUEST, &[&peer], m) {
            self.authenticated(Status::KEY_MISSING, m);
        }
    }

    pub(super) fn authentication_requested(&mut self, party: Party, m: &mut Medium) {
        self.ask_link_key(party, m);
    }

    pub(super) fn authentication_answered(&mut self, party: Party, status: Status, m: &mut Medium) {
        if status.is_success() {
            self.key = self.pairing.as_ref().and_then(|pairing| pairing.progress(party).key);
        }
        self.authenticated(status, m);
    }

    /// Ends the authentication, for the host of its initiator.
    pub(super) fn authenticated(&mut self, status: Status, m: &mut Medium) {
        if let Some(Pairing { initiator, .. }) = self.pairing.take() {
            let handle = self.side(initiator).handle.to_le_bytes();
            self.emit(initiator, AUTHENTICATION_COMPLETE, &[&[status.0], &handle], m);
        }
    }

    /// Ends a pairing without an answer, and its link. [Vol 2] Part C, 2.6
    pub(super) fn pairing_times_out(&mut self, m: &mut Medium) {
        let Some(pairing) = &self.pairing else { return };
        if m.now < pairing.since.saturating_add(RESPONSE_TIMEOUT) {
            return;
        }
        let status = Status::LL_RESPONSE_TIMEOUT;
        let simple = [Party::Pager, Party::Paged].map(|p| (p, pairing.progress(p).io.is_some()));
        for (party, _) in simple.into_iter().filter(|(_, simple)| *simple) {
            self.report_simple(party, status, m);
        }
        self.authenticated(status, m);
        for party in [Party::Pager, Party::Paged] {
            self.close(party, status, m);
        }
    }

    /// Creates a link key of this type, and reports it to both hosts.
    pub(super) fn new_link_key(&mut self, kind: u8, m: &mut Medium) {
        let mut key = [0; 16];
        for octet in &mut key {
            let [low, ..] = m.radio.rng.next().to_le_bytes();
            *octet = low;
        }
        self.key = Some(key);
        for party in [Party::Pager, Party::Paged] {
            let peer = self.side(party).peer;
            self.emit(party, LINK_KEY_NOTIFICATION, &[&peer, &key, &[kind]], m);
        }
    }
}

/// Pairing with a PIN code.
impl ClassicLink {
    pub(in crate::classic) fn answer_pin(
        &mut self,
        party: Party,
        pin: Option<Pin>,
        m: &mut Medium,
    ) -> Result<(), Status> {
        self.take_answer(party, Asked::PinCode, m)?.pin = pin;
        let is_initiator = self.is_initiator(party);
        match pin {
            None if is_initiator => self.authenticated(Status::KEY_MISSING, m),
            None => self.push_security(party, Security::Paired(Status::PAIRING_NOT_ALLOWED), m),
            Some(_) if is_initiator => self.push_security(party, Security::Pair, m),
            Some(pin) => {
                let other = self.pairing.as_ref().and_then(|p| p.progress(party.other()).pin);
                let same = other == Some(pin);
                let status = if same { Status::SUCCESS } else { Status::AUTHENTICATION_FAILURE };
                self.push_security(party, Security::Paired(status), m);
            }
        }
        Ok(())
    }

    pub(super) fn pin_pairing_requested(&mut self, party: Party, m: &mut Medium) {
        let peer = self.side(party).peer;
        if !self.ask_host(party, Asked::PinCode, PIN_CODE_REQUEST, &[&peer], m) {
            self.push_security(party, Security::Paired(Status::PAIRING_NOT_ALLOWED), m);
        }
    }

    pub(super) fn pin_pairing_answered(&mut self, _party: Party, status: Status, m: &mut Medium) {
        if status.is_success() {
            self.new_link_key(COMBINATION, m);
        }
        self.authenticated(status, m);
    }
}

/// Key type: combination key. [Vol 4] Part E, 7.7.24
const COMBINATION: u8 = 0;

/// The response timeout of the Link Manager. [Vol 2] Part C, 2.6
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
