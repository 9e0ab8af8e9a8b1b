//! A pairing in progress, and the terms that both sides can achieve.

use bindrune_hci::cmd::classic::AuthenticationRequirements;
use bindrune_wire::{Level, Present, time::Instant};

use super::{
    api::{Config, Failure, LegacyPairing, Question},
    model::{Model, Side},
    oob::check_claim,
    reply::Reply,
    slot::{LONGEST, Running, STEP, Slot},
};

/// What an input of a link depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) now: Instant,
    pub(super) config: &'a Config,
    /// Whether the application takes questions.
    pub(super) user: bool,
    /// Whether the peer may have out-of-band data of this device.
    pub(super) has_oob: bool,
}

/// A pairing in progress.
#[derive(Debug)]
pub(super) struct Pairing {
    /// Whether this side started it.
    pub(super) local: bool,
    /// Whether it is a legacy pairing.
    pub(super) pin: bool,
    /// What this side has said.
    pub(super) own: Option<Side>,
    /// What the peer has said.
    pub(super) peer: Option<Side>,
    /// The question to the user.
    pub(super) question: Option<Question>,
    /// Whether the question needs an answer.
    pub(super) open: bool,
    /// Whether everything is answered that the model needs.
    pub(super) agreed: bool,
    /// Whether the PIN has 16 octets.
    pub(super) sixteen: bool,
    /// Why the next request is refused.
    pub(super) failure: Option<Failure>,
    /// Time at which the pairing ends even if the peer continues.
    pub(super) end: Instant,
    _present: Present,
}

impl Pairing {
    /// Returns the model, once both sides have said what they can do.
    pub(super) fn model(&self) -> Option<Model> {
        if self.pin {
            return Some(Model::Pin);
        }
        self.own.zip(self.peer).map(|(own, peer)| Model::select(own, peer))
    }
}

impl Slot {
    /// Returns the pairing in progress, or a new one. If an authentication with the bond's key runs, only a pairing
    /// that the peer starts may begin: a bond is never replaced because its key failed.
    pub(super) fn begin(&mut self, now: Instant, pin: bool) -> &mut Pairing {
        let local = matches!(self.running, Some(Running::Authentication { pair: true, .. }));
        self.pairing.get_or_insert_with(|| Pairing {
            local,
            pin,
            own: None,
            peer: None,
            question: None,
            open: false,
            agreed: false,
            sixteen: false,
            failure: None,
            end: now + LONGEST,
            _present: Present::Here,
        })
    }

    /// Returns whether a request to pair follows from an authentication with a key that there is.
    pub(super) const fn is_unasked(&self) -> bool {
        self.pairing.is_none()
            && matches!(self.running, Some(Running::Authentication { pair: false, .. }))
    }

    /// Ends the pairing, and the requirement of the root that it served.
    pub(super) fn fail(&mut self, failure: Failure) {
        let Some(pairing) = &self.pairing else { return };
        let failure = pairing.failure.unwrap_or(failure);
        let local = pairing.local;
        self.fail_pairing(failure);
        if local {
            self.conclude(Err(failure));
        }
    }

    /// Refuses a request of the controller, and ends the pairing.
    pub(super) fn refuse(&mut self, reply: Reply, failure: Failure) {
        self.reply = Some(reply);
        self.fail(failure);
    }

    /// Returns the minimum level of the pairing in progress.
    pub(super) fn need(&self, config: &Config) -> Level {
        let local = self.pairing.as_ref().is_some_and(|pairing| pairing.local);
        let goal = self.goal.filter(|_| local).map(|goal| goal.requirement.level);
        config.require.max(goal.unwrap_or_default())
    }

    /// Checks whether both sides have Secure Connections, if the key must have them. So the peer's user gets no
    /// question about a pairing that must fail. [Vol 3] Part C, 5.2.2.8
    fn check_algorithms(&self, config: &Config) -> Result<(), Failure> {
        let required =
            self.need(config) >= Level::SecureConnections || config.only_secure_connections;
        match required && self.is_secure(config) == Some(false) {
            true => Err(Failure::Terms),
            false => Ok(()),
        }
    }

    /// Checks whether a pairing may begin, whatever the peer can do.
    fn admit(&self, context: Context<'_>, needs_user: bool) -> Result<(), Failure> {
        if self.must_wait(context.now) {
            return Err(Failure::RepeatedAttempts);
        }
        if needs_user && !context.user || !self.loaded {
            return Err(Failure::NotAllowed);
        }
        Ok(())
    }

    /// Returns what this side says about itself.
    ///
    /// # Errors
    ///
    /// The reason why the pairing is refused.
    pub(super) fn own_side(&self, context: Context<'_>) -> Result<Side, Failure> {
        let config = context.config;
        let oob = self.has_peer_oob(config)?;
        let peer = self.pairing.as_ref().and_then(|pairing| pairing.peer);
        let needs_user =
            config.io != super::IoCapability::NoInputNoOutput || self.asks_consent(config);
        // Out-of-band data asks nothing.
        let needs_user = needs_user && !oob && !peer.is_some_and(|peer| peer.oob);
        self.admit(context, needs_user)?;
        self.check_algorithms(config)?;
        let bond = self.bond_strength().is_some_and(|bond| bond.authenticated);
        let mitm = config.mitm || bond || self.need(config) >= Level::Authenticated;
        let own = Side { io: config.io, oob, mitm, bonding: config.bonding };
        match peer {
            Some(peer) => self.check_terms(context, own, peer).map(|()| own),
            None => Ok(own),
        }
    }

    /// Returns whether the user is asked before Just Works.
    pub(super) const fn asks_consent(&self, config: &Config) -> bool {
        config.consent || self.bond.is_some()
    }

    /// Checks before the user is asked whether both sides can achieve what is required, and nothing weaker than the
    /// bond. What the peer supports may be unknown yet: the key is checked again.
    pub(super) fn check_terms(
        &self,
        context: Context<'_>,
        own: Side,
        peer: Side,
    ) -> Result<(), Failure> {
        check_claim(context, peer)?;
        let config = context.config;
        let authenticated = Model::select(own, peer).is_authenticated();
        let insecure = self.is_secure(config) == Some(false);
        if self.need(config) >= Level::Authenticated && !authenticated {
            return Err(Failure::Terms);
        }
        self.check_algorithms(config)?;
        match self.bond_strength() {
            Some(bond) if bond.authenticated && !authenticated => Err(Failure::BondKept),
            Some(bond) if bond.kind.is_secure() && insecure => Err(Failure::Downgrade),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks whether a legacy pairing may begin. Returns whether its PIN needs 16 octets.
    pub(super) fn check_pin(&self, context: Context<'_>) -> Result<bool, Failure> {
        let config = context.config;
        if config.legacy == LegacyPairing::Refused || config.only_secure_connections {
            return Err(Failure::NotAllowed);
        }
        let simple = self.features.is_some_and(|features| features.simple_pairing);
        if simple || !self.oob.is_empty() {
            return Err(Failure::Downgrade);
        }
        if self.bond_strength().is_some_and(|bond| !bond.kind.is_legacy()) {
            return Err(Failure::BondKept);
        }
        self.admit(context, true)?;
        let bond = self.bond_strength().is_some_and(|bond| bond.authenticated);
        let sixteen = config.legacy == LegacyPairing::SixteenDigits;
        match self.need(config) {
            Level::Open | Level::Encrypted => Ok(sixteen && bond),
            Level::Authenticated if sixteen => Ok(true),
            Level::Authenticated | Level::SecureConnections => Err(Failure::Terms),
        }
    }

    /// Asks the user, or shows a value. `open` if an answer is needed.
    pub(super) fn ask(&mut self, now: Instant, question: Question, open: bool) {
        let Some(pairing) = &mut self.pairing else { return };
        if pairing.question == Some(question) && pairing.open == open {
            return;
        }
        pairing.question = Some(question);
        pairing.open = open;
        self.serial = self.serial.wrapping_add(1);
        self.ready.question = true;
        self.touch(now, STEP);
    }
}

/// Returns the requirements on the wire. `dedicated` if the local user requested the pairing.
pub(super) const fn requirements(side: Side, dedicated: bool) -> AuthenticationRequirements {
    match (side.bonding, dedicated, side.mitm) {
        (false, _, false) => AuthenticationRequirements::NO_BONDING,
        (false, _, true) => AuthenticationRequirements::NO_BONDING_MITM,
        (true, true, false) => AuthenticationRequirements::DEDICATED_BONDING,
        (true, true, true) => AuthenticationRequirements::DEDICATED_BONDING_MITM,
        (true, false, false) => AuthenticationRequirements::GENERAL_BONDING,
        (true, false, true) => AuthenticationRequirements::GENERAL_BONDING_MITM,
    }
}
