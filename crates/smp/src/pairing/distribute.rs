//! Phase 3: the link is encrypted, then the keys are exchanged. [Vol 3] Part H, 2.4.3 and 3.6.1

use bitflags::bitflags;

use super::{
    Identity, Keys, Outcome,
    parts::{Agreement, Out, PendingPdus, unnamed},
};
use crate::{
    capability::LEGACY,
    keys::{Key, LongTermKey},
    method::{self, Role},
    pdu::{KeyDistribution, Pdu, Reason},
};

bitflags! {
    /// PDUs that the peer must still send.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Expected: u8 {
        const LTK = 1;
        const CENTRAL_ID = 1 << 1;
        const IRK = 1 << 2;
        const ADDRESS = 1 << 3;
        const CSRK = 1 << 4;
    }
}

/// The machine of phase 3.
#[derive(Debug)]
pub(super) struct Distribute {
    /// Key of the link's encryption.
    key: Key,
    key_size: u8,
    taken: bool,
    encrypted: bool,
    /// Whether all our keys are queued.
    given: bool,
    /// Whether this side has accepted the peer's keys.
    accepted: bool,
    send: KeyDistribution,
    expected: Expected,
    ltk: Option<Key>,
    /// Result of the pairing, with the keys so far.
    outcome: Outcome,
}

impl Distribute {
    pub(super) fn new(role: Role, agreed: &Agreement, key: Key) -> Self {
        let mut keys = Keys::default();
        if agreed.secure {
            keys.local = Some(unnamed(key.clone()));
            keys.peer = Some(unnamed(key.clone()));
        }
        let accept = agreed.keys_of(role.other());
        let mut expected = Expected::empty();
        let encryption = LEGACY.is_some() && accept.contains(KeyDistribution::ENCRYPTION);
        expected.set(Expected::LTK | Expected::CENTRAL_ID, encryption);
        let identity = accept.contains(KeyDistribution::IDENTITY);
        expected.set(Expected::IRK | Expected::ADDRESS, identity);
        expected.set(Expected::CSRK, accept.contains(KeyDistribution::SIGNING));
        Self {
            key,
            key_size: agreed.key_size,
            taken: false,
            encrypted: false,
            given: false,
            accepted: false,
            send: agreed.keys_of(role),
            expected,
            ltk: None,
            outcome: Outcome {
                method: agreed.method,
                secure: agreed.secure,
                authenticated: agreed.authenticated,
                key_size: agreed.key_size,
                bonded: agreed.bonded,
                level: method::level(agreed.secure, agreed.authenticated, agreed.key_size),
                keys,
            },
        }
    }

    /// Takes the key, until the link is encrypted with it.
    pub(super) fn take_key(&mut self) -> Option<&Key> {
        self.taken = true;
        (!self.encrypted).then_some(&self.key)
    }

    /// Records that the link is encrypted: with an older key if ours was not taken.
    pub(super) const fn encrypted(&mut self) {
        self.encrypted |= self.taken;
    }

    /// Returns whether the LTK or its name must be made. In LE Secure Connections both sides have it.
    const fn needs_ltk(&self) -> bool {
        let encryption = LEGACY.is_some() && self.send.contains(KeyDistribution::ENCRYPTION);
        encryption && self.outcome.keys.local.is_none()
    }

    pub(super) const fn needs_random(&self) -> bool {
        let signing = self.send.contains(KeyDistribution::SIGNING);
        self.needs_ltk() || signing && self.outcome.keys.local_csrk.is_none()
    }

    /// Takes random octets: for the LTK first, then for its EDIV and Rand, then for the CSRK.
    pub(super) fn handle_random(&mut self, random: [u8; 16]) {
        if self.needs_ltk() {
            match self.ltk.take() {
                None => self.ltk = Some(Key::new(random).shortened(self.key_size)),
                Some(key) => {
                    let [a, b, rand @ .., _, _, _, _, _, _] = random;
                    let ediv = u16::from_le_bytes([a, b]);
                    self.outcome.keys.local = Some(LongTermKey { key, ediv, rand });
                }
            }
        } else if self.needs_random() {
            self.outcome.keys.local_csrk = Some(Key::new(random));
        }
    }

    /// Takes a key that was negotiated, once, and only on the encrypted link.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other PDU is expected")]
    pub(super) fn handle_pdu(&mut self, pdu: &Pdu) -> Result<(), Reason> {
        let kind = match pdu {
            Pdu::EncryptionInformation(_) if LEGACY.is_some() => Expected::LTK,
            Pdu::CentralIdentification(..) if LEGACY.is_some() => Expected::CENTRAL_ID,
            Pdu::IdentityInformation(_) => Expected::IRK,
            Pdu::IdentityAddress(_) => Expected::ADDRESS,
            Pdu::SigningInformation(_) => Expected::CSRK,
            _ => return Err(Reason::UNSPECIFIED_REASON),
        };
        if !self.encrypted || !self.expected.contains(kind) {
            return Err(Reason::UNSPECIFIED_REASON);
        }
        match pdu {
            Pdu::EncryptionInformation(key) if LEGACY.is_some() => {
                let key = Key::new(*key).shortened(self.key_size);
                if key.is_zero() {
                    return Err(Reason::INVALID_PARAMETERS);
                }
                self.outcome.keys.peer = Some(unnamed(key));
            }
            Pdu::CentralIdentification(ediv, rand) if LEGACY.is_some() => {
                let ltk = self.outcome.keys.peer.as_mut().ok_or(Reason::UNSPECIFIED_REASON)?;
                (ltk.ediv, ltk.rand) = (*ediv, rand.to_le_bytes());
            }
            Pdu::IdentityInformation(key) => self.outcome.keys.peer_irk = Some(Key::new(*key)),
            Pdu::IdentityAddress(address) => self.outcome.keys.peer_identity = Some(*address),
            Pdu::SigningInformation(key) => self.outcome.keys.peer_csrk = Some(Key::new(*key)),
            _ => {}
        }
        self.expected.remove(kind);
        Ok(())
    }

    /// Returns the result with the peer's keys, once all have arrived and until they are accepted. If none are
    /// expected, there is nothing to vet before the link is encrypted.
    pub(super) fn outcome_to_vet(&self) -> Option<&Outcome> {
        (self.encrypted && self.expected.is_empty() && !self.accepted).then_some(&self.outcome)
    }

    pub(super) const fn accept(&mut self) {
        self.accepted = true;
    }

    /// Queues our keys, the responder's first. Returns the result once both sides have sent their keys and every PDU
    /// has left.
    pub(super) fn advance(&mut self, role: Role, out: &mut Out) -> Option<Outcome> {
        let turn = role == Role::Responder || self.expected.is_empty();
        if !self.encrypted || !turn || self.needs_random() {
            return None;
        }
        if !self.given {
            self.given = true;
            let has = |keys| self.send.contains(keys);
            let encryption = LEGACY.is_some() && has(KeyDistribution::ENCRYPTION);
            out.pending.set(PendingPdus::LTK | PendingPdus::CENTRAL_ID, encryption);
            out.pending
                .set(PendingPdus::IRK | PendingPdus::ADDRESS, has(KeyDistribution::IDENTITY));
            out.pending.set(PendingPdus::CSRK, has(KeyDistribution::SIGNING));
        }
        let done = self.expected.is_empty() && !out.pending.intersects(PendingPdus::KEYS);
        done.then(|| self.outcome.clone())
    }

    pub(super) fn pdu(&self, pending: PendingPdus, identity: &Identity) -> Option<Pdu> {
        let ltk = self.outcome.keys.local.as_ref().filter(|_| LEGACY.is_some());
        match pending {
            PendingPdus::LTK => ltk.map(|ltk| Pdu::EncryptionInformation(*ltk.key.octets())),
            PendingPdus::CENTRAL_ID => {
                ltk.map(|ltk| Pdu::CentralIdentification(ltk.ediv, u64::from_le_bytes(ltk.rand)))
            }
            PendingPdus::IRK => Some(Pdu::IdentityInformation(*identity.irk.octets())),
            PendingPdus::ADDRESS => Some(Pdu::IdentityAddress(identity.address)),
            PendingPdus::CSRK => self
                .outcome
                .keys
                .local_csrk
                .as_ref()
                .map(|key| Pdu::SigningInformation(*key.octets())),
            _ => None,
        }
    }
}
