//! No key is ever shown, neither in the log nor by `Debug`.

use core::fmt::Write;
use std::{cell::RefCell, sync::Once};

use bindrune::{Address, Event, IoCapability, Level, Method, RecordId};
use bindrune_pair::{KnownCrypto, MemoryStore, Scene, Task};
use bindrune_smp::{Bond, Key, Keys, LongTermKey};

use super::{SECRET, VAULT, ended, reader, safe, try_read, with_io, with_users};
use crate::table::find;

std::thread_local! {
    /// The log of threads that record it.
    static LOG: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Records the log of the hosts of a thread.
struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        LOG.with_borrow(Option::is_some)
    }

    fn log(&self, record: &log::Record<'_>) {
        LOG.with_borrow_mut(|log| {
            if let Some(log) = log {
                writeln!(log, "{} {}", record.level(), record.args()).unwrap();
            }
        });
    }

    fn flush(&self) {}
}

/// Fails if the text contains four consecutive octets of a key, in any notation of octets.
fn shows_nothing_of(text: &str, name: &str, key: &[u8]) {
    let text = text.to_lowercase();
    for part in key.windows(4) {
        if part.iter().all(|octet| *octet == part[0]) {
            continue;
        }
        let list = |form: fn(&u8) -> String, between: &str| {
            part.iter().map(form).collect::<Vec<_>>().join(between)
        };
        let hex: fn(&u8) -> String = |o| format!("{o:02x}");
        let prefixed: fn(&u8) -> String = |o| format!("0x{o:02x}");
        let decimal: fn(&u8) -> String = |o| format!("{o}");
        for between in ["", " ", ", ", ",", ":", "-"] {
            for form in [hex, prefixed, decimal] {
                let octets = list(form, between);
                assert!(!text.contains(&octets), "{octets} of {name} is in the log");
            }
        }
    }
}

/// Returns distinct octets that are unlikely to appear anywhere else.
fn planted(seed: u8) -> [u8; 16] {
    core::array::from_fn(|i| seed.wrapping_mul(37).wrapping_add((i as u8).wrapping_mul(83)) | 0x80)
}

/// Records everything that this thread logs from now on.
fn record_all() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Recorder).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    LOG.set(Some(String::new()));
}

/// Returns a bond with planted keys.
fn planted_bond(peer: Address, local: Address) -> Bond {
    Bond {
        peer,
        local,
        method: Method::JustWorks,
        secure: true,
        authenticated: false,
        key_size: 16,
        keys: Keys {
            local: Some(LongTermKey { key: Key::new(planted(3)), ediv: 0, rand: [0; 8] }),
            peer_irk: Some(Key::new(planted(4))),
            peer_csrk: Some(Key::new(planted(5))),
            peer_identity: Some(peer),
            ..Keys::default()
        },
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
        service_changed: 0,
    }
}

/// Returns every key: the planted ones, and those of the pairing.
fn planted_keys(
    private: &[u8; 32],
    crypto: &KnownCrypto,
    store: &MemoryStore,
) -> Vec<(&'static str, Vec<u8>)> {
    let mut keys = vec![
        ("the private key", private.to_vec()),
        ("the LTK of a bond", planted(3).to_vec()),
        ("the IRK of a bond", planted(4).to_vec()),
        ("the CSRK of a bond", planted(5).to_vec()),
    ];
    let shared = crypto.shared();
    assert_eq!(shared.len(), 1);
    keys.push(("the Diffie-Hellman key", shared[0].to_vec()));
    for id in store.ids() {
        let bond = Bond::read(&store.record(id).unwrap()).unwrap();
        keys.extend(bond.keys.local.map(|ltk| ("the LTK of a pairing", ltk.key.octets().to_vec())));
    }
    keys
}

#[test]
fn no_key_is_logged_or_shown() {
    record_all();
    let private = [planted(1), planted(2)].concat().try_into().unwrap();
    let crypto = [KnownCrypto::new(private), KnownCrypto::new([0x42; 32])];
    let scene = Scene::new(940);
    let both = with_io(IoCapability::DisplayYesNo);
    let stranger = Address::random([0xc1, 2, 3, 4, 5, 6]);
    let lock_address = Address::random([0xc1, 2, 3, 4, 5, 7]);
    let old = planted_bond(stranger, lock_address);
    let store = MemoryStore::new();
    let mut record = [0; Bond::SIZE];
    old.write(&mut bindrune_wire::Writer::new(&mut record)).unwrap();
    store.put(RecordId::Peer(stranger), &record);
    let lock = scene.device(safe(both).address(lock_address)).with_store(store.clone());
    let phone = scene.device(reader(both));
    let drivers = vec![
        Task::new(lock.drive_with(crypto[0].clone())),
        Task::new(phone.drive_with(crypto[1].clone())),
    ];
    let mut text = format!("{:?} {crypto:?} {old:?}", lock.host());
    scene.run_driven(
        drivers,
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            let (mut there, here) = scene.connect(&lock, &phone).await;
            let paired = here.pair().await.unwrap();
            write!(text, "{paired:?} {here:?} {:?}", here.security()).unwrap();
            loop {
                let event = there.next().await;
                write!(text, "{event:?}").unwrap();
                if matches!(event, Event::Paired(_)) {
                    break;
                }
            }
            let secret = find(&here, VAULT, &SECRET).await;
            assert_eq!(try_read(&here, &secret).await, Ok(2));
            ended(there, here).await;
            let (_there, here) = scene.connect(&lock, &phone).await;
            assert_eq!(here.encrypt().await.unwrap().level, Level::SecureConnections);
            for host in [lock.host(), phone.host()] {
                let bonds = host.bonds();
                write!(text, "{host:?} {bonds:?} {:?}", host.bonds().collect::<Vec<_>>()).unwrap();
            }
        }),
    );
    text.push_str(&LOG.take().unwrap());
    assert!(text.contains("resetting the controller"), "nothing was logged");
    let keys = planted_keys(&private, &crypto[0], &store);
    assert_eq!(keys.len(), 7);
    println!("{} octets of text searched for {} keys", text.len(), keys.len());
    for (name, key) in keys {
        shows_nothing_of(&text, name, &key);
    }
}
