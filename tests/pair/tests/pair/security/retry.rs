//! Security retries of a client after the server refused an operation.

use bindrune::{ClientSecurity, Config, Error, ErrorCode, IoCapability, Level, PairingConfig};
use bindrune_pair::{MemoryStore, Scene};
use embassy_futures::join::join;
use embassy_time::Duration;

use super::{
    AUTHENTIC, NOTHING, OPEN, SECRET, VAULT, between, ended, reader, refused, safe, try_read,
    with_io, with_users,
};
use crate::table::find;

const fn pairs(pairing: PairingConfig) -> Config {
    reader(pairing).client_security(ClientSecurity::Pair)
}

#[test]
fn a_client_that_may_pair_reads_protected_values() {
    for scene in Scene::lossy(930) {
        between(&scene, [safe(NOTHING), pairs(NOTHING)], async |lock, phone| {
            let (_there, here) = scene.connect(lock, phone).await;
            let secret = find(&here, VAULT, &SECRET).await;
            assert_eq!(here.security().unwrap().level, Level::Open);
            assert_eq!(try_read(&here, &secret).await, Ok(2));
            assert_eq!(here.security().unwrap().level, Level::Encrypted);
        });
    }
}

#[test]
fn two_tasks_need_one_pairing() {
    let scene = Scene::new(931);
    between(&scene, [safe(NOTHING), pairs(NOTHING)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        let secret = find(&here, VAULT, &SECRET).await;
        let mut buffer = [0; 4];
        let (one, several) = join(
            try_read(&here, &secret),
            here.read_multiple(&[secret.handle(), secret.handle()], &mut buffer),
        )
        .await;
        assert_eq!((one, several), (Ok(2), Ok(2)));
        assert_eq!(buffer[..2], [2, 2]);
    });
}

#[test]
fn a_level_that_pairing_cannot_reach_is_reported() {
    let scene = Scene::new(932);
    between(&scene, [safe(NOTHING), pairs(NOTHING)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        let authentic = find(&here, VAULT, &AUTHENTIC).await;
        // One pairing, and one more attempt.
        let answer = try_read(&here, &authentic).await;
        assert_eq!(answer, refused(ErrorCode::INSUFFICIENT_AUTHENTICATION));
        assert_eq!(here.security().unwrap().level, Level::Encrypted);
        // Neither side can compare or enter anything: a higher level is impossible.
        let answer = try_read(&here, &authentic).await;
        assert!(matches!(answer, Err(Error::Pairing(_))), "{answer:?}");
        assert_eq!(try_read(&here, &find(&here, VAULT, &OPEN).await).await, Ok(1));
    });
}

#[test]
fn an_authenticated_value_is_read_after_one_pairing() {
    let scene = Scene::new(933);
    let capable = with_io(IoCapability::DisplayYesNo);
    between(&scene, [safe(capable), pairs(capable)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        let authentic = find(&here, VAULT, &AUTHENTIC).await;
        assert_eq!(try_read(&here, &authentic).await, Ok(3));
        assert!(here.security().unwrap().level >= Level::Authenticated);
    });
}

#[test]
fn a_client_without_permission_does_not_pair() {
    for policy in [ClientSecurity::Report, ClientSecurity::Encrypt] {
        let scene = Scene::new(934);
        let phone = reader(NOTHING).client_security(policy);
        between(&scene, [safe(NOTHING), phone], async |lock, phone| {
            let (_there, here) = scene.connect(lock, phone).await;
            let secret = find(&here, VAULT, &SECRET).await;
            let answer = try_read(&here, &secret).await;
            assert_eq!(answer, refused(ErrorCode::INSUFFICIENT_AUTHENTICATION));
            assert_eq!(here.security().unwrap().level, Level::Open);
        });
    }
}

/// Outcome of a read.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    answer: Result<u8, Error>,
    /// Whether it was refused at first.
    refused: bool,
    /// Whether the peripheral requested security.
    asked: bool,
}

/// Runs a peripheral that is bonded with a central: it connects again and reads a protected value at once, while the
/// central needs `load` milliseconds to load its bonds.
fn read_by_a_bonded_peripheral(seed: u64, load: u64) -> Reading {
    let scene = Scene::new(seed);
    let store = MemoryStore::new();
    let client = scene.device(reader(NOTHING));
    let mut server = scene.device(safe(NOTHING)).with_store(store.clone());
    let handle = scene.run(
        &[&client, &server],
        with_users(&scene, [&client, &server], async {
            let (there, here) = scene.connect(&client, &server).await;
            here.pair().await.unwrap();
            let handle = find(&there, VAULT, &SECRET).await.handle();
            ended(there, here).await;
            handle
        }),
    );
    server.restart(safe(NOTHING));
    let server = server.with_store(store.slow(scene.clock(), Duration::from_millis(load)));
    let before = scene.trace().octets().len();
    let answer = scene.run(&[&client, &server], async {
        let (there, _here) = scene.connect(&client, &server).await;
        let mut buffer = [0; 4];
        let answer = there.read_multiple(&[handle, handle], &mut buffer).await;
        assert_eq!(there.security().unwrap().level, Level::Encrypted);
        answer.map(|_| buffer[0])
    });
    let trace = scene.trace();
    let crossed =
        |octets: &[u8]| trace.octets()[before..].windows(octets.len()).any(|o| o == octets);
    let [low, high] = handle.to_le_bytes();
    // An Error Response to Read Multiple, with Insufficient Authentication; a Security Request, with its L2CAP header.
    let (refused, asked) = (crossed(&[0x01, 0x0e, low, high, 0x05]), crossed(&[2, 0, 6, 0, 0x0b]));
    Reading { answer, refused, asked }
}

#[test]
fn a_bonded_client_asks_for_encryption_and_reads_again() {
    let reading = read_by_a_bonded_peripheral(935, 3000);
    assert_eq!(reading, Reading { answer: Ok(2), refused: true, asked: true });
}

#[test]
fn a_bonded_client_reads_whenever_the_central_loads_its_bond() {
    // Before the request, at about the same time, and after the refusal.
    let readings = (0..120).step_by(2).map(|load| {
        let reading = read_by_a_bonded_peripheral(936, load);
        assert_eq!(reading.answer, Ok(2), "{load} ms: {reading:?}");
        reading.refused
    });
    let (refused, not): (Vec<_>, Vec<_>) = readings.partition(|refused| *refused);
    assert!(!refused.is_empty() && !not.is_empty());
}

#[test]
fn a_cursor_that_is_dropped_during_the_retry_continues() {
    let read = |milliseconds| {
        let scene = Scene::new(937);
        between(&scene, [safe(NOTHING), pairs(NOTHING)], async |lock, phone| {
            let (_there, here) = scene.connect(lock, phone).await;
            let handle = find(&here, VAULT, &SECRET).await.handle();
            let mut values = here.values_by_uuid(handle, handle, SECRET.uuid());
            let mut buffer = [0; 4];
            let first = scene.within(milliseconds, values.next(&mut buffer)).await;
            let found = match first {
                Some(found) => found,
                None => {
                    scene.sleep(3000).await;
                    values.next(&mut buffer).await
                }
            };
            assert_eq!((found, buffer[0]), (Ok(Some((handle, 1))), 2), "{milliseconds} ms");
            first.is_none()
        })
    };
    assert!((10..2000).step_by(30).take_while(|milliseconds| read(*milliseconds)).count() > 2);
}
