//! Cryptography with known results.

use core::cell::RefCell;
use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Mutex, PoisonError},
    vec::Vec,
};

use bindrune::{Controller, Crypto};
use bindrune_controller::VirtualClock;
use bindrune_smp::{DhKey, LocalKey, PrivateKey, PublicKey, crypto};
use embassy_time::Duration;

/// Cryptography with a constant key pair, random numbers from a counter, and a speed that the test sets.
///
/// Products are cached, so that thousands of pairings take no longer than their packets.
#[derive(Clone)]
pub struct KnownCrypto {
    private: [u8; 32],
    state: u64,
    slow: Option<(VirtualClock, Duration)>,
    shared: Rc<RefCell<Vec<[u8; 32]>>>,
}

/// The X coordinates of the own key and of the peer's.
type Coordinates = ([u8; 32], [u8; 32]);

static SHARED: Mutex<BTreeMap<Coordinates, [u8; 32]>> = Mutex::new(BTreeMap::new());
static PAIRS: Mutex<BTreeMap<[u8; 32], PublicKey>> = Mutex::new(BTreeMap::new());

impl core::fmt::Debug for KnownCrypto {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KnownCrypto(..)")
    }
}

impl KnownCrypto {
    /// Creates the cryptography with this private key, which is from 1 to the order of the curve.
    #[must_use]
    pub fn new(private: [u8; 32]) -> Self {
        let state = private.iter().fold(0, |state: u64, o| state.rotate_left(5) ^ u64::from(*o));
        Self { private, state, slow: None, shared: Rc::default() }
    }

    /// Takes this long for each multiplication.
    #[must_use]
    pub fn slow(mut self, clock: VirtualClock, time: Duration) -> Self {
        self.slow = Some((clock, time));
        self
    }

    /// Returns the Diffie-Hellman keys that it has computed.
    #[must_use]
    pub fn shared(&self) -> Vec<[u8; 32]> {
        self.shared.borrow().clone()
    }

    async fn wait(&self) {
        if let Some((clock, time)) = &self.slow {
            clock.sleep(*time).await;
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

impl Crypto for KnownCrypto {
    async fn random(&mut self, _: &Controller<'_>) -> Option<[u8; 16]> {
        Some((u128::from(self.next()) << 64 | u128::from(self.next())).to_le_bytes())
    }

    async fn key_pair(&mut self, _: &Controller<'_>) -> Option<LocalKey> {
        self.wait().await;
        let mut pairs = PAIRS.lock().unwrap_or_else(PoisonError::into_inner);
        let private = PrivateKey::new(self.private);
        if let Some(public) = pairs.get(&self.private) {
            return Some(LocalKey { public: *public, private: Some(private) });
        }
        let pair = crypto::key_pair(private)?;
        pairs.insert(self.private, pair.public);
        Some(pair)
    }

    async fn dh_key(
        &mut self,
        _: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        self.wait().await;
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let names = (own.public.x, peer.x);
        let known = shared.get(&names).copied();
        let key = match known {
            Some(key) => DhKey::new(key),
            None => crypto::dh_key(own.private.as_ref()?, peer)?,
        };
        shared.insert(names, *key.octets());
        self.shared.borrow_mut().push(*key.octets());
        Some(key)
    }
}
