//! Phase 2 of LE Secure Connections. [Vol 3] Part H, 2.3.5.6

mod values;

use super::{
    Answer, Job, LocalOob, PairingRequest,
    parts::{Context, PendingPdus, passkey_of},
};
use crate::{
    capability::{OOB, OobRoom},
    crypto,
    keys::{DhKey, Key, LocalKey, PublicKey},
    method::{Method, Role},
    pdu::{Pdu, Reason},
};

/// Rounds of a passkey: one for each of its bits. [Vol 3] Part H, 2.3.5.6.3
const ROUNDS: u8 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The public keys are exchanged.
    Keys,
    /// The confirm values are exchanged.
    Confirm,
    /// The random numbers are exchanged.
    Random,
    /// The DHKey checks are exchanged.
    Check,
}

/// The machine of phase 2.
#[derive(Debug)]
pub(super) struct Secure {
    stage: Stage,
    own: Option<LocalKey>,
    own_oob: OobRoom<Key>,
    peer: Option<PublicKey>,
    dh_key: Option<DhKey>,
    dh_asked: bool,
    key_sent: bool,
    /// Whether our confirm value of this round was sent.
    committed: bool,
    /// Whether our DHKey check was sent.
    checked: bool,
    nonce: Option<[u8; 16]>,
    peer_confirm: Option<[u8; 16]>,
    peer_nonce: Option<[u8; 16]>,
    peer_check: Option<[u8; 16]>,
    peer_oob: OobRoom<(Key, [u8; 16])>,
    round: u8,
    passkey: Option<u32>,
    approved: bool,
    keys: Option<(Key, Key)>,
}

impl Secure {
    pub(super) fn new(oob: Option<LocalOob>) -> Self {
        let (own, own_oob) = oob.map(|oob| (oob.key, oob.random)).unzip();
        Self {
            stage: Stage::Keys,
            own,
            own_oob: core::array::from_fn(|_| own_oob.clone()),
            peer: None,
            dh_key: None,
            dh_asked: false,
            key_sent: false,
            committed: false,
            checked: false,
            nonce: None,
            peer_confirm: None,
            peer_nonce: None,
            peer_check: None,
            peer_oob: [const { None }; OOB as usize],
            round: 0,
            passkey: None,
            approved: false,
            keys: None,
        }
    }

    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        self.own.as_ref().map(|own| &own.public)
    }

    pub(super) fn peer_uses_debug_key(&self) -> bool {
        self.peer.is_some_and(|peer| peer.x == crypto::DEBUG_KEY_X)
    }

    pub(super) const fn needs_key_pair(&self) -> bool {
        self.own.is_none()
    }

    pub(super) fn needs_random(&self, context: &Context<'_>) -> bool {
        matches!(self.stage, Stage::Confirm | Stage::Random)
            && (self.must_make_passkey(context) || self.nonce.is_none())
    }

    pub(super) fn dh_job(&mut self) -> Option<Job> {
        if self.stage == Stage::Keys || self.dh_asked {
            return None;
        }
        let (own, peer) = (self.own.as_ref()?, self.peer?);
        self.dh_asked = true;
        Some(Job::DhKey { own: own.clone(), peer })
    }

    pub(super) fn handle_key_pair(&mut self, key: &LocalKey) {
        self.own.get_or_insert_with(|| key.clone());
    }

    pub(super) fn handle_dh_key(&mut self, key: Option<&DhKey>) -> Result<(), Reason> {
        let key = key.ok_or(Reason::DHKEY_CHECK_FAILED)?;
        if self.dh_asked {
            self.dh_key.get_or_insert_with(|| key.clone());
        }
        Ok(())
    }

    pub(super) fn handle_random(&mut self, context: &mut Context<'_>, random: [u8; 16]) {
        if self.must_make_passkey(context) {
            let passkey = passkey_of(random);
            self.passkey = Some(passkey);
            *context.ask = Some(PairingRequest::Display(passkey));
        } else {
            self.nonce.get_or_insert(random);
        }
    }

    pub(super) fn handle_answer(
        &mut self,
        context: &Context<'_>,
        answer: Answer,
    ) -> Result<(), Reason> {
        let inputs = context.agreed.method.inputs(context.role);
        match (context.agreed.method, answer) {
            (Method::NumericComparison, Answer::No) => {
                return Err(Reason::NUMERIC_COMPARISON_FAILED);
            }
            (Method::Passkey { .. }, Answer::No) => return Err(Reason::PASSKEY_ENTRY_FAILED),
            (Method::OutOfBand, Answer::No) => return Err(Reason::OOB_NOT_AVAILABLE),
            (_, Answer::No) => return Err(Reason::UNSPECIFIED_REASON),
            (Method::NumericComparison | Method::JustWorks, Answer::Yes)
                if self.stage == Stage::Check =>
            {
                self.approved = true;
            }
            (Method::Passkey { .. }, Answer::Passkey(passkey))
                if inputs && self.passkey.is_none() && self.stage == Stage::Confirm =>
            {
                let valid = passkey < 1_000_000;
                self.passkey = Some(valid.then_some(passkey).ok_or(Reason::PASSKEY_ENTRY_FAILED)?);
            }
            (Method::OutOfBand, Answer::Oob { random, confirm }) if OOB => {
                if let Some(room) = self.peer_oob.first_mut() {
                    room.get_or_insert((random, confirm));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the peer's PDU if it is the expected one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other PDU is expected")]
    pub(super) fn handle_pdu(&mut self, context: &Context<'_>, pdu: &Pdu) -> Result<(), Reason> {
        let initiator = context.role == Role::Initiator;
        let method = context.agreed.method;
        let (slot, value, due) = match pdu {
            Pdu::PublicKey(key) => return self.handle_public_key(initiator, *key),
            Pdu::Confirm(value) => {
                let due = match method {
                    Method::Passkey { .. } => !initiator || self.committed,
                    Method::JustWorks | Method::NumericComparison => initiator,
                    Method::OutOfBand => false,
                };
                (&mut self.peer_confirm, value, due && self.stage == Stage::Confirm)
            }
            Pdu::Random(value) => {
                let early = !initiator && method == Method::OutOfBand;
                let due = self.stage == Stage::Random || early && self.stage == Stage::Confirm;
                (&mut self.peer_nonce, value, due)
            }
            Pdu::DhKeyCheck(value) => {
                let due = self.stage == Stage::Check && (!initiator || self.checked);
                (&mut self.peer_check, value, due)
            }
            _ => return Err(Reason::UNSPECIFIED_REASON),
        };
        if !due || slot.is_some() {
            return Err(Reason::UNSPECIFIED_REASON);
        }
        *slot = Some(*value);
        Ok(())
    }

    /// Continues as far as the known values allow; returns the Long Term Key at the end.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) -> Result<Option<Key>, Reason> {
        loop {
            let before = (self.stage, self.round);
            match self.stage {
                Stage::Keys => self.exchange_keys(context)?,
                Stage::Confirm => self.commit(context)?,
                Stage::Random => self.reveal(context)?,
                Stage::Check => return self.check(context),
            }
            if before == (self.stage, self.round) {
                return Ok(None);
            }
        }
    }

    fn handle_public_key(&mut self, initiator: bool, key: PublicKey) -> Result<(), Reason> {
        if self.stage != Stage::Keys || self.peer.is_some() || initiator && !self.key_sent {
            return Err(Reason::UNSPECIFIED_REASON);
        }
        if !crypto::is_valid(&key) {
            return Err(Reason::DHKEY_CHECK_FAILED);
        }
        self.peer = Some(key);
        Ok(())
    }

    /// Exchanges the public keys. A key with our own X coordinate is a reflection, whatever its Y
    /// is. [Vol 3] Part H, 2.3.5.6.1
    fn exchange_keys(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        let Some(own) = &self.own else { return Ok(()) };
        if self.peer.is_some_and(|peer| peer.x == own.public.x) {
            return Err(Reason::DHKEY_CHECK_FAILED);
        }
        if context.role == Role::Responder && self.peer.is_none() {
            return Ok(());
        }
        if !self.key_sent {
            self.key_sent = true;
            context.out.pending |= PendingPdus::PUBLIC_KEY;
        }
        if self.peer.is_some() {
            self.stage = Stage::Confirm;
            *context.ask = match context.agreed.method {
                Method::Passkey { .. } if context.agreed.method.inputs(context.role) => {
                    Some(PairingRequest::Input)
                }
                Method::OutOfBand if context.agreed.own(context.role).oob != 0 => {
                    Some(PairingRequest::Oob { secure: true })
                }
                Method::JustWorks
                | Method::NumericComparison
                | Method::Passkey { .. }
                | Method::OutOfBand => None,
            };
        }
        Ok(())
    }

    fn commit(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        match context.agreed.method {
            Method::OutOfBand => return self.commit_out_of_band(context),
            Method::Passkey { .. } if self.passkey.is_none() => return Ok(()),
            Method::Passkey { .. } | Method::JustWorks | Method::NumericComparison => {}
        }
        let Some(nonce) = self.nonce else { return Ok(()) };
        let own = self.confirm_value(&nonce, true)?;
        let passkey = matches!(context.agreed.method, Method::Passkey { .. });
        if context.role == Role::Initiator {
            if passkey && !self.committed {
                self.committed = true;
                context.out.confirm(own);
            }
            let Some(peer) = &self.peer_confirm else { return Ok(()) };
            if passkey && crypto::same(peer, &own) {
                return Err(Reason::CONFIRM_VALUE_FAILED);
            }
            context.out.random(nonce);
            self.stage = Stage::Random;
        } else if !passkey || self.peer_confirm.is_some() {
            context.out.confirm(own);
            self.stage = Stage::Random;
        }
        Ok(())
    }

    /// Checks, before our random number leaves, that the peer's key is the one that its out-of-band
    /// data commits to. [Vol 3] Part H, 2.3.5.6.4
    fn commit_out_of_band(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        if !OOB {
            return Err(Reason::OOB_NOT_AVAILABLE);
        }
        if context.agreed.own(context.role).oob != 0 {
            let (Some((random, confirm)), Some(peer)) = (self.peer_oob(), &self.peer) else {
                return Ok(());
            };
            if !crypto::same(&crypto::f4(&peer.x, &peer.x, random.octets(), 0), confirm) {
                return Err(Reason::CONFIRM_VALUE_FAILED);
            }
        }
        let Some(nonce) = self.nonce else { return Ok(()) };
        if context.role == Role::Initiator {
            context.out.random(nonce);
        }
        self.stage = Stage::Random;
        Ok(())
    }

    fn reveal(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        let (Some(nonce), Some(peer_nonce)) = (self.nonce, self.peer_nonce) else { return Ok(()) };
        if let Some(confirm) = &self.peer_confirm {
            let expected = self.confirm_value(&peer_nonce, false)?;
            if !crypto::same(&expected, confirm) {
                return Err(Reason::CONFIRM_VALUE_FAILED);
            }
        }
        if context.role == Role::Responder {
            context.out.random(nonce);
        }
        if matches!(context.agreed.method, Method::Passkey { .. }) {
            self.round = self.round.saturating_add(1);
            if self.round < ROUNDS {
                self.stage = Stage::Confirm;
                self.committed = false;
                (self.nonce, self.peer_nonce, self.peer_confirm) = (None, None, None);
                return Ok(());
            }
        }
        self.stage = Stage::Check;
        self.ask_approval(context)
    }

    fn ask_approval(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        match context.agreed.method {
            Method::NumericComparison => {
                let (a, b) = self.coordinates(context.role)?;
                let (na, nb) = self.nonces(context.role)?;
                *context.ask = Some(PairingRequest::Compare(crypto::g2(a, b, na, nb)));
            }
            Method::JustWorks if context.consent => *context.ask = Some(PairingRequest::Confirm),
            Method::JustWorks | Method::Passkey { .. } | Method::OutOfBand => self.approved = true,
        }
        Ok(())
    }

    /// Exchanges the DHKey checks. [Vol 3] Part H, 2.3.5.6.5
    fn check(&mut self, context: &mut Context<'_>) -> Result<Option<Key>, Reason> {
        let (true, Some(dh_key)) = (self.approved, &self.dh_key) else { return Ok(None) };
        if self.keys.is_none() {
            let (na, nb) = self.nonces(context.role)?;
            let [a, b] = [Role::Initiator, Role::Responder].map(|role| context.address(role));
            self.keys = Some(crypto::f5(dh_key, na, nb, a, b));
        }
        if context.role == Role::Initiator && !self.checked {
            self.checked = true;
            context.out.check(self.check_value(context, Role::Initiator)?);
        }
        let Some(received) = &self.peer_check else { return Ok(None) };
        let expected = self.check_value(context, context.role.other())?;
        if !crypto::same(&expected, received) {
            return Err(Reason::DHKEY_CHECK_FAILED);
        }
        if context.role == Role::Responder {
            context.out.check(self.check_value(context, Role::Responder)?);
        }
        Ok(self.keys.as_ref().map(|(_, ltk)| ltk.clone().shortened(context.agreed.key_size)))
    }

    /// Returns the peer's out-of-band data.
    fn peer_oob(&self) -> Option<&(Key, [u8; 16])> {
        self.peer_oob.first()?.as_ref()
    }

    fn must_make_passkey(&self, context: &Context<'_>) -> bool {
        let method = context.agreed.method;
        matches!(method, Method::Passkey { .. })
            && self.passkey.is_none()
            && !method.inputs(context.role)
    }
}
