//! Peers pair as the specification requires, and remember the keys.

use bindrune_wire::{Writer, time::Instant};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::LazyLock,
};

use bindrune::{DhKey, IoCapability, Key, Level, Opcode, PairingConfig, PublicKey};
use bindrune_smp::{
    Answer, Event, Identity, Job, JobDone, LocalKey, Pairing, PairingRequest, PrivateKey, Role,
    crypto, method,
};

use super::{
    controller::{Controller, Link, handle},
    reach::reached,
};

/// The key pair of every peer.
pub(crate) static KEY: LazyLock<LocalKey> =
    LazyLock::new(|| crypto::key_pair(PrivateKey::new([0x77; 32])).unwrap());

thread_local! {
    /// Keys that a peer has, and the maximum level of each.
    static KNOWN: RefCell<BTreeMap<[u8; 16], Level>> = const { RefCell::new(BTreeMap::new()) };
    /// Each number is used once.
    static RANDOMS: Cell<u64> = const { Cell::new(0) };
    static SHARED: RefCell<BTreeMap<[u8; 32], DhKey>> = const { RefCell::new(BTreeMap::new()) };
    /// The last passkey that the host has shown.
    static SHOWN: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Drops all keys for a new life.
pub(crate) fn forget() {
    KNOWN.take();
    RANDOMS.take();
    SHOWN.take();
}

/// Records that the host shows a passkey.
pub(crate) fn show(passkey: u32) {
    SHOWN.set(Some(passkey));
}

fn config(number: u8) -> PairingConfig {
    let io = [
        IoCapability::NoInputNoOutput,
        IoCapability::DisplayYesNo,
        IoCapability::KeyboardDisplay,
        IoCapability::KeyboardOnly,
    ][usize::from(number & 3)];
    PairingConfig {
        io,
        mitm: number == 1,
        secure_connections: number != 2,
        legacy: true,
        consent: false,
        min_key_size: 7,
        ..PairingConfig::DEFAULT
    }
}

/// Returns the machine of a peer on a new link.
pub(crate) fn machine(number: u8, initiator: bool) -> Pairing {
    let address = super::peers::address(number);
    let role = if initiator { Role::Initiator } else { Role::Responder };
    let identity = Identity { address, irk: Key::new([number + 1; 16]) };
    Pairing::new(role, config(number), identity, address, Controller::ADDRESS)
}

/// Returns the maximum level of a key of this peer.
fn max_level(number: u8) -> Level {
    let config = config(number);
    let authenticated = config.io != IoCapability::NoInputNoOutput;
    method::level(config.secure_connections, authenticated, 16)
}

/// Returns the level of a key, if a peer has it.
pub(crate) fn level(key: &[u8; 16]) -> Option<Level> {
    KNOWN.with_borrow(|known| known.get(key).copied())
}

fn learn(key: &Key, number: u8) {
    KNOWN.with_borrow_mut(|known| {
        let level = known.entry(*key.octets()).or_default();
        *level = max_level(number).max(*level);
    });
}

impl Controller {
    /// Lets the peer pair, or request a pairing.
    pub(crate) fn pair(&mut self, slot: usize) {
        let now = self.now;
        let Some(Link { peer, central, .. }) = self.links[slot].as_mut() else { return };
        let _refused = if *central {
            peer.machine.request_security(bindrune_smp::AuthReq::BONDING)
        } else {
            peer.machine.start(Instant::of(now))
        };
        self.settle_pairing(slot);
    }

    pub(crate) fn smp_of_host(&mut self, slot: usize, pdu: &[u8]) {
        let now = self.now;
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        if peer.manners.pairing {
            peer.machine.handle_pdu(Instant::of(now), pdu);
            self.settle_pairing(slot);
        }
    }

    /// Runs the machine of a peer.
    pub(crate) fn settle_pairing(&mut self, slot: usize) {
        let now = self.now;
        for _ in 0..64 {
            let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
            let number = peer.number();
            let machine = &mut peer.machine;
            machine.handle_timeout(Instant::of(now));
            if let Some((ticket, job)) = machine.poll_job() {
                machine.handle_job(Instant::of(now), ticket, &carry_out(&job));
            } else if let Some(request) = machine.poll_request() {
                match request {
                    PairingRequest::Confirm | PairingRequest::Compare(_) => {
                        machine.handle_answer(Instant::of(now), Answer::Yes);
                    }
                    PairingRequest::Oob { .. } => {
                        machine.handle_answer(Instant::of(now), Answer::No)
                    }
                    PairingRequest::Display(_) => {}
                    PairingRequest::Input => peer.waits_for_passkey = true,
                }
            } else if let Some(passkey) = SHOWN.get().filter(|_| peer.waits_for_passkey) {
                peer.waits_for_passkey = false;
                machine.handle_answer(Instant::of(now), Answer::Passkey(passkey));
            } else if let Some(key) = unlearned(machine) {
                learn(&key, number);
            } else if let Some(event) = machine.poll_event() {
                match event {
                    Event::Encrypt(key) => {
                        learn(&key, number);
                        self.ask_for_key(slot);
                    }
                    Event::Complete(outcome) => {
                        reached(match (outcome.secure, outcome.authenticated) {
                            (true, true) => "a pairing, secure and authenticated",
                            (true, false) => "a pairing, secure",
                            (false, true) => "a pairing, legacy and authenticated",
                            (false, false) => "a pairing, legacy",
                        });
                        let keys = [outcome.keys.local, outcome.keys.peer];
                        keys.iter().flatten().for_each(|key| learn(&key.key, number));
                    }
                    Event::Failed(_) | Event::SecurityRequest(_) | Event::Keypress(_) => {}
                }
            } else {
                let mut buffer = [0; 65];
                let mut w = Writer::new(&mut buffer);
                if !machine.poll_transmit(&mut w) {
                    return;
                }
                let pdu = w.written().to_vec();
                self.say(slot, 6, &pdu);
            }
        }
    }

    /// Lets the peer's controller request the key from the host.
    pub(crate) fn ask_for_key(&mut self, slot: usize) {
        let [low, high] = handle(slot).to_le_bytes();
        let mut event = vec![5, low, high];
        event.extend([0; 10]);
        self.le_event(&event);
    }

    /// Handles a key from the host: the link is encrypted, if the peer has the key too.
    pub(crate) fn key_given(&mut self, slot: usize, opcode: Opcode, parameters: &[u8]) {
        let at = if opcode == Opcode::LE_ENABLE_ENCRYPTION { 12 } else { 2 };
        let Some(&key) = parameters.get(at..).and_then(|rest| rest.first_chunk::<16>()) else {
            return;
        };
        let now = self.now;
        let Some(link) = self.links[slot].as_mut() else { return };
        link.key = Some(key);
        let good = level(&key).is_some();
        let refreshed = link.encrypted;
        reached(if good { "encryption" } else { "a wrong key" });
        link.encrypted = good;
        link.peer.machine.handle_encryption(Instant::of(now), good);
        let [low, high] = handle(slot).to_le_bytes();
        match (good, refreshed) {
            (true, false) => self.event(0x08, &[0, low, high, 1]),
            (true, true) => self.event(0x30, &[0, low, high]),
            (false, _) => self.event(0x08, &[0x06, low, high, 0]),
        }
        self.settle_pairing(slot);
    }
}

fn carry_out(job: &Job) -> JobDone {
    match job {
        Job::KeyPair => JobDone::KeyPair(KEY.clone()),
        Job::DhKey { own, peer } => {
            JobDone::DhKey(own.private.as_ref().and_then(|key| dh_key(key, peer)))
        }
        Job::Random => {
            RANDOMS.set(RANDOMS.get() + 1);
            let n = RANDOMS.get();
            let [a, b] = [n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15)].map(u128::from);
            JobDone::Random((a << 64 | b).to_le_bytes())
        }
    }
}

/// Computes a product once, because the host's key pair is always the same.
fn dh_key(private: &PrivateKey, peer: &PublicKey) -> Option<DhKey> {
    if let Some(known) = SHARED.with_borrow(|shared| shared.get(&peer.x).cloned()) {
        return Some(known);
    }
    let key = crypto::dh_key(private, peer)?;
    SHARED.with_borrow_mut(|shared| shared.insert(peer.x, key.clone()));
    Some(key)
}

/// Returns the key that a responder is waiting to use, if it is not known yet.
fn unlearned(machine: &mut Pairing) -> Option<Key> {
    machine.long_term_key(0, 0).filter(|key| level(key.octets()).is_none()).cloned()
}
