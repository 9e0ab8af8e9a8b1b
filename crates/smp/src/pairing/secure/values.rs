//! The values of phase 2, as seen from either side.

use super::{super::parts::Context, Secure};
use crate::{
    crypto,
    method::{Method, Role},
    pdu::Reason,
};

type Pair<'a, const N: usize> = (&'a [u8; N], &'a [u8; N]);

impl Secure {
    /// Returns our confirm value, or the one that the peer must have sent for its random number. [Vol 3] Part H,
    /// 2.3.5.6.2 and 2.3.5.6.3
    pub(super) fn confirm_value(&self, nonce: &[u8; 16], ours: bool) -> Result<[u8; 16], Reason> {
        let (own, peer) = self.own_and_peer()?;
        let (u, v) = if ours { (own, peer) } else { (peer, own) };
        Ok(crypto::f4(u, v, nonce, self.passkey_bit()))
    }

    /// Returns the X coordinates of the initiator and of the responder.
    pub(super) fn coordinates(&self, role: Role) -> Result<Pair<'_, 32>, Reason> {
        self.own_and_peer().map(|pair| in_order(role, pair))
    }

    /// Returns the random numbers of the initiator and of the responder in the last round.
    pub(super) fn nonces(&self, role: Role) -> Result<Pair<'_, 16>, Reason> {
        let nonces = self.nonce.as_ref().zip(self.peer_nonce.as_ref());
        nonces.map(|pair| in_order(role, pair)).ok_or(Reason::UNSPECIFIED_REASON)
    }

    /// Returns the DHKey check that the device in role `of` sends. [Vol 3] Part H, 2.3.5.6.5
    pub(super) fn check_value(&self, context: &Context<'_>, of: Role) -> Result<[u8; 16], Reason> {
        let (na, nb) = self.nonces(context.role)?;
        let (n1, n2) = in_order(of, (na, nb));
        let (mac_key, _) = self.keys.as_ref().ok_or(Reason::UNSPECIFIED_REASON)?;
        let r = self.r_of(context, of.other());
        let io_cap = context.agreed.own(of).io_cap();
        let (a1, a2) = (context.address(of), context.address(of.other()));
        Ok(crypto::f6(mac_key, [n1, n2, &r], io_cap, a1, a2))
    }

    /// Returns `ra` or `rb`: the out-of-band random number of the device in role `of`, zero if it
    /// did not arrive.
    fn r_of(&self, context: &Context<'_>, of: Role) -> [u8; 16] {
        match context.agreed.method {
            Method::JustWorks | Method::NumericComparison => [0; 16],
            Method::Passkey { .. } => u128::from(self.passkey.unwrap_or_default()).to_le_bytes(),
            Method::OutOfBand => {
                let arrived = context.agreed.own(of.other()).oob != 0;
                let peer = self.peer_oob().map(|(random, _)| random);
                let known = if of == context.role {
                    self.own_oob.first().and_then(Option::as_ref)
                } else {
                    peer
                };
                known.filter(|_| arrived).map_or([0; 16], |random| *random.octets())
            }
        }
    }

    fn passkey_bit(&self) -> u8 {
        self.passkey.map_or(0, |passkey| {
            let bits = passkey.checked_shr(u32::from(self.round)).unwrap_or_default();
            0x80 | u8::from(bits & 1 == 1)
        })
    }

    fn own_and_peer(&self) -> Result<Pair<'_, 32>, Reason> {
        let own = self.own.as_ref().map(|own| &own.public.x);
        own.zip(self.peer.as_ref().map(|peer| &peer.x)).ok_or(Reason::UNSPECIFIED_REASON)
    }
}

const fn in_order<T: Copy>(role: Role, (own, peer): (T, T)) -> (T, T) {
    match role {
        Role::Initiator => (own, peer),
        Role::Responder => (peer, own),
    }
}
