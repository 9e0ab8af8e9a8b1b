//! A peer that pairs as the specification requires, and stops at the point at which the test
//! continues instead.

use std::sync::LazyLock;

use bindrune::{Address, Opcode};
use bindrune_smp::{
    Answer, Config, Event, Identity, Job, JobDone, Key, LocalKey, LocalOob, Outcome, Pairing,
    PairingRequest, PrivateKey, Role, crypto, pdu::Code,
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use crate::{Bench, Controller, OobData, Sent, User, acl, l2cap};

/// The channel of the Security Manager.
pub const SMP: u16 = 6;

/// A peer on a link of the host.
#[derive(Debug)]
pub struct Peer {
    link: u16,
    machine: Pairing,
    role: Role,
    user: User,
    /// The host's out-of-band data, if its user provided it.
    pub oob: Option<OobData>,
    /// Whether the link is already encrypted: a new key refreshes it.
    pub refreshes: bool,
    /// Time by which its keys reach the host before the event that the link is encrypted.
    pub ahead: Option<Duration>,
    randoms: u8,
    waits_for_passkey: bool,
    /// The key of the pairing, until the link is encrypted with it.
    key: Option<Key>,
    held: Option<Vec<u8>>,
    outcome: Option<Outcome>,
}

/// Point at which a conversation stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Neither side has a PDU to send.
    End,
    /// The peer is about to send this PDU; it does so when the conversation continues.
    Pdu(Code),
    /// The link is about to be encrypted.
    Encryption,
}

/// The key pair of every peer.
static KEY: LazyLock<LocalKey> =
    LazyLock::new(|| crypto::key_pair(PrivateKey::new([0x77; 32])).unwrap());

impl Peer {
    /// Creates a peer in this role that has this identity address and uses `address` on the air.
    #[must_use]
    pub fn new(link: u16, role: Role, config: Config, addresses: [Address; 2]) -> Self {
        Self::private(link, role, config, addresses, [0; 16])
    }

    /// Like [`Self::new`], with this Identity Resolving Key.
    #[must_use]
    pub fn private(
        link: u16,
        role: Role,
        config: Config,
        [identity, address]: [Address; 2],
        irk: [u8; 16],
    ) -> Self {
        let identity = Identity { address: identity, irk: Key::new(irk) };
        let mut machine = Pairing::new(role, config, identity, address, Controller::ADDRESS);
        machine.set_local_oob(config.oob.then(Self::local_oob));
        Self {
            link,
            machine,
            role,
            user: User::default(),
            oob: None,
            refreshes: false,
            ahead: None,
            randoms: 0x40,
            waits_for_passkey: false,
            key: None,
            held: None,
            outcome: None,
        }
    }

    /// Lets the peer's user see the screen of the host's user.
    #[must_use]
    pub fn beside(self, user: &User) -> Self {
        Self { user: user.clone(), ..self }
    }

    /// Returns the out-of-band data of a peer.
    #[must_use]
    pub fn oob_data() -> OobData {
        let oob = Self::local_oob();
        (*oob.random.octets(), oob.confirm())
    }

    fn local_oob() -> LocalOob {
        LocalOob { key: KEY.clone(), random: Key::new([0x0b; 16]) }
    }

    /// Returns the result of the pairing for the peer.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Sends a Pairing Request, as the initiator.
    ///
    /// # Panics
    ///
    /// If a pairing is in progress.
    pub fn begin(&mut self, now: Instant) {
        self.machine.start(now).unwrap();
    }

    /// Exchanges PDUs with the host; returns those of the host.
    pub fn talk(&mut self, bench: &mut Bench<'_>, until: Until) -> Vec<Vec<u8>> {
        let mut received = Vec::new();
        if let Some(pdu) = self.held.take() {
            self.say(bench, &pdu);
        }
        loop {
            for packet in bench.sent() {
                self.receive(bench, packet, until, &mut received);
            }
            self.settle(Instant::of(bench.now()));
            if self.role == Role::Initiator && self.key.is_some() {
                if until == Until::Encryption {
                    return received;
                }
                self.ask_for_key(bench);
            } else if let Some(pdu) = self.transmit() {
                if until == Until::Pdu(Code(pdu[0])) {
                    self.held = Some(pdu);
                    return received;
                }
                self.say(bench, &pdu);
            } else if bench.controller().sent.is_empty() {
                return received;
            }
        }
    }

    fn say(&self, bench: &mut Bench<'_>, pdu: &[u8]) {
        bench.inject(&acl(self.link, &l2cap(SMP, pdu)));
    }

    fn receive(
        &mut self,
        bench: &mut Bench<'_>,
        packet: Sent,
        until: Until,
        received: &mut Vec<Vec<u8>>,
    ) {
        match packet {
            Sent::Acl(acl) if acl.handle == self.link && acl.data[2..4] == SMP.to_le_bytes() => {
                self.machine.handle_pdu(Instant::of(bench.now()), &acl.data[4..]);
                received.push(acl.data[4..].to_vec());
            }
            Sent::Command(opcode, of)
                if Opcode(opcode) == Opcode::LE_ENABLE_ENCRYPTION
                    && of.starts_with(&self.link.to_le_bytes())
                    && until != Until::Encryption =>
            {
                let key = self.machine.long_term_key(0, 0).cloned();
                assert_eq!(key.as_ref().map(|key| &key.octets()[..]), Some(&of[12..]));
                self.encrypted(bench);
            }
            Sent::Acl(_) | Sent::Command(..) => {}
        }
    }

    /// Requests the key from the host, and encrypts the link if the host has the same key.
    fn ask_for_key(&mut self, bench: &mut Bench<'_>) {
        let key = self.key.take().unwrap();
        let link = self.link.to_le_bytes();
        let before = bench.sent();
        bench.inject(&[&[0x04, 0x3e, 0x0d, 0x05], &link[..], &[0; 10]].concat());
        let reply = [&link[..], key.octets()].concat();
        let given = Sent::Command(Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY.0, reply);
        let sent = bench.sent();
        assert!(before.is_empty() && sent == [given], "the host gave another key: {sent:02x?}");
        self.encrypted(bench);
    }

    fn encrypted(&mut self, bench: &mut Bench<'_>) {
        let [low, high] = self.link.to_le_bytes();
        if let Some(ahead) = self.ahead {
            self.machine.handle_encryption(Instant::of(bench.now()), true);
            while let Some(pdu) = self.transmit() {
                self.say(bench, &pdu);
            }
            bench.pass(ahead);
            return bench.inject(&[0x04, 0x08, 4, 0, low, high, 1]);
        }
        if self.refreshes {
            bench.inject(&[0x04, 0x30, 3, 0, low, high]);
        } else {
            bench.inject(&[0x04, 0x08, 4, 0, low, high, 1]);
        }
        self.machine.handle_encryption(Instant::of(bench.now()), true);
    }

    /// Does the jobs of the machine, answers for its user, and takes its events.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some((ticket, job)) = self.machine.poll_job() {
                let done = self.carry_out(&job);
                self.machine.handle_job(now, ticket, &done);
            } else if let Some(request) = self.machine.poll_request() {
                let answer = match request {
                    PairingRequest::Confirm | PairingRequest::Compare(_) => Some(Answer::Yes),
                    PairingRequest::Oob { .. } => self
                        .oob
                        .map(|(random, confirm)| Answer::Oob { random: Key::new(random), confirm }),
                    PairingRequest::Display(_) => None,
                    PairingRequest::Input => {
                        self.waits_for_passkey = true;
                        None
                    }
                };
                answer.into_iter().for_each(|answer| self.machine.handle_answer(now, answer));
            } else if let Some(passkey) = self.user.passkey().filter(|_| self.waits_for_passkey) {
                self.waits_for_passkey = false;
                self.machine.handle_answer(now, Answer::Passkey(passkey));
            } else {
                match self.machine.poll_event() {
                    Some(Event::Encrypt(key)) => self.key = Some(key),
                    Some(Event::Complete(outcome)) => self.outcome = Some(outcome),
                    Some(Event::Failed(_) | Event::SecurityRequest(_) | Event::Keypress(_)) => {}
                    None => return,
                }
            }
        }
    }

    fn carry_out(&mut self, job: &Job) -> JobDone {
        match job {
            Job::KeyPair => JobDone::KeyPair(KEY.clone()),
            Job::DhKey { own, peer } => {
                JobDone::DhKey(own.private.as_ref().and_then(|key| crypto::dh_key(key, peer)))
            }
            Job::Random => {
                self.randoms += 1;
                JobDone::Random([self.randoms; 16])
            }
        }
    }

    fn transmit(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 65];
        let mut w = Writer::new(&mut buffer);
        self.machine.poll_transmit(&mut w).then(|| w.written().to_vec())
    }
}
