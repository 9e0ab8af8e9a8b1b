//! Both roles face to face over all that two devices can differ in: what is reported is never more than the
//! specification's table allows, and no bond is replaced by a weaker one.

use core::cell::Cell;

use bindrune::{
    Address, Config, Connection, Host, IoCapability, Level, Method, PairingConfig, Question,
    RecordId,
};
use bindrune_pair::{KnownCrypto, MemoryStore, Scene, Task};
use bindrune_smp::{Bond, Key, Keys, LongTermKey};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

const LOCK: Address = Address::random([0xc0, 0, 0, 0, 0, 1]);
const PHONE: Address = Address::random([0xc0, 0, 0, 0, 0, 2]);
const BOTH_ENTER: u32 = 123_456;
const TEMPORARY_KEY: [u8; 16] = [0x3c; 16];

/// What one device offers.
#[derive(Clone, Copy, Debug)]
struct Side {
    io: IoCapability,
    mitm: bool,
    secure: bool,
    key_size: u8,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    central: Side,
    peripheral: Side,
    oob: bool,
    before: Option<Strength>,
}

/// What a key is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Strength {
    secure: bool,
    authenticated: bool,
    key_size: u8,
}

const WEAK: Strength = Strength { secure: false, authenticated: false, key_size: 7 };
const STRONG: Strength = Strength { secure: true, authenticated: true, key_size: 16 };

impl Strength {
    /// [Vol 3] Part C, 10.2.1
    const fn level(self) -> Level {
        match self {
            Self { secure: true, authenticated: true, key_size: 16 } => Level::SecureConnections,
            Self { authenticated: true, .. } => Level::Authenticated,
            Self { authenticated: false, .. } => Level::Encrypted,
        }
    }

    fn bond(self, peer: Address, local: Address) -> Bond {
        let (ediv, rand) = if self.secure { (0, 0) } else { (7, 9) };
        let ltk = LongTermKey { key: Key::new([0x77; 16]).shortened(self.key_size), ediv, rand };
        let keys = Keys {
            local: Some(ltk.clone()),
            peer: Some(ltk),
            peer_identity: Some(peer),
            ..Keys::default()
        };
        let method = if self.authenticated { Method::NumericComparison } else { Method::JustWorks };
        let Self { secure, authenticated, key_size } = self;
        let gatt = [0; Bond::GATT];
        let (local_sign, peer_sign) = (0, 0);
        Bond {
            peer,
            local,
            method,
            secure,
            authenticated,
            key_size,
            keys,
            local_sign,
            peer_sign,
            gatt,
        }
    }
}

impl Case {
    /// Tables 2.6 to 2.8, written down once more. [Vol 3] Part H, 2.3.5.1
    ///
    /// J Just Works, N Numeric Comparison, i initiator enters, r responder enters, b both; a row for each responder.
    fn letter(&self) -> char {
        const LEGACY: [&str; 5] = ["JJiJi", "JJiJi", "rrbJr", "JJJJJ", "rriJr"];
        const SECURE: [&str; 5] = ["JJiJi", "JNiJN", "rrbJr", "JJJJJ", "rNiJN"];
        if self.oob {
            return 'O';
        }
        if !self.central.mitm && !self.peripheral.mitm {
            return 'J';
        }
        let at = |io: IoCapability| IoCapability::ALL.iter().position(|x| *x == io).unwrap();
        let table = if self.secure() { SECURE } else { LEGACY };
        table[at(self.peripheral.io)].chars().nth(at(self.central.io)).unwrap()
    }

    const fn secure(&self) -> bool {
        self.central.secure && self.peripheral.secure
    }

    fn strength(&self) -> Strength {
        let secure = self.secure();
        let authenticated = match self.letter() {
            'J' => false,
            'N' | 'O' => true,
            _ => secure,
        };
        let key_size = self.central.key_size.min(self.peripheral.key_size);
        Strength { secure, authenticated, key_size }
    }

    /// What must come of it: nothing where it would weaken the bond.
    fn expected(&self) -> Option<Strength> {
        let new = self.strength();
        let weaker = self.before.is_some_and(|old| {
            (old.secure && !new.secure)
                || (old.authenticated && !new.authenticated)
                || new.key_size < old.key_size
        });
        (!weaker).then_some(new)
    }

    const fn config(&self, side: Side, name: &'static str, address: Address) -> Config {
        let pairing = PairingConfig {
            io: side.io,
            mitm: side.mitm,
            secure_connections: side.secure,
            legacy: !self.secure(),
            oob: self.oob,
            min_key_size: 7,
            max_key_size: side.key_size,
            ..PairingConfig::DEFAULT
        };
        Config::new(name).address(address).pairing(pairing)
    }

    /// A user who does what the pairing asks for.
    async fn user(&self, scene: &Scene, host: &Host, shown: &Cell<Option<u32>>, oob: OobData) {
        let mut requests = host.pairing_requests().unwrap();
        loop {
            let mut request = requests.next().await;
            match request.question() {
                Question::Confirm | Question::Compare(_) => request.accept(),
                Question::Display(passkey) => shown.set(Some(passkey)),
                Question::Input if self.letter() == 'b' => request.passkey(BOTH_ENTER),
                Question::Input => {
                    while shown.get().is_none() {
                        scene.sleep(200).await;
                    }
                    request.passkey(shown.get().unwrap());
                }
                Question::Oob { secure: true } => request.oob(oob.0, oob.1),
                Question::Oob { secure: false } => request.temporary_key(TEMPORARY_KEY),
            }
        }
    }

    fn run(&self, seed: u64) {
        let scene = Scene::new(seed);
        let stores = [MemoryStore::new(), MemoryStore::new()];
        if let Some(before) = self.before {
            for (store, peer, local) in [(&stores[0], PHONE, LOCK), (&stores[1], LOCK, PHONE)] {
                let mut record = [0; Bond::SIZE];
                before
                    .bond(peer, local)
                    .write(&mut bindrune_wire::Writer::new(&mut record))
                    .unwrap();
                store.put(RecordId::Peer(peer), &record);
            }
        }
        let [of_lock, of_phone] = stores;
        let lock = scene.device(self.config(self.peripheral, "lock", LOCK)).with_store(of_lock);
        let phone = scene.device(self.config(self.central, "phone", PHONE)).with_store(of_phone);
        let drivers = vec![
            Task::new(lock.drive_with(KnownCrypto::new([0x11; 32]))),
            Task::new(phone.drive_with(KnownCrypto::new([0x22; 32]))),
        ];
        scene.run_driven(drivers, &[&lock, &phone], async {
            let (there, here) = scene.connect(&lock, &phone).await;
            let mut of_phone = ([0; 16], [0; 16]);
            let mut of_lock = of_phone;
            if self.oob {
                of_phone = phone.host().oob().await.unwrap();
                of_lock = lock.host().oob().await.unwrap();
            }
            let shown = Cell::new(None);
            let users = join(
                self.user(&scene, lock.host(), &shown, of_phone),
                self.user(&scene, phone.host(), &shown, of_lock),
            );
            match select(users, self.pair(&scene, [&there, &here], [lock.host(), phone.host()]))
                .await
            {
                Either::Second(()) => {}
                Either::First(_) => panic!("the users went away"),
            }
        });
    }

    async fn pair(&self, scene: &Scene, links: [&Connection<'_>; 2], hosts: [&Host; 2]) {
        let bonds = || hosts.map(|host| host.bonds().collect::<Vec<_>>());
        if let Some(before) = self.before {
            links[1].encrypt().await.unwrap();
            for link in links {
                let security = link.security().unwrap();
                assert_eq!((security.level, security.key_size), (before.level(), before.key_size));
            }
        }
        let before = bonds();
        let result = links[1].pair().await;
        scene.sleep(1000).await;
        let now = links.map(|link| link.security().unwrap());
        match self.expected() {
            Some(new) => {
                let paired = result.unwrap_or_else(|error| panic!("{self:?}: {error}"));
                assert_eq!(
                    (paired.level, paired.key_size),
                    (new.level(), new.key_size),
                    "{self:?}"
                );
                assert_eq!(paired.authenticated, new.authenticated, "{self:?}");
                assert_eq!(paired.secure_connections, new.secure, "{self:?}");
                for (security, bonds) in now.iter().zip(bonds()) {
                    assert_eq!(security.level, new.level(), "{self:?}");
                    assert_eq!(security.key_size, new.key_size, "{self:?}");
                    let [bond] = bonds[..] else { panic!("{self:?}: {bonds:?}") };
                    assert_eq!((bond.level, bond.key_size), (new.level(), new.key_size));
                }
            }
            None => {
                assert!(result.is_err(), "{self:?}: {result:?}");
                assert_eq!(bonds(), before, "{self:?}");
                let old = self.before.unwrap();
                assert!(now.iter().all(|security| security.level == old.level()), "{self:?}");
            }
        }
    }
}

type OobData = ([u8; 16], [u8; 16]);

/// Every combination for one capability of the peripheral.
fn all_with(peripheral_io: IoCapability) {
    let mut count = 0;
    let flags = [false, true];
    for central_io in IoCapability::ALL {
        for bits in 0..1 << 5 {
            let bit = |n: usize| flags[bits >> n & 1];
            for (k, sizes) in [(16, 16), (7, 16), (16, 7)].into_iter().enumerate() {
                for before in [None, Some(WEAK), Some(STRONG)] {
                    let (io, mitm, secure) = (central_io, bit(0), bit(1));
                    let central = Side { io, mitm, secure, key_size: sizes.0 };
                    let (io, mitm, secure) = (peripheral_io, bit(2), bit(3));
                    let peripheral = Side { io, mitm, secure, key_size: sizes.1 };
                    // Out of band, the capabilities count for nothing.
                    let oob = bit(4);
                    if oob && (central_io != peripheral_io || k > 1) {
                        continue;
                    }
                    Case { central, peripheral, oob, before }.run(count);
                    count += 1;
                }
            }
        }
    }
    println!("{count} combinations with {peripheral_io:?} at the peripheral");
}

#[test]
fn with_a_peripheral_that_shows() {
    all_with(IoCapability::DisplayOnly);
}

#[test]
fn with_a_peripheral_that_shows_and_takes_yes_or_no() {
    all_with(IoCapability::DisplayYesNo);
}

#[test]
fn with_a_peripheral_with_a_keyboard() {
    all_with(IoCapability::KeyboardOnly);
}

#[test]
fn with_a_peripheral_without_anything() {
    all_with(IoCapability::NoInputNoOutput);
}

#[test]
fn with_a_peripheral_with_keyboard_and_display() {
    all_with(IoCapability::KeyboardDisplay);
}
