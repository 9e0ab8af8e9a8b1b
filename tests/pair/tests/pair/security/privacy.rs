//! Private addresses: what strangers see of a device, and how bonded devices find it again.

use bindrune::{
    Address, Advertisement, Config, Connect, Connection, Error, Event, Level, Privacy, Scan, Status,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Duration;

use super::{NOTHING, ended, event, reader, safe, with_users};

const MINUTE: Privacy = Privacy::On { rotate: Duration::from_secs(60) };

const fn lock_config() -> Config {
    safe(NOTHING).privacy(MINUTE)
}

const fn phone_config() -> Config {
    reader(NOTHING).privacy(MINUTE)
}

/// Returns the address of the next advertiser that a device sees, and whether it is an identity.
async fn seen(device: &Device) -> (Address, bool) {
    let mut buffer = [0; 64];
    let mut scanner = device.host().scan(&Scan::passive()).unwrap();
    let report = scanner.next(&mut buffer).await.unwrap();
    (report.address.unwrap(), report.resolved)
}

/// Connects two devices that do not know each other: the central uses the address that it sees.
async fn meet<'d>(peripheral: &'d Device, central: &'d Device) -> (Connection<'d>, Connection<'d>) {
    let advertisement = Advertisement::connectable();
    let (there, here) = join(peripheral.host().advertise(&advertisement), async {
        let (address, resolved) = seen(central).await;
        assert!(address.is_resolvable() && !resolved, "{address:?}");
        central.host().connect_with(&Connect::to(address), &[]).await
    })
    .await;
    (there.unwrap(), here.unwrap())
}

/// Connects, pairs and disconnects; returns the identities of the peripheral and of the central.
async fn acquainted(scene: &Scene, lock: &Device, phone: &Device) -> (Address, Address) {
    with_users(scene, [lock, phone], async {
        let (mut there, here) = meet(lock, phone).await;
        let paired = here.pair().await.unwrap();
        event(&mut there, |event| matches!(event, Event::Paired(_)).then_some(())).await;
        let (of_lock, of_phone) = (scene.address(lock).await, scene.address(phone).await);
        assert!(paired.bonded && here.identity() == Some(of_lock));
        assert_eq!(there.identity(), Some(of_phone));
        ended(there, here).await;
        (of_lock, of_phone)
    })
    .await
}

/// Bonds, lets all addresses change, and connects by identity; `lists` are the sizes of the resolving lists.
fn again_by_identity(seed: u64, lists: [u8; 2]) {
    let scene = Scene::new(seed);
    let [a, b] = lists.map(|size| ControllerConfig::new().resolving_list(size));
    let (mut lock, mut phone) =
        (scene.device_on(a, lock_config()), scene.device_on(b, phone_config()));
    let (of_lock, of_phone) = scene.run(&[&lock, &phone], acquainted(&scene, &lock, &phone));
    let again = async |lock: &Device, phone: &Device| {
        for _ in 0..3 {
            scene.sleep(70_000).await;
            let (there, here) = scene.connect(lock, phone).await;
            let security = here.secure(Level::Encrypted).await.unwrap();
            assert!(security.bonded && security.level == Level::Encrypted);
            assert_eq!((here.peer(), there.peer()), (Ok(of_lock), Ok(of_phone)));
            assert_eq!(there.security().unwrap().level, Level::Encrypted);
            ended(there, here).await;
        }
    };
    scene.run(&[&lock, &phone], again(&lock, &phone));
    // The keys are in the stores: hosts that were restarted recognize each other too.
    lock.restart(lock_config());
    phone.restart(phone_config());
    scene.run(&[&lock, &phone], async {
        phone.host().bonds().loaded().await.unwrap();
        again(&lock, &phone).await;
    });
}

#[test]
fn bonded_devices_find_each_other_by_identity() {
    again_by_identity(950, [8, 8]);
}

#[test]
fn the_central_has_no_resolving_list() {
    again_by_identity(951, [8, 0]);
}

#[test]
fn the_peripheral_has_no_resolving_list() {
    again_by_identity(952, [0, 8]);
}

#[test]
fn without_resolving_lists() {
    again_by_identity(953, [0, 0]);
}

#[test]
fn addresses_change_and_only_bonded_devices_resolve_them() {
    for size in [8, 0] {
        let scene = Scene::new(954);
        let lock = scene.device(lock_config());
        let friend = ControllerConfig::new().resolving_list(size);
        let phone = scene.device_on(friend, phone_config());
        let stranger = scene.device(reader(NOTHING));
        let devices = [&lock, &phone, &stranger];
        let (identity, _) = scene.run(&devices, acquainted(&scene, &lock, &phone));
        scene.run(&devices, async {
            let advertisement = Advertisement::connectable();
            let watch = async {
                let mut addresses = Vec::new();
                for _ in 0..5 {
                    assert_eq!(seen(&phone).await, (identity, true));
                    let (address, resolved) = seen(&stranger).await;
                    assert!(address.is_resolvable() && !resolved);
                    // The address stays until its time ends, and no longer.
                    addresses.push(address);
                    scene.sleep(60_000).await;
                }
                addresses
            };
            let advertise = lock.host().advertise(&advertisement);
            let Either::Second(mut addresses) = select(advertise, watch).await else {
                panic!("a device connected")
            };
            assert!(!addresses.contains(&identity));
            addresses.sort_unstable();
            addresses.dedup();
            assert_eq!(addresses.len(), 5, "an address was used twice");
        });
    }
}

#[test]
fn a_search_without_a_result_ends_in_time() {
    let scene = Scene::new(955);
    let lock = scene.device(lock_config());
    let phone = scene.device_on(ControllerConfig::new().resolving_list(0), phone_config());
    let (identity, _) = scene.run(&[&lock, &phone], acquainted(&scene, &lock, &phone));
    scene.run(&[&lock, &phone], async {
        let before = scene.now();
        let request = Connect::to(identity).timeout(Duration::from_secs(20));
        let outcome = phone.host().connect_with(&request, &[]).await;
        assert_eq!(outcome.err(), Some(bindrune::Error::Timeout));
        assert!((19..21).contains(&(scene.now() - before).as_secs()));
        assert_eq!(scene.within(1000, seen(&phone)).await, None, "no device advertises");
    });
}

/// Bonds a lock and a phone, which then search for each other with directed advertising; returns the outcome
/// for both.
fn directed(
    lock_private: bool,
    list: u8,
    phone_private: bool,
) -> (Result<(), Error>, Result<(), Error>) {
    let scene = Scene::new(956);
    let private = |config: Config, yes| if yes { config.privacy(MINUTE) } else { config };
    let lock = ControllerConfig::new().resolving_list(list);
    let lock = scene.device_on(lock, private(safe(NOTHING), lock_private));
    let phone = scene.device(private(reader(NOTHING), phone_private));
    scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            let advertisement = Advertisement::connectable();
            let (there, here) = join(lock.host().advertise(&advertisement), async {
                let (address, _) = seen(&phone).await;
                phone.host().connect_with(&Connect::to(address), &[]).await
            })
            .await;
            let (mut there, here) = (there.unwrap(), here.unwrap());
            here.pair().await.unwrap();
            event(&mut there, |event| matches!(event, Event::Paired(_)).then_some(())).await;
            let (of_lock, of_phone) = (here.identity().unwrap(), there.identity().unwrap());
            ended(there, here).await;
            let limit = Duration::from_secs(10);
            let advertisement = Advertisement::directed(of_phone).timeout(limit);
            let connect = Connect::to(of_lock).timeout(limit);
            let there = lock.host().advertise(&advertisement);
            let (there, here) = join(there, phone.host().connect_with(&connect, &[])).await;
            let ends = (
                there.as_ref().map(|_| ()).map_err(|e| *e),
                here.as_ref().map(|_| ()).map_err(|e| *e),
            );
            if let (Ok(there), Ok(here)) = (there, here) {
                let security = here.secure(Level::Encrypted).await.unwrap();
                assert!(security.bonded && security.level == Level::Encrypted);
                assert_eq!((here.peer(), there.peer()), (Ok(of_lock), Ok(of_phone)));
                ended(there, here).await;
            }
            ends
        }),
    )
}

/// [Vol 6] Part B, 6.2.2
#[test]
fn directed_advertising_reaches_a_private_phone_or_fails() {
    for (lock_private, list, phone_private) in
        [(false, 8, false), (false, 8, true), (true, 8, true), (true, 8, false), (false, 0, false)]
    {
        let ends = directed(lock_private, list, phone_private);
        assert_eq!(ends, (Ok(()), Ok(())), "{lock_private} {list} {phone_private}");
    }
    // Without a resolving list the advertising cannot succeed.
    for lock_private in [false, true] {
        let unsupported = Err(Error::Controller(Status::UNSUPPORTED_FEATURE));
        assert_eq!(directed(lock_private, 0, true), (unsupported, Err(Error::Timeout)));
    }
}
