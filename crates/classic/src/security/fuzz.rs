//! Bodies of the fuzz targets: a record; events, answers and time in any order.

use core::cell::RefCell;
use std::boxed::Box;

use bindrune_hci::{
    Event as Hci, Opcode, Status,
    event::{ClassicEvent, EventCode},
};
use bindrune_wire::{Address, Handle, Level, Reader, Writer, time::Instant};
use embassy_time::Duration;

use super::{
    Answer, Bond, Config, IoCapability, KeyKind, LegacyPairing, LinkUp, Model, OobData,
    OobPresence, OobValues, Paired, PeerFeatures, Pin, Requirement, Secret, Security,
    SecurityEvent, Slot,
};

const LOCAL: Address = Address::public([0x11; 6]);
const PEERS: [Address; 3] =
    [Address::public([0x22; 6]), Address::public([0x33; 6]), Address::public([0x44; 6])];
const HANDLES: [u16; 3] = [0x40, 0x41, 0x42];
/// Links 0 and 1 exist; the third peer has none.
const LINKS: u8 = 2;
/// Commands and events after one input, at most.
const BOUND: usize = 64;

/// Events of one peer: code, and whether the parameters begin with a status.
const EVENTS: [(EventCode, bool); 12] = [
    (EventCode::LINK_KEY_REQUEST, false),
    (EventCode::LINK_KEY_NOTIFICATION, false),
    (EventCode::PIN_CODE_REQUEST, false),
    (EventCode::IO_CAPABILITY_REQUEST, false),
    (EventCode::IO_CAPABILITY_RESPONSE, false),
    (EventCode::USER_CONFIRMATION_REQUEST, false),
    (EventCode::USER_PASSKEY_REQUEST, false),
    (EventCode::USER_PASSKEY_NOTIFICATION, false),
    (EventCode::REMOTE_OOB_DATA_REQUEST, false),
    (EventCode::KEYPRESS_NOTIFICATION, false),
    (EventCode::SIMPLE_PAIRING_COMPLETE, true),
    (EventCode::SIMPLE_PAIRING_COMPLETE, true),
];
/// Events of one link.
const LINK_EVENTS: [EventCode; 4] = [
    EventCode::AUTHENTICATION_COMPLETE,
    EventCode::ENCRYPTION_CHANGE,
    EventCode::ENCRYPTION_CHANGE_V2,
    EventCode::ENCRYPTION_KEY_REFRESH_COMPLETE,
];

/// A record of any octets: one that is read is written back unchanged, except for claims that its kind cannot have.
pub fn bond(data: &[u8]) {
    let Ok(bond) = Bond::read(data) else { return };
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    assert!(bond.write(&mut w).is_ok());
    assert!(Bond::read(w.written()).as_ref() == Ok(&bond));
}

/// Any inputs in any order. No link has a level without a key that this host provided or a pairing that succeeded, no
/// bond is replaced by a weaker one, and every wait ends. Afterwards the machine works as before.
pub fn security(data: &[u8]) {
    std::thread_local! {
        static SECURITY: RefCell<Security> = RefCell::new(Security::new(
            Box::leak(Box::new([const { Slot::EMPTY }; LINKS as usize])),
            Config::DEFAULT,
        ));
    }
    SECURITY.with_borrow_mut(|security| {
        let mut run =
            Run { security, now: Instant::from_secs(1), links: Default::default(), has_oob: false };
        run.begin();
        let mut r = Reader::new(data);
        while let Ok(op) = r.u8() {
            run.step(op, &mut r);
            run.check();
        }
        run.end();
    });
}

/// What is known of a link beside the machine.
#[derive(Clone, Debug, Default)]
struct Shadow {
    has_key: bool,
    bond: Option<Bond>,
    serial: u16,
    /// Whether the root gave data of the peer.
    has_oob: bool,
}

struct Run<'a> {
    security: &'a mut Security,
    now: Instant,
    links: [Shadow; LINKS as usize],
    /// Whether this device has data that no pairing with data has used.
    has_oob: bool,
}

impl Run<'_> {
    fn begin(&mut self) {
        self.security.reset();
        self.security.set_config(Config::DEFAULT);
        self.security.set_local(LOCAL);
        self.security.set_user(self.now, true);
        (0..LINKS).for_each(|link| self.up(link));
    }

    fn up(&mut self, link: u8) {
        let at = usize::from(link);
        let up = HANDLES.get(at).copied().and_then(Handle::new).zip(PEERS.get(at));
        if let Some((handle, &peer)) = up {
            self.security.link_up(link, LinkUp { handle, peer });
        }
        if let Some(shadow) = self.links.get_mut(at) {
            *shadow = Shadow::default();
        }
    }

    fn step(&mut self, op: u8, r: &mut Reader<'_>) {
        let link = op >> 4 & 1;
        let what = r.u8().unwrap_or_default();
        let at = usize::from(op >> 4).checked_rem(PEERS.len()).unwrap_or_default();
        match op & 0x0f {
            0..=4 => self.peer_event(at, what, r),
            5 | 6 => self.link_event(at, what, r),
            7 | 8 => {
                self.command(what, r.u8().unwrap_or(16));
            }
            9 => {
                self.now += Duration::from_secs(u64::from(what));
                self.security.handle_timeout(self.now);
            }
            10 => self.answer(link, what, r),
            11 => self.request(link, what),
            12 => self.set_bond(link, what),
            13 => self.set(link, what),
            14 => self.configure(what, r.u8().unwrap_or_default()),
            _ if what & 1 == 0 => self.up(link),
            _ if what & 2 == 0 => {
                self.security.link_down(link);
            }
            _ => self.security.make_oob(what & 4 == 0),
        }
    }

    fn peer_event(&mut self, at: usize, what: u8, r: &mut Reader<'_>) {
        let event = usize::from(what).checked_rem(EVENTS.len()).and_then(|at| EVENTS.get(at));
        let Some((&(code, status), peer)) = event.zip(PEERS.get(at)) else { return };
        let mut parameters = [0; 32];
        let mut w = Writer::new(&mut parameters);
        if status {
            let _ = w.u8(what & 0x80);
        }
        let _ = w.bytes(&peer.octets());
        let len = if code == EventCode::LINK_KEY_NOTIFICATION { 17 } else { 4 };
        let _ = w.bytes(r.bytes(r.remaining().min(len)).unwrap_or_default());
        if let Ok(Some(event)) = ClassicEvent::parse(code, &parameters) {
            assert!(self.security.handle_classic(self.now, &event));
        }
    }

    fn link_event(&mut self, at: usize, what: u8, r: &mut Reader<'_>) {
        let event = usize::from(what & 3);
        let Some((&code, handle)) = LINK_EVENTS.get(event).zip(HANDLES.get(at)) else { return };
        let [low, high] = handle.to_le_bytes();
        let (enabled, size) = (r.u8().unwrap_or_default(), r.u8().unwrap_or_default());
        let parameters = [what >> 2 & 7, low, high, enabled & 3, size & 0x1f];
        if let Ok(Some(event)) = ClassicEvent::parse(code, &parameters) {
            self.security.handle_classic(self.now, &event);
        } else if let Ok(event) = Hci::parse(code, &parameters) {
            self.security.handle_event(self.now, &event);
        }
    }

    /// Takes a command, and answers it.
    fn command(&mut self, what: u8, size: u8) -> bool {
        let mut buffer = [0; 258];
        let mut w = Writer::new(&mut buffer);
        let Some(opcode) = self.security.poll_command(self.now, &mut w) else { return false };
        let key_of = w.written().get(3..9).filter(|_| opcode == Opcode::LINK_KEY_REQUEST_REPLY);
        for (shadow, peer) in self.links.iter_mut().zip(PEERS) {
            shadow.has_key |= key_of.is_some_and(|address| address == peer.octets());
        }
        let handle = w.written().get(3..5).unwrap_or_default();
        let [low, high] = handle.try_into().unwrap_or_default();
        let at = usize::from(low & 1);
        let status = if what < 0xc0 { 0 } else { what };
        let is_answered = if what & 1 == 0 {
            let mut answer = [what & 2; 65];
            answer[..4].copy_from_slice(&[status, low, high, size]);
            self.security.handle_complete(opcode, &answer)
        } else {
            self.security.handle_status(opcode, Status(status))
        };
        assert!(is_answered);
        if what & 0x20 != 0 && status == 0 {
            self.honest(at, opcode, what);
        }
        true
    }

    /// Does what an honest controller does after a command.
    fn honest(&mut self, at: usize, opcode: Opcode, what: u8) {
        let mut peer = |event, rest: &[u8]| self.peer_event(at, event, &mut Reader::new(rest));
        let kind = [4, 5, 7, 8].get(usize::from(what & 3)).copied().unwrap_or_default();
        match opcode {
            Opcode::AUTHENTICATION_REQUESTED => peer(0, &[]),
            Opcode::LINK_KEY_REQUEST_NEGATIVE_REPLY => peer(3, &[]),
            Opcode::IO_CAPABILITY_REQUEST_REPLY => {
                peer(4, &[what >> 2 & 3, what >> 4 & 1, 4 | what & 1]);
                (5..9)
                    .filter(|event| what >> 3 & 3 == event & 3)
                    .for_each(|event| peer(event, &[1]));
            }
            Opcode::USER_CONFIRMATION_REQUEST_REPLY
            | Opcode::USER_PASSKEY_REQUEST_REPLY
            | Opcode::REMOTE_OOB_DATA_REQUEST_REPLY
            | Opcode::REMOTE_OOB_EXTENDED_DATA_REQUEST_REPLY => {
                peer(10, &[]);
                let mut key = [1; 17];
                key[16] = kind;
                peer(1, &key);
                self.link_event(at, 0, &mut Reader::new(&[]));
            }
            Opcode::LINK_KEY_REQUEST_REPLY => self.link_event(at, 0, &mut Reader::new(&[])),
            Opcode::SET_CONNECTION_ENCRYPTION => {
                self.link_event(at, 1, &mut Reader::new(&[if what & 1 == 0 { 1 } else { 2 }]));
            }
            _ => {}
        }
    }

    fn answer(&mut self, link: u8, what: u8, r: &mut Reader<'_>) {
        let secret = Secret::new([what; 16]);
        let values = OobValues { commitment: secret.clone(), random: secret };
        let answer = match what % 6 {
            0 => Answer::No,
            1 => Answer::Passkey(r.u24().unwrap_or_default()),
            2 => Answer::Oob(OobData {
                p192: (what & 8 != 0).then_some(values.clone()),
                p256: Some(values),
            }),
            3 => Pin::new([what; 31].get(..usize::from(what >> 3)).unwrap_or_default())
                .map_or(Answer::No, Answer::Pin),
            _ => Answer::Yes,
        };
        let serial = self.links.get(usize::from(link)).map_or(0, |shadow| shadow.serial);
        self.shadow(link).into_iter().for_each(|it| it.has_oob |= matches!(answer, Answer::Oob(_)));
        self.security.answer(self.now, link, serial, answer);
    }

    fn request(&mut self, link: u8, what: u8) {
        let requirement = Requirement { level: level(what), min_key_size: what >> 4 };
        match what >> 2 & 3 {
            0 | 1 => drop(self.security.require(self.now, link, requirement)),
            2 => drop(self.security.pair(self.now, link, requirement)),
            _ => self.security.cancel(self.now, link),
        }
    }

    fn set_bond(&mut self, link: u8, what: u8) {
        let at = usize::from(link);
        let Some((&peer, shadow)) = PEERS.get(at).zip(self.links.get_mut(at)) else { return };
        shadow.bond = KeyKind::from_wire(what).map(|kind| {
            Bond::new(peer, LOCAL, Secret::new([9; 16]), kind, kind.is_authenticated())
        });
        self.security.set_bond(link, shadow.bond.as_ref());
    }

    fn set(&mut self, link: u8, what: u8) {
        match what & 3 {
            0 => {
                let (simple_pairing, secure_connections) = (what & 4 != 0, what & 8 != 0);
                let features = PeerFeatures { simple_pairing, secure_connections };
                self.security.set_features(link, features);
            }
            1 => self.security.set_oob(link, OobPresence::from_bits_truncate(what >> 2)),
            2 => self.security.hold_off(link, Some(self.now + Duration::from_secs(what.into()))),
            _ => self.security.set_user(self.now, what & 4 != 0),
        }
    }

    fn configure(&mut self, what: u8, more: u8) {
        self.security.set_config(Config {
            io: match what & 7 {
                0 => IoCapability::DisplayOnly,
                1 => IoCapability::DisplayYesNo,
                2 => IoCapability::KeyboardOnly,
                3 => IoCapability::KeyboardDisplay,
                _ => IoCapability::NoInputNoOutput,
            },
            bonding: what & 8 == 0,
            mitm: what & 0x10 != 0,
            consent: what & 0x20 == 0,
            secure_connections: what & 0x40 == 0,
            only_secure_connections: what & 0x80 != 0,
            require: level(more),
            legacy: match more >> 2 & 3 {
                0 => LegacyPairing::Unauthenticated,
                1 => LegacyPairing::SixteenDigits,
                _ => LegacyPairing::Refused,
            },
            min_key_size: more >> 4,
            min_key_size_secure: more >> 4,
            zero_keys: more == 0xff,
        });
    }

    /// Takes all events, and checks what must hold at any time.
    fn check(&mut self) {
        for _ in 0..BOUND {
            let Some(event) = self.security.poll_event() else { break };
            self.take(event);
        }
        assert!(self.security.poll_event().is_none());
        for (link, shadow) in (0..).zip(&self.links) {
            let security = self.security.security(link);
            assert!(security.level == Level::Open || shadow.has_key, "{security:?}");
            assert!(security.level == Level::Open || security.key_size >= 7);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "other events change nothing that is checked"
    )]
    fn take(&mut self, event: SecurityEvent) {
        match event {
            SecurityEvent::Key { link, bond } => {
                let Some(shadow) = self.shadow(link) else { return };
                assert!(shadow.bond.as_ref().is_none_or(|old| bond.may_replace(old)));
                shadow.bond = Some(bond);
            }
            SecurityEvent::Pairing { link, result: Ok(Paired { model, .. }), .. } => {
                let has_oob = self.has_oob;
                if let Some(shadow) = self.shadow(link) {
                    shadow.has_key = true;
                    let by = core::mem::take(&mut shadow.has_oob) || has_oob;
                    assert!(model != Model::OutOfBand || by);
                }
            }
            SecurityEvent::LocalOob(data) => self.has_oob = data.is_ok(),
            SecurityEvent::Question { link, serial, .. } => {
                self.shadow(link).into_iter().for_each(|shadow| shadow.serial = serial);
            }
            _ => {}
        }
    }

    fn shadow(&mut self, link: u8) -> Option<&mut Shadow> {
        self.links.get_mut(usize::from(link))
    }

    /// The controller falls silent: every wait ends. Then a link is encrypted with the key of its bond.
    fn end(&mut self) {
        for _ in 0..4 {
            let commands = (0..BOUND).take_while(|_| self.command(0xc0, 0)).count();
            assert!(commands < BOUND);
            self.now += Duration::from_secs(400);
            self.security.handle_timeout(self.now);
            self.check();
        }
        assert!(self.security.poll_timeout().is_none());
        self.begin();
        self.set_bond(0, KeyKind::Authenticated256.to_wire());
        assert!(self.security.require(self.now, 0, Requirement::level(Level::Encrypted)).is_ok());
        assert!(self.command(1, 0));
        self.peer_event(0, 0, &mut Reader::new(&[]));
        assert!(self.command(0, 0));
        self.link_event(0, 0, &mut Reader::new(&[]));
        assert!(self.command(1, 0));
        self.link_event(0, 1, &mut Reader::new(&[2]));
        assert!(self.command(0, 16));
        assert!(self.security.security(0).level == Level::SecureConnections);
        self.check();
    }
}

const fn level(what: u8) -> Level {
    match what & 3 {
        0 => Level::Open,
        1 => Level::Encrypted,
        2 => Level::Authenticated,
        _ => Level::SecureConnections,
    }
}
