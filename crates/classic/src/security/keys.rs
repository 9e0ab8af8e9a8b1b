//! Link keys: those that the controller requests, and those that it makes. [Vol 4] Part E, 7.7.23 and 7.7.24

use bindrune_hci::event::classic::LinkKeyType;
use bindrune_wire::time::Instant;

use super::{
    api::{Config, Failure, LegacyPairing, Paired},
    bond::Bond,
    key::{KeyKind, Secret, Strength},
    model::Model,
    oob::check_claim,
    pairing::Context,
    reply::Reply,
    slot::{Running, STEP, Slot},
};

impl Slot {
    /// Handles Link Key Request. While the bonds are not loaded, it waits.
    pub(super) fn key_request(&mut self, context: Context<'_>) {
        if self.ending || self.loaded {
            return self.provide_key(context.config);
        }
        if !self.key_asked {
            self.key_asked = true;
            self.touch(context.now, STEP);
        }
    }

    /// Answers a Link Key Request. A key that does not satisfy the configuration is not used, so that the peer must
    /// pair again; neither is any key while this side pairs anew.
    pub(super) fn provide_key(&mut self, config: &Config) {
        self.key_asked = false;
        self.reply = Some(Reply::NoKey);
        if self.ending || matches!(self.running, Some(Running::Authentication { pair: true, .. })) {
            return;
        }
        let key = self.key.as_ref().or(self.bond.as_ref());
        let Some(key) = key.filter(|key| self.is_usable(key, config)) else { return };
        if key.kind.is_secure() && self.is_secure(config) == Some(false) {
            return self.end(Failure::Downgrade);
        }
        self.reply = Some(Reply::Key(key.key.clone()));
    }

    /// Records that the controller gets a key: the link uses it from now on.
    pub(super) fn key_provided(&mut self, key: &Secret) {
        if self.key.is_none() {
            self.key = self.bond.clone().filter(|bond| bond.key == *key);
        }
        if let Some(Running::Authentication { keyed, .. }) = &mut self.running {
            *keyed = true;
        }
    }

    /// Handles Link Key Notification.
    pub(super) fn key_notification(
        &mut self,
        context: Context<'_>,
        key: Secret,
        key_type: LinkKeyType,
    ) {
        if self.ending {
            return;
        }
        if key.is_zero() && !context.config.zero_keys {
            return self.end(Failure::BadKey);
        }
        let result = if key_type == LinkKeyType::CHANGED_COMBINATION {
            self.changed_key(key)
        } else {
            self.new_key(context, key, key_type)
        };
        match result {
            Ok(()) => self.touch_or_rest(context.now),
            Err(failure) => self.end(failure),
        }
    }

    /// Takes the key that replaces the one in use. It keeps the earlier kind, and is never stronger.
    fn changed_key(&mut self, key: Secret) -> Result<(), Failure> {
        let old = self.key.as_mut().filter(|_| self.proven && self.pairing.is_none());
        let old = old.ok_or(Failure::OutOfOrder)?;
        let bonded = self.bond.as_ref() == Some(&*old);
        old.key = key;
        if bonded {
            self.bond = self.key.clone();
            self.ready.key = true;
        }
        Ok(())
    }

    /// Takes the key of a pairing if it is what the pairing had to make.
    fn new_key(
        &mut self,
        context: Context<'_>,
        key: Secret,
        key_type: LinkKeyType,
    ) -> Result<(), Failure> {
        let config = context.config;
        let pairing = self.pairing.as_ref().ok_or(Failure::OutOfOrder)?;
        let kind = KeyKind::from_wire(key_type.0).ok_or(Failure::BadKey)?;
        if let Some(failure) = pairing.failure {
            return Err(failure);
        }
        if !pairing.agreed || pairing.open {
            return Err(Failure::OutOfOrder);
        }
        if pairing.pin != kind.is_legacy() {
            return Err(Failure::Downgrade);
        }
        if let Some(peer) = pairing.peer {
            check_claim(context, peer)?;
        }
        let model = pairing.model().ok_or(Failure::OutOfOrder)?;
        let authenticated = match model {
            Model::Pin => pairing.sixteen && config.legacy == LegacyPairing::SixteenDigits,
            Model::JustWorks
            | Model::NumericComparison
            | Model::PasskeyDisplay
            | Model::PasskeyInput
            | Model::OutOfBand => model.is_authenticated() && kind.is_authenticated(),
        };
        let strength = Strength { kind, authenticated };
        if config.only_secure_connections && !kind.is_secure() {
            return Err(Failure::Downgrade);
        }
        if strength.best() < self.need(config) {
            return Err(Failure::Insufficient(strength.best()));
        }
        if self.bond_strength().is_some_and(|bond| !strength.may_replace(bond)) {
            return Err(Failure::BondKept);
        }
        let both = pairing.pin || pairing.peer.is_some_and(|peer| peer.bonding);
        let bonded = config.bonding && both;
        self.paired(Bond::new(self.peer, self.local, key, kind, authenticated), model, bonded);
        Ok(())
    }

    fn paired(&mut self, bond: Bond, model: Model, bonded: bool) {
        let Bond { kind, authenticated, .. } = bond;
        if bonded {
            self.bond = Some(bond.clone());
            self.ready.key = true;
        }
        self.spent_oob = self.pairing.as_ref().and_then(|it| it.peer).is_some_and(|it| it.oob);
        self.key = Some(bond);
        self.is_new = true;
        self.proven = true;
        self.pairing = None;
        self.keypress_out = None;
        self.ready.question = false;
        self.ready.keypress = None;
        self.ready.paired = Some(Ok(Paired { model, kind, authenticated, bonded }));
        if let Some(Running::Authentication { keyed, .. }) = &mut self.running {
            *keyed = true;
        }
        if let Some(goal) = &mut self.goal {
            goal.pair = false;
        }
    }

    fn touch_or_rest(&mut self, now: Instant) {
        if self.running.is_some() {
            self.touch(now, STEP);
        } else {
            self.rest();
        }
    }
}
