//! Pairing: its settings, and the questions that the tester answers.

use std::{cell::RefCell, rc::Rc};

use bindrune::{
    Address, Connection, IoCapability, Level, PairingConfig, PairingRequest, PairingRequests,
    Question,
};
use bindrune_btp::{
    Status,
    gap::{self, Event},
};

use super::{gap::failed, tester::Tester};

/// How to pair.
#[derive(Clone, Copy)]
pub(super) struct Pairing {
    pub(super) bondable: bool,
    pub(super) io: IoCapability,
    /// Whether to request protection; by default, if this side has a display or a keyboard.
    pub(super) mitm: Option<bool>,
    pub(super) secure_connections: bool,
    pub(super) secure_connections_only: bool,
    pub(super) min_key_size: u8,
    /// Out-of-band data of legacy pairing.
    pub(super) temporary_key: Option<[u8; 16]>,
    /// Out-of-band data of the peer for LE Secure Connections: random and confirm value.
    pub(super) remote: Option<([u8; 16], [u8; 16])>,
}

impl Pairing {
    pub(super) const DEFAULT: Self = Self {
        bondable: true,
        io: IoCapability::NoInputNoOutput,
        mitm: None,
        secure_connections: true,
        secure_connections_only: false,
        min_key_size: 7,
        temporary_key: None,
        remote: None,
    };

    /// Returns the host's configuration.
    pub(super) const fn config(&self) -> PairingConfig {
        let only = self.secure_connections_only;
        let has_io = !matches!(self.io, IoCapability::NoInputNoOutput);
        PairingConfig {
            io: self.io,
            bonding: self.bondable,
            mitm: match self.mitm {
                Some(on) => on,
                None => has_io,
            },
            secure_connections: self.secure_connections || only,
            legacy: !only,
            oob: self.temporary_key.is_some() || self.remote.is_some(),
            require: if only { Level::SecureConnections } else { Level::Encrypted },
            min_key_size: if only { 16 } else { self.min_key_size },
            consent: false,
            ..PairingConfig::DEFAULT
        }
    }

    /// Returns the level that Pair requests.
    const fn level(&self) -> Level {
        match self.mitm {
            _ if self.secure_connections_only => Level::SecureConnections,
            Some(true) => Level::Authenticated,
            Some(false) | None => Level::Encrypted,
        }
    }
}

/// Returns the capability of a number of the protocol.
pub(super) const fn io(io: gap::IoCapability) -> Option<IoCapability> {
    Some(match io {
        gap::IoCapability::DISPLAY_ONLY => IoCapability::DisplayOnly,
        gap::IoCapability::DISPLAY_YES_NO => IoCapability::DisplayYesNo,
        gap::IoCapability::KEYBOARD_ONLY => IoCapability::KeyboardOnly,
        gap::IoCapability::NO_INPUT_NO_OUTPUT => IoCapability::NoInputNoOutput,
        gap::IoCapability::KEYBOARD_DISPLAY => IoCapability::KeyboardDisplay,
        _ => return None,
    })
}

/// Questions without an answer yet: at most one for each peer.
#[derive(Default)]
pub(super) struct Questions(RefCell<Vec<(Address, PairingRequest<'static>)>>);

impl Questions {
    fn keep(&self, peer: Address, request: PairingRequest<'static>) {
        self.forget(peer);
        self.0.borrow_mut().push((peer, request));
    }

    fn take(&self, peer: Address) -> Option<PairingRequest<'static>> {
        let mut questions = self.0.borrow_mut();
        let place = questions.iter().position(|(of, _)| *of == peer)?;
        Some(questions.swap_remove(place).1)
    }

    /// Answers the question of a peer with no, if there is one.
    pub(super) fn forget(&self, peer: Address) {
        self.0.borrow_mut().retain(|(of, _)| *of != peer);
    }

    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

impl Tester {
    /// Passes the questions of pairings on to the tester.
    pub(super) async fn attend(&self, questions: &mut PairingRequests<'static>) {
        loop {
            let request = questions.next().await;
            let shown = self.links.shown(|connection| request.is_of(connection));
            if let Some(peer) = shown.or_else(|| request.peer()) {
                self.ask(peer, request).await;
            }
        }
    }

    async fn ask(&self, peer: Address, mut request: PairingRequest<'static>) {
        let event = match request.question() {
            Question::Confirm => Event::PairingConsentRequest { peer },
            Question::Compare(passkey) => Event::PasskeyConfirmRequest { peer, passkey },
            Question::Input => Event::PasskeyEntryRequest { peer },
            Question::Display(passkey) => {
                return self.event(Event::PasskeyDisplay { peer, passkey }).await;
            }
            Question::Oob { secure } => {
                let pairing = self.settings.borrow().pairing;
                return match (secure, pairing.remote, pairing.temporary_key) {
                    (true, Some((random, confirm)), _) => request.oob(random, confirm),
                    (false, _, Some(key)) => request.temporary_key(key),
                    _ => request.reject(),
                };
            }
            Question::Pin { .. } => return request.reject(),
        };
        self.questions.keep(peer, request);
        self.event(event).await;
    }

    /// Answers the question of a peer.
    pub(super) fn answer_question(
        &self,
        peer: Address,
        answer: impl FnOnce(&mut PairingRequest<'static>),
    ) -> Result<(), Status> {
        let shown = self.links.link(peer).map_or(peer, |link| link.shown);
        let mut request = self.questions.take(shown).ok_or(Status::FAIL)?;
        answer(&mut request);
        Ok(())
    }

    pub(super) fn answer_yes_or_no(&self, peer: Address, yes: bool) -> Result<(), Status> {
        self.answer_question(peer, |request| if yes { request.accept() } else { request.reject() })
    }

    /// Changes how later pairings are done.
    pub(super) fn change_pairing(&self, change: impl FnOnce(&mut Pairing)) -> Result<(), Status> {
        let mut settings = self.settings.borrow_mut();
        let mut pairing = settings.pairing;
        change(&mut pairing);
        self.host.set_pairing(pairing.config()).map_err(|error| failed("pairing", error))?;
        settings.pairing = pairing;
        Ok(())
    }

    /// Encrypts the link with the bond's key, or pairs.
    pub(super) fn pair(self: &Rc<Self>, peer: Address) -> Result<(), Status> {
        let connection = self.links.find(peer)?;
        self.secure(connection, None);
        Ok(())
    }

    /// Secures the link up to a level of security mode 1.
    pub(super) fn pair_to(
        self: &Rc<Self>,
        peer: Address,
        mode: u8,
        level: u8,
        flags: u8,
    ) -> Result<(), Status> {
        const ANY: u8 = 0xff;
        const FORCE: u8 = 0x01;
        if !matches!(mode, 1 | ANY) {
            return Err(Status::FAIL);
        }
        let level = match level {
            ANY => None,
            0 | 1 => Some(Level::Open),
            2 => Some(Level::Encrypted),
            3 => Some(Level::Authenticated),
            4 => Some(Level::SecureConnections),
            _ => return Err(Status::FAIL),
        };
        let connection = self.links.find(peer)?;
        if flags & FORCE == 0 {
            self.secure(connection, level);
            return Ok(());
        }
        self.spawn(async move {
            if let Err(error) = connection.pair().await {
                log::info!("pairing: {error}");
            }
        });
        Ok(())
    }

    /// Secures a link, up to the level of the settings if none is given.
    pub(super) fn secure(&self, connection: Connection<'static>, level: Option<Level>) {
        let level = level.unwrap_or_else(|| self.settings.borrow().pairing.level());
        self.spawn(async move {
            if let Err(error) = connection.secure(level).await {
                log::info!("securing the link: {error}");
            }
        });
    }
}
