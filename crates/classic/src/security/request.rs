//! Links and requests of the root.

use bindrune_hci::cmd::classic::Keypress;
use bindrune_wire::time::Instant;

use super::{
    Security,
    api::{Answer, Failure, LinkUp, PeerFeatures, Question, RequestError, Requirement},
    bond::Bond,
    oob::OobPresence,
    pairing::Context,
    slot::{Goal, STEP, Slot},
};

/// Links.
impl Security {
    /// Handles a link that came up. Then [`Self::set_bond`] is due: requests for the key wait for it.
    ///
    /// A peer with the address of this device is refused: it could reflect this device's own answers.
    pub fn link_up(&mut self, link: u8, up: LinkUp) {
        let local = self.local;
        let Some(slot) = self.slots.get_mut(usize::from(link)) else { return };
        slot.clear();
        slot.up = true;
        slot.handle = up.handle;
        slot.peer = up.peer;
        slot.local = local;
        if up.peer == local {
            slot.end(Failure::OwnAddress);
        }
    }

    /// Sets the bond with the peer, or that there is none. Call it once the store is loaded, and again if the bond is
    /// removed or the store did not keep it. A bond of another peer is ignored.
    pub fn set_bond(&mut self, link: u8, bond: Option<&Bond>) {
        let config = self.config;
        let Some(slot) = self.slot_mut(link) else { return };
        let peer = slot.peer;
        slot.bond = bond.filter(|bond| bond.peer == peer).cloned();
        slot.loaded = true;
        if slot.key_asked {
            slot.provide_key(&config);
            slot.rest();
        }
    }

    /// Sets what the peer supports, once its extended features are known.
    pub fn set_features(&mut self, link: u8, features: PeerFeatures) {
        if let Some(slot) = self.slot_mut(link) {
            slot.features = Some(features);
        }
    }

    /// Sets the out-of-band data that [`Answer::Oob`] can provide for this peer. If there is some, the peer pairs with
    /// it or not at all.
    pub fn set_oob(&mut self, link: u8, oob: OobPresence) {
        if let Some(slot) = self.slot_mut(link) {
            slot.oob = oob;
        }
    }

    /// Refuses pairings of a link before `until`, with Repeated Attempts (0x17).
    pub fn hold_off(&mut self, link: u8, until: Option<Instant>) {
        if let Some(slot) = self.slot_mut(link) {
            slot.not_before = until;
        }
    }

    /// Handles the end of a link. Returns whether a pairing failed by it, or failed before without being taken: count
    /// that as a failure of the peer.
    pub fn link_down(&mut self, link: u8) -> bool {
        if let Some(sent) = self.in_flight.as_mut().filter(|sent| sent.link == Some(link)) {
            sent.link = None;
        }
        let Some(slot) = self.slot_mut(link) else { return false };
        let failed = slot.pairing.is_some() || matches!(slot.ready.paired, Some(Err(_)));
        slot.clear();
        failed
    }
}

/// Requests.
impl Security {
    /// Raises a link to a level: uses the key of the bond if that suffices, otherwise pairs.
    /// [`super::SecurityEvent::Outcome`] reports the outcome. A second requirement joins the first one; both have one
    /// outcome.
    ///
    /// # Errors
    ///
    /// [`RequestError`]: no such link, the bonds are not loaded, or the last failure of the peer is too recent.
    pub fn require(
        &mut self,
        now: Instant,
        link: u8,
        requirement: Requirement,
    ) -> Result<(), RequestError> {
        self.request(now, link, requirement, false)
    }

    /// Pairs anew, even if there is a bond. [`super::SecurityEvent::Outcome`] reports the outcome.
    ///
    /// # Errors
    ///
    /// As for [`Self::require`].
    pub fn pair(
        &mut self,
        now: Instant,
        link: u8,
        requirement: Requirement,
    ) -> Result<(), RequestError> {
        let level = requirement.level.max(bindrune_wire::Level::Encrypted);
        self.request(now, link, Requirement { level, ..requirement }, true)
    }

    fn request(
        &mut self,
        now: Instant,
        link: u8,
        requirement: Requirement,
        pair: bool,
    ) -> Result<(), RequestError> {
        let slot = self.slot_mut(link).filter(|slot| !slot.ending).ok_or(RequestError::NoLink)?;
        if !slot.loaded {
            return Err(RequestError::NotLoaded);
        }
        if pair && slot.must_wait(now) {
            return Err(RequestError::RepeatedAttempts);
        }
        let goal = slot.goal.get_or_insert(Goal { requirement, pair, tried: false, again: false });
        let old = goal.requirement;
        goal.pair |= pair;
        goal.requirement.level = old.level.max(requirement.level);
        goal.requirement.min_key_size = old.min_key_size.max(requirement.min_key_size);
        goal.again |= goal.requirement != old || pair;
        slot.settle();
        Ok(())
    }

    /// Cancels the requirement and the pairing of a link. A pairing without an open question ends
    /// the link.
    pub fn cancel(&mut self, now: Instant, link: u8) {
        let Some(slot) = self.slot_mut(link) else { return };
        if !slot.deny_open(Failure::Cancelled) && slot.pairing.is_some() {
            slot.end(Failure::Cancelled);
        }
        slot.conclude(Err(Failure::Cancelled));
        if slot.running.is_some() {
            slot.touch(now, STEP);
        }
    }

    /// Answers a question, by its serial number. An answer that does not fit the question counts as no. Returns whether
    /// the question was open.
    pub fn answer(&mut self, now: Instant, link: u8, serial: u16, answer: Answer) -> bool {
        let has_oob = self.oob.is_live();
        let context = Context { now, config: &self.config, user: self.user, has_oob };
        let slot = self.slots.get_mut(usize::from(link)).filter(|slot| slot.up);
        let Some(slot) = slot else { return false };
        let expected = slot.answer(context, serial, answer);
        slot.settle();
        expected
    }

    /// Reports a keypress of our user to the peer while the user enters a passkey. A keypress that was not sent yet is
    /// replaced.
    pub fn send_keypress(&mut self, link: u8, serial: u16, keypress: Keypress) {
        let Some(slot) = self.slot_mut(link) else { return };
        let open = slot.pairing.as_ref().filter(|pairing| pairing.open);
        let question = open.and_then(|pairing| pairing.question);
        if question == Some(Question::Input) && slot.serial == serial {
            slot.keypress_out = Some(keypress);
        }
    }
}

impl Slot {
    /// Wipes everything of the link; only the serial number continues.
    pub(super) fn clear(&mut self) {
        *self = Self { serial: self.serial, ..Self::EMPTY };
    }
}
