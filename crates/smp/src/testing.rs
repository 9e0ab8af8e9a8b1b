//! Two connected machines, whose jobs and users answer at once.

use std::vec::Vec;

use bindrune_wire::{Address, Writer, time::Instant};
use hex_literal::hex;

use crate::{
    Answer, Config, DhKey, Event, Failure, Identity, Job, JobDone, Key, LocalKey, Outcome, Pairing,
    PairingRequest, PrivateKey, PublicKey, Role,
};

pub(crate) const NOW: Instant = Instant::from_secs(100);
pub(crate) const CENTRAL: Address = Address::public([0, 1, 2, 3, 4, 5]);
pub(crate) const PERIPHERAL: Address = Address::random([0xc0, 1, 2, 3, 4, 6]);

pub(crate) fn reversed<const N: usize>(mut octets: [u8; N]) -> [u8; N] {
    octets.reverse();
    octets
}

/// Returns the key pair of a role, from data set 2.
pub(crate) fn key_of(role: Role) -> LocalKey {
    let (x, y, private) = match role {
        Role::Initiator => (
            hex!("2c31a47b5779809ef44cb5eaaf5c3e43d5f8faad4a8794cb987e9b03745c78dd"),
            hex!("919512183898dfbecd52e2408e43871fd021109117bd3ed4eaf8437743715d4f"),
            hex!("06a516693c9aa31a6084545d0c5db641b48572b97203ddffb7ac73f7d0457663"),
        ),
        Role::Responder => (
            hex!("f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc"),
            hex!("0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279"),
            hex!("529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219205530ba"),
        ),
    };
    let public = PublicKey { x: reversed(x), y: reversed(y) };
    LocalKey { public, private: Some(PrivateKey::new(reversed(private))) }
}

pub(crate) fn dh_key() -> DhKey {
    DhKey::new(reversed(hex!("ab85843a2f6d883f62e5684b38e307335fe6e1945ecd19604105c6f23221eb69")))
}

/// One device: its machine, its user and its random numbers.
pub(crate) struct Device {
    pub(crate) pairing: Pairing,
    pub(crate) role: Role,
    pub(crate) key: LocalKey,
    pub(crate) dh_key: Option<DhKey>,
    /// Random numbers in the order of use, followed by a counter.
    pub(crate) randoms: Vec<[u8; 16]>,
    pub(crate) counter: u8,
    /// The passkey that the user enters.
    pub(crate) passkey: Option<u32>,
    pub(crate) oob: Option<Answer>,
    pub(crate) agrees: bool,
    pub(crate) shown: Option<u32>,
    pub(crate) asked: Vec<PairingRequest>,
    pub(crate) encrypt: Option<Key>,
    /// Key with which the link was encrypted.
    pub(crate) used: Option<Key>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) failure: Option<Failure>,
}

impl Device {
    pub(crate) fn new(role: Role, config: Config) -> Self {
        let (local, peer) = match role {
            Role::Initiator => (CENTRAL, PERIPHERAL),
            Role::Responder => (PERIPHERAL, CENTRAL),
        };
        Self::at(role, config, local, peer)
    }

    pub(crate) fn at(role: Role, config: Config, local: Address, peer: Address) -> Self {
        let identity = Identity { address: local, irk: Key::new([0x33; 16]) };
        Self {
            pairing: Pairing::new(role, config, identity, local, peer),
            role,
            key: key_of(role),
            dh_key: Some(dh_key()),
            randoms: Vec::new(),
            counter: if role == Role::Initiator { 1 } else { 0x81 },
            passkey: None,
            oob: None,
            agrees: true,
            shown: None,
            asked: Vec::new(),
            encrypt: None,
            used: None,
            outcome: None,
            failure: None,
        }
    }

    /// Does the jobs, answers the questions, and takes the events.
    pub(crate) fn settle(&mut self) {
        loop {
            if let Some((ticket, job)) = self.pairing.poll_job() {
                let done = match job {
                    Job::KeyPair => JobDone::KeyPair(self.key.clone()),
                    Job::DhKey { .. } => JobDone::DhKey(self.dh_key.clone()),
                    Job::Random => JobDone::Random(self.random()),
                };
                self.pairing.handle_job(NOW, ticket, &done);
            } else if let Some(request) = self.pairing.poll_request() {
                self.asked.push(request);
                self.answer(request);
            } else if let Some(event) = self.pairing.poll_event() {
                match event {
                    Event::Encrypt(key) => self.encrypt = Some(key),
                    Event::Complete(outcome) => self.outcome = Some(outcome),
                    Event::Failed(failure) => self.failure = Some(failure),
                    Event::SecurityRequest(_) | Event::Keypress(_) => {}
                }
            } else {
                return;
            }
        }
    }

    pub(crate) fn transmit(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 65];
        let mut w = Writer::new(&mut buffer);
        let sent = self.pairing.poll_transmit(&mut w).then(|| w.written().to_vec());
        self.settle();
        sent
    }

    /// Takes a PDU, and returns all PDUs that are pending then.
    pub(crate) fn receive(&mut self, pdu: &[u8]) -> Vec<Vec<u8>> {
        self.pairing.handle_pdu(NOW, pdu);
        self.settle();
        core::iter::from_fn(|| self.transmit()).collect()
    }

    pub(crate) fn start(&mut self) -> Vec<Vec<u8>> {
        self.pairing.start(NOW).unwrap();
        self.settle();
        core::iter::from_fn(|| self.transmit()).collect()
    }

    fn answer(&mut self, request: PairingRequest) {
        let answer = match request {
            PairingRequest::Display(passkey) => {
                self.shown = Some(passkey);
                return;
            }
            PairingRequest::Compare(number) => {
                self.shown = Some(number);
                Some(if self.agrees { Answer::Yes } else { Answer::No })
            }
            PairingRequest::Confirm => Some(if self.agrees { Answer::Yes } else { Answer::No }),
            PairingRequest::Input => self.passkey.map(Answer::Passkey),
            PairingRequest::Oob { .. } => self.oob.clone(),
        };
        if let Some(answer) = answer {
            self.pairing.handle_answer(NOW, answer);
        }
    }

    fn random(&mut self) -> [u8; 16] {
        if self.randoms.is_empty() {
            self.counter = self.counter.wrapping_add(1);
            [self.counter; 16]
        } else {
            self.randoms.remove(0)
        }
    }
}

/// Exchanges PDUs until none is pending on either side, and returns them; encrypts the link when both hold the same
/// key.
pub(crate) fn converse(a: &mut Device, b: &mut Device) -> Vec<Vec<u8>> {
    let mut trace = Vec::new();
    for _ in 0..200 {
        a.settle();
        b.settle();
        let mut quiet = true;
        if let Some(pdu) = a.transmit() {
            b.pairing.handle_pdu(NOW, &pdu);
            trace.push(pdu);
            quiet = false;
        }
        b.settle();
        if let Some(pdu) = b.transmit() {
            a.pairing.handle_pdu(NOW, &pdu);
            trace.push(pdu);
            quiet = false;
        }
        if let Some(passkey) = a.shown.filter(|_| b.passkey.is_none()) {
            b.passkey = Some(passkey);
            b.pairing.handle_answer(NOW, Answer::Passkey(passkey));
            quiet = false;
        }
        if let Some(passkey) = b.shown.filter(|_| a.passkey.is_none()) {
            a.passkey = Some(passkey);
            a.pairing.handle_answer(NOW, Answer::Passkey(passkey));
            quiet = false;
        }
        if let Some(key) = a.encrypt.take() {
            let same = b.pairing.long_term_key(0, 0) == Some(&key);
            a.pairing.handle_encryption(NOW, same);
            b.pairing.handle_encryption(NOW, same);
            a.used = Some(key);
            quiet = false;
        }
        if quiet {
            return trace;
        }
    }
    panic!("the devices never stop");
}
