//! Phase 2 of LE legacy pairing. [Vol 3] Part H, 2.3.5.5

use super::{
    Answer, PairingRequest,
    parts::{Context, passkey_of},
};
use crate::{
    capability::HasLegacy,
    crypto,
    keys::Key,
    method::{Method, Role},
    pdu::{Pdu, Reason},
};

/// The machine of phase 2.
#[derive(Debug)]
pub(super) struct Legacy {
    _present: HasLegacy,
    tk: Option<Key>,
    nonce: Option<[u8; 16]>,
    /// Our confirm value, once it was sent.
    committed: Option<[u8; 16]>,
    revealed: bool,
    peer_confirm: Option<[u8; 16]>,
    peer_nonce: Option<[u8; 16]>,
}

impl Legacy {
    /// Asks the user for the data that the method needs.
    pub(super) fn start(present: HasLegacy, context: &mut Context<'_>) -> Self {
        let mut legacy = Self {
            _present: present,
            tk: None,
            nonce: None,
            committed: None,
            revealed: false,
            peer_confirm: None,
            peer_nonce: None,
        };
        let method = context.agreed.method;
        match method {
            Method::OutOfBand => *context.ask = Some(PairingRequest::Oob { secure: false }),
            Method::Passkey { .. } if method.inputs(context.role) => {
                *context.ask = Some(PairingRequest::Input);
            }
            Method::Passkey { .. } => {}
            Method::JustWorks | Method::NumericComparison if context.consent => {
                *context.ask = Some(PairingRequest::Confirm);
            }
            Method::JustWorks | Method::NumericComparison => legacy.tk = Some(Key::new([0; 16])),
        }
        legacy
    }

    pub(super) fn needs_random(&self, context: &Context<'_>) -> bool {
        self.must_make_passkey(context) || self.nonce.is_none()
    }

    pub(super) fn handle_random(&mut self, context: &mut Context<'_>, random: [u8; 16]) {
        if self.must_make_passkey(context) {
            let passkey = passkey_of(random);
            self.tk = Some(key_of(passkey));
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
        if self.tk.is_some() {
            return Ok(());
        }
        let method = context.agreed.method;
        self.tk = match (method, answer) {
            (Method::JustWorks, Answer::Yes) => Some(Key::new([0; 16])),
            (Method::Passkey { .. }, Answer::Passkey(passkey)) if method.inputs(context.role) => {
                let valid = passkey < 1_000_000;
                Some(valid.then(|| key_of(passkey)).ok_or(Reason::PASSKEY_ENTRY_FAILED)?)
            }
            (Method::OutOfBand, Answer::TemporaryKey(key)) => Some(key),
            (Method::Passkey { .. }, Answer::No) => return Err(Reason::PASSKEY_ENTRY_FAILED),
            (Method::OutOfBand, Answer::No) => return Err(Reason::OOB_NOT_AVAILABLE),
            (_, Answer::No) => return Err(Reason::UNSPECIFIED_REASON),
            _ => None,
        };
        Ok(())
    }

    /// Takes the peer's PDU if it is the expected one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other PDU is expected")]
    pub(super) fn handle_pdu(&mut self, context: &Context<'_>, pdu: &Pdu) -> Result<(), Reason> {
        let initiator = context.role == Role::Initiator;
        let (slot, value, due) = match pdu {
            Pdu::Confirm(value) => {
                (&mut self.peer_confirm, value, !initiator || self.committed.is_some())
            }
            Pdu::Random(value) => {
                let due = if initiator { self.revealed } else { self.committed.is_some() };
                (&mut self.peer_nonce, value, due)
            }
            _ => return Err(Reason::UNSPECIFIED_REASON),
        };
        if !due || slot.is_some() {
            return Err(Reason::UNSPECIFIED_REASON);
        }
        *slot = Some(*value);
        Ok(())
    }

    /// Continues as far as the known values allow; returns the Short Term Key at the end.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) -> Result<Option<Key>, Reason> {
        let (Some(tk), Some(nonce)) = (&self.tk, self.nonce) else { return Ok(None) };
        let initiator = context.role == Role::Initiator;
        if self.committed.is_none() && (initiator || self.peer_confirm.is_some()) {
            let own = confirm_value(context, tk, &nonce);
            self.committed = Some(own);
            context.out.confirm(own);
        }
        let (Some(own), Some(confirm)) = (self.committed, self.peer_confirm) else {
            return Ok(None);
        };
        if initiator && !self.revealed {
            if crypto::same(&own, &confirm) {
                return Err(Reason::CONFIRM_VALUE_FAILED);
            }
            self.revealed = true;
            context.out.random(nonce);
        }
        let Some(peer_nonce) = self.peer_nonce else { return Ok(None) };
        if !crypto::same(&confirm_value(context, tk, &peer_nonce), &confirm) {
            return Err(Reason::CONFIRM_VALUE_FAILED);
        }
        let stk = if initiator {
            crypto::s1(tk, &peer_nonce, &nonce)
        } else {
            context.out.random(nonce);
            crypto::s1(tk, &nonce, &peer_nonce)
        };
        Ok(Some(stk.shortened(context.agreed.key_size)))
    }

    fn must_make_passkey(&self, context: &Context<'_>) -> bool {
        let method = context.agreed.method;
        matches!(method, Method::Passkey { .. })
            && !method.inputs(context.role)
            && self.tk.is_none()
    }
}

fn confirm_value(context: &Context<'_>, tk: &Key, nonce: &[u8; 16]) -> [u8; 16] {
    let agreed = context.agreed;
    let features = [&agreed.request, &agreed.response];
    let addresses = [Role::Initiator, Role::Responder].map(|role| context.address(role));
    crypto::c1(tk, nonce, features, addresses)
}

/// Returns the temporary key of a passkey. [Vol 3] Part H, 2.3.5.3
fn key_of(passkey: u32) -> Key {
    Key::new(u128::from(passkey).to_le_bytes())
}
