//! What a client does whose operation the server refuses for want of security.

use bindrune::{ClientSecurity, Config, Error, ErrorCode, IoCapability, Level, PairingConfig};
use bindrune_pair::Scene;
use embassy_futures::join::join;

use super::{
    AUTHENTIC, NOTHING, OPEN, SECRET, VAULT, between, reader, refused, safe, try_read, with_io,
};
use crate::table::find;

const fn pairs(pairing: PairingConfig) -> Config {
    reader(pairing).client_security(ClientSecurity::Pair)
}

#[test]
fn a_client_that_may_pair_reads_what_is_protected() {
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
fn what_pairing_cannot_reach_is_reported() {
    let scene = Scene::new(932);
    between(&scene, [safe(NOTHING), pairs(NOTHING)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        let authentic = find(&here, VAULT, &AUTHENTIC).await;
        // One pairing, one more try.
        let answer = try_read(&here, &authentic).await;
        assert_eq!(answer, refused(ErrorCode::INSUFFICIENT_AUTHENTICATION));
        assert_eq!(here.security().unwrap().level, Level::Encrypted);
        // Neither side can compare or enter anything: the better link is out of reach.
        let answer = try_read(&here, &authentic).await;
        assert!(matches!(answer, Err(Error::Pairing(_))), "{answer:?}");
        assert_eq!(try_read(&here, &find(&here, VAULT, &OPEN).await).await, Ok(1));
    });
}

#[test]
fn a_value_for_the_authenticated_is_read_after_one_pairing() {
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
fn without_leave_nothing_is_paired() {
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
