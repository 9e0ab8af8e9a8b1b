//! The two devices that pair, and their users.

use core::cell::{Cell, RefCell};

use bindrune::{
    Address, BondInfo, Config, Connection, Error, Host, LinkSecurity, Paired, PairingConfig,
    PairingFailure, Question, Reason, RecordId, Resources,
};
use bindrune_pair::{Device, KnownCrypto, MemoryStore, Scene, Task};
use bindrune_smp::Bond;
use bindrune_wire::Level;
use embassy_futures::{
    join::join,
    select::{Either, select},
};

use super::{
    Case,
    keys::{NAMES, bond, record, stored},
    table::{Asked, Model, Refusal, Side, Strength, expected},
};

const BOTH_ENTER: u32 = 123_456;
const TEMPORARY_KEY: [u8; 16] = [0x3c; 16];
/// Time until the peripheral has processed what the central has, in milliseconds.
const SETTLE: u64 = 150;
/// Time until devices try again after a failed pairing, in milliseconds.
const BACK_OFF: u64 = 1100;

/// Behavior of the peripheral's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Agrees,
    /// Answers no to everything, passes on no passkey, and gives out only out-of-band data that is no longer valid.
    Refuses,
}

/// Outcome of an attempt to pair.
struct Attempt {
    result: Result<Paired, Error>,
    /// Questions to each user.
    asked: [Vec<Asked>; 2],
    /// The compared numbers.
    compared: [Option<u32>; 2],
}

/// Level of the link, and the bonds in the stores.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    level: Level,
    bonds: [Option<Bond>; 2],
}

/// Two hosts for one case after another.
pub(super) struct Bench {
    hosts: [Option<Host>; 2],
    seed: u64,
}

/// Knowledge and questions of one side's user.
#[derive(Default)]
struct Seat {
    asked: RefCell<Vec<Asked>>,
    compared: Cell<Option<u32>>,
    brought: OobData,
}

/// The random number and the confirm value from the other device.
type OobData = ([u8; 16], [u8; 16]);

/// What the users pass to each other.
#[derive(Default)]
struct Talk {
    shown: Cell<Option<u32>>,
    refused: Cell<bool>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let host = |name| {
            let memory = Box::leak(Box::new(Resources::<1, 0, 6, 4, 264, 4096>::new()));
            Some(Host::new(memory, base(name)).unwrap())
        };
        Self { hosts: NAMES.map(host), seed: 0 }
    }

    /// Pairs two devices, and checks the result; returns the number of attempts.
    pub(super) fn run(&mut self, case: &Case) -> usize {
        self.seed += 1;
        let scene = Scene::new(self.seed);
        let sides = [case.central, case.peripheral];
        let stores = [0, 1].map(|at| {
            let store = MemoryStore::new();
            if let Some(before) = case.before {
                store.put(RecordId::Peer(NAMES[1 - at]), &record(&bond(before, at)));
            }
            store
        });
        let mut at = 0..2;
        let [phone, lock] = self.hosts.each_mut().map(|host| {
            let at = at.next().unwrap();
            let (mut host, config) = (host.take().unwrap(), config(NAMES[at], sides[at]));
            host.reset(config).unwrap();
            scene.device_of(host, config).with_store(stores[at].clone())
        });
        let drivers = vec![
            Task::new(phone.drive_with(KnownCrypto::new([0x22; 32]))),
            Task::new(lock.drive_with(KnownCrypto::new([0x11; 32]))),
        ];
        let attempts =
            scene.run_driven(drivers, &[&phone, &lock], case.play(&scene, [&phone, &lock]));
        self.hosts = [phone, lock].map(|device| Some(device.into_host()));
        attempts
    }
}

const fn base(address: Address) -> Config {
    let config = Config::new("device").address(address).bonds(2).scan_bytes(0);
    config.exchange_mtu(false).data_length(false).two_megabit(false)
}

const fn config(address: Address, side: Side) -> Config {
    let Side { io, mitm, secure: secure_connections, oob, sizes } = side;
    let (min_key_size, max_key_size) = sizes;
    base(address).pairing(PairingConfig {
        io,
        mitm,
        secure_connections,
        legacy: true,
        oob,
        min_key_size,
        max_key_size,
        ..PairingConfig::DEFAULT
    })
}

impl Case {
    fn sides(&self) -> [&Side; 2] {
        [&self.central, &self.peripheral]
    }

    fn model(&self) -> Model {
        let [central, peripheral] = self.sides().map(|side| side.bonded(self.before));
        Model::of(&central, &peripheral)
    }

    /// Returns whether each side can use the existing bond.
    fn usable(&self, before: Strength) -> [bool; 2] {
        self.sides().map(|side| before.key_size >= side.sizes.0)
    }

    /// Sets up the state before they pair.
    fn before(&self) -> Standing {
        let both = self.before.filter(|before| self.usable(*before) == [true; 2]);
        let bonds = [0, 1].map(|at| self.before.map(|before| bond(before, at)));
        Standing { level: both.map_or(Level::Open, Strength::level), bonds }
    }

    /// Returns the answers of the users, one attempt after another: a bond that may be replaced is first kept by a
    /// refusal.
    fn attempts(&self) -> &'static [User] {
        match (expected(&self.central, &self.peripheral, self.before), self.before) {
            (Ok(new), Some(old)) if old != new => &[User::Refuses, User::Agrees],
            (Ok(_), _) => &[User::Agrees, User::Refuses],
            (Err(_), _) => &[User::Agrees],
        }
    }

    async fn play(&self, scene: &Scene, devices: [&Device; 2]) -> usize {
        let [phone, lock] = devices;
        let (there, here) = scene.connect(lock, phone).await;
        let links = [&here, &there];
        self.encrypt_with_bond(&here).await;
        let mut standing = self.before();
        let mut data = <[OobData; 2]>::default();
        for (number, user) in self.attempts().iter().enumerate() {
            for (at, from) in [(0, lock), (1, phone)] {
                // Data that was given out is valid until there is new data.
                let makes =
                    self.sides()[at].oob && (number > 0 || at == 1 || *user == User::Agrees);
                if makes {
                    let made = from.host().oob().await.unwrap();
                    if at == 1 || *user == User::Agrees {
                        data[at] = made;
                    }
                }
            }
            let attempt = self.attempt(scene, devices, &here, *user, data).await;
            let now = links.map(|link| link.security().unwrap());
            match (expected(&self.central, &self.peripheral, self.before), user) {
                (Ok(new), User::Agrees) => {
                    standing = self.check_paired(new, attempt, now, devices, &standing);
                }
                (Ok(_), User::Refuses) => {
                    assert!(attempt.result.is_err(), "{self:?}: {:?}", attempt.result);
                    self.check_unchanged(now, devices, &standing);
                }
                (Err(refusal), _) => {
                    self.check_refused(refusal, &attempt);
                    self.check_unchanged(now, devices, &standing);
                }
            }
            if number + 1 < self.attempts().len() {
                scene.sleep(BACK_OFF).await;
            }
        }
        self.attempts().len()
    }

    async fn attempt(
        &self,
        scene: &Scene,
        [phone, lock]: [&Device; 2],
        here: &Connection<'_>,
        user: User,
        data: [OobData; 2],
    ) -> Attempt {
        let seats = data.map(|brought| Seat { brought, ..Seat::default() });
        let talk = Talk::default();
        let users = join(
            self.user(scene, phone.host(), [&seats[0], &seats[1]], &talk, User::Agrees),
            self.user(scene, lock.host(), [&seats[1], &seats[0]], &talk, user),
        );
        let pair = async {
            let result = here.pair().await;
            scene.sleep(SETTLE).await;
            result
        };
        let result = match select(users, pair).await {
            Either::Second(result) => result,
            Either::First(_) => panic!("the users went away"),
        };
        let compared = seats.each_ref().map(|seat| seat.compared.get());
        Attempt { result, asked: seats.map(|seat| seat.asked.into_inner()), compared }
    }

    /// Checks that the earlier bond encrypts the link if both sides can use it.
    async fn encrypt_with_bond(&self, here: &Connection<'_>) {
        let result = here.encrypt().await.map(|security| security.level);
        let expected = match self.before.map(|before| self.usable(before)) {
            Some([true, true]) => Ok(self.before().level),
            Some([true, false]) => Err(Error::BondLost),
            Some([false, _]) | None => Err(Error::NotBonded),
        };
        assert_eq!(result, expected, "{self:?}");
    }

    /// Runs a user at `seats[0]`, with the user of the other device.
    async fn user(
        &self,
        scene: &Scene,
        host: &Host,
        [own, other]: [&Seat; 2],
        talk: &Talk,
        user: User,
    ) {
        let mut requests = host.pairing_requests().unwrap();
        loop {
            let mut request = requests.next().await;
            let question = request.question();
            own.asked.borrow_mut().push(kind(question));
            if user == User::Refuses {
                talk.refused.set(true);
                request.reject();
                continue;
            }
            match question {
                Question::Confirm => request.accept(),
                Question::Compare(number) => {
                    own.compared.set(Some(number));
                    // The second user sees the same as the first one.
                    let same = other.compared.get().is_none_or(|others| others == number);
                    if same { request.accept() } else { request.reject() }
                }
                Question::Display(passkey) => talk.shown.set(Some(passkey)),
                Question::Input => {
                    let both = Model::Passkey { central: true, peripheral: true };
                    if self.model() == both {
                        talk.shown.set(Some(BOTH_ENTER));
                    }
                    while talk.shown.get().is_none() && !talk.refused.get() {
                        scene.sleep(20).await;
                    }
                    match talk.shown.get() {
                        Some(passkey) => request.passkey(passkey),
                        None => request.reject(),
                    }
                }
                Question::Oob { secure: true } => {
                    let (random, confirm) = own.brought;
                    request.oob(random, confirm);
                }
                Question::Oob { secure: false } => request.temporary_key(TEMPORARY_KEY),
                Question::Pin { .. } => request.reject(),
            }
        }
    }

    /// Checks that both sides report the result, and that both stores contain it.
    fn check_paired(
        &self,
        new: Strength,
        Attempt { result, asked, compared }: Attempt,
        now: [LinkSecurity; 2],
        devices: [&Device; 2],
        before: &Standing,
    ) -> Standing {
        let paired = result.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let Strength { secure, authenticated, key_size } = new;
        let method = self.model().method();
        assert_eq!((paired.level, paired.key_size), (new.level(), key_size), "{self:?}");
        assert_eq!((paired.authenticated, paired.secure_connections), (authenticated, secure));
        assert_eq!((paired.method, paired.bonded), (method, true), "{self:?}");
        assert_eq!(asked, self.model().questions(&self.central, &self.peripheral), "{self:?}");
        assert_eq!(compared[0], compared[1], "{self:?}");
        for security in now {
            assert_eq!((security.level, security.key_size), (new.level(), key_size), "{self:?}");
            assert_eq!((security.method, security.bonded), (Some(method), true), "{self:?}");
        }
        let bonds = [0, 1].map(|at| {
            let listed: Vec<_> = devices[at].host().bonds().collect();
            let [BondInfo { level, key_size: size, .. }] = listed[..] else {
                panic!("{self:?}: {listed:?}");
            };
            assert_eq!((level, size), (new.level(), key_size), "{self:?}");
            stored(devices[at], at)
        });
        self.check_bonds(new, bonds.each_ref().map(|bond| bond.as_ref().unwrap()));
        assert_ne!(before.bonds, bonds, "{self:?}");
        Standing { level: new.level(), bonds }
    }

    /// Checks that both sides keep the same keys, of the negotiated length and level.
    fn check_bonds(&self, new: Strength, bonds: [&Bond; 2]) {
        for bond in bonds {
            let Bond { secure, authenticated, key_size, method, keys, .. } = bond;
            let kept =
                Strength { secure: *secure, authenticated: *authenticated, key_size: *key_size };
            assert_eq!((kept, *method), (new, self.model().method()), "{self:?}");
            let (Some(local), Some(peer)) = (&keys.local, &keys.peer) else {
                panic!("{self:?}: {bond:?}");
            };
            for ltk in [local, peer] {
                let beyond = &ltk.key.octets()[usize::from(*key_size)..];
                assert!(!ltk.key.is_zero() && beyond.iter().all(|octet| *octet == 0), "{self:?}");
            }
        }
        assert_eq!(bonds[0].keys.local, bonds[1].keys.peer, "{self:?}");
        assert_eq!(bonds[0].keys.peer, bonds[1].keys.local, "{self:?}");
    }

    /// Checks that the pairing ended for the right reason, and that the user of the refusing side was not asked.
    fn check_refused(&self, refusal: Refusal, attempt: &Attempt) {
        let (failure, refuses) = match refusal {
            Refusal::SizeAtPeripheral => (PairingFailure::Peer(Reason::ENCRYPTION_KEY_SIZE), 1),
            Refusal::SizeAtCentral => (PairingFailure::Local(Reason::ENCRYPTION_KEY_SIZE), 0),
            Refusal::Weaker => (PairingFailure::Peer(Reason::AUTHENTICATION_REQUIREMENTS), 1),
        };
        assert_eq!(attempt.result, Err(Error::Pairing(failure)), "{self:?}");
        assert_eq!(attempt.asked[refuses], [], "{self:?}");
    }

    /// Checks that links and bonds did not change.
    fn check_unchanged(&self, now: [LinkSecurity; 2], devices: [&Device; 2], before: &Standing) {
        assert_eq!(now.map(|security| security.level), [before.level; 2], "{self:?}");
        let bonds = [0, 1].map(|at| stored(devices[at], at));
        assert_eq!(bonds, before.bonds, "{self:?}");
        for (device, bond) in devices.iter().zip(&bonds) {
            assert_eq!(device.host().bonds().count(), usize::from(bond.is_some()), "{self:?}");
        }
    }
}

const fn kind(question: Question) -> Asked {
    match question {
        Question::Confirm => Asked::Confirm,
        Question::Compare(_) => Asked::Compare,
        Question::Display(_) => Asked::Display,
        Question::Input | Question::Pin { .. } => Asked::Input,
        Question::Oob { secure } => Asked::Oob { secure },
    }
}
