//! Links: roles, sniff mode, supervision timeouts, echoes, and which links are accepted.

use bindrune::{
    ClassOfDevice, ClassicChannelConfig, ClassicConfig, ClassicConnection, ClassicDiscoverable,
    ClassicIncoming, ClassicLinkMode, ClassicPsm, ClassicScanTiming, ClassicSniff, Config, Error,
    Inquiry, Role, Status, Uuid,
};
use bindrune_pair::{Device, Scene, Task};
use embassy_futures::join::join;
use embassy_time::Duration;

use crate::{address, dual, two};

const PSM: ClassicPsm = ClassicPsm(0x1003);
const SERVICE: [Uuid; 1] = [Uuid::new_16(0x1101)];

/// Connects `from` to `to`, and returns the handles of both: that of `to` first.
async fn linked<'d>(
    to: &'d Device,
    from: &'d Device,
) -> (ClassicConnection<'d>, ClassicConnection<'d>) {
    let (to, from) = (to.host().classic(), from.host().classic());
    to.set_connectable(true).unwrap();
    let here = from.connect(address(to).await).await.unwrap();
    let there = to.connect(address(from).await).await.unwrap();
    (there, here)
}

#[test]
fn the_role_switches_on_request_and_by_the_peer() {
    let scene = Scene::new(700);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        assert_eq!((there.role(), here.role()), (Ok(Role::PERIPHERAL), Ok(Role::CENTRAL)));
        let (switched, seen) =
            join(there.switch_role(Role::CENTRAL), here.role_changed(Role::CENTRAL)).await;
        assert_eq!((switched, seen), (Ok(()), Ok(Role::PERIPHERAL)));
        assert_eq!(there.role(), Ok(Role::CENTRAL));
        // It has the role.
        assert_eq!(there.switch_role(Role::CENTRAL).await, Ok(()));
        assert_eq!(there.switch_role(Role(7)).await, Err(Error::InvalidParameters));
        // Encryption and data go on.
        let mut listener =
            lamp.host().classic().listen(PSM, ClassicChannelConfig::ENHANCED).unwrap();
        let opening = here.open_channel(PSM, ClassicChannelConfig::ENHANCED);
        let (accepted, opened) = join(listener.accept(), opening).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        for role in [Role::CENTRAL, Role::PERIPHERAL] {
            assert_eq!(here.switch_role(role).await, Ok(()));
            opened.send(&[7; 600]).await.unwrap();
            assert_eq!(accepted.recv(&mut [0; 672]).await, Ok(600));
        }
        here.disconnect().await.unwrap();
        assert!(matches!(there.role_changed(Role::CENTRAL).await, Err(Error::Disconnected(_))));
    });
}

#[test]
fn a_peer_may_forbid_role_switches() {
    let scene = Scene::new(701);
    let lamp = scene.dual(Config::new("lamp"), ClassicConfig::new().role_switch(false));
    let phone = dual(&scene, "phone");
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        let refused = Err(Error::Controller(Status::ROLE_CHANGE_NOT_ALLOWED));
        assert_eq!(here.switch_role(Role::PERIPHERAL).await, refused);
        assert_eq!(there.switch_role(Role::CENTRAL).await, refused);
        assert_eq!((there.role(), here.role()), (Ok(Role::PERIPHERAL), Ok(Role::CENTRAL)));
    });
}

#[test]
fn links_of_peers_may_be_accepted_as_central() {
    for (allowed, role) in [(true, Role::CENTRAL), (false, Role::PERIPHERAL)] {
        let scene = Scene::new(702);
        let lamp = scene.dual(Config::new("lamp"), ClassicConfig::new().accept_as_central(true));
        let phone = scene.dual(Config::new("phone"), ClassicConfig::new().role_switch(allowed));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = linked(&lamp, &phone).await;
            assert_eq!(there.role(), Ok(role));
            assert_ne!(here.role(), Ok(role));
        });
    }
}

#[test]
fn sniff_mode_begins_and_ends_by_either_side() {
    let scene = Scene::new(710);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        let active = ClassicLinkMode::Active;
        let sniff = ClassicLinkMode::Sniff { interval: Duration::from_millis(500) };
        assert_eq!((there.mode(), here.mode()), (Ok(active), Ok(active)));
        let (done, seen) =
            join(here.request_sniff(ClassicSniff::IDLE), there.mode_changed(active)).await;
        assert_eq!((done, seen, here.mode()), (Ok(()), Ok(sniff), Ok(sniff)));
        // The controller begins sniff mode only from active mode.
        let shorter = Duration::from_millis(300);
        let request = ClassicSniff { max_interval: shorter, ..ClassicSniff::IDLE };
        assert_eq!(there.request_sniff(request).await, Ok(()));
        let sniff = ClassicLinkMode::Sniff { interval: shorter };
        assert_eq!((there.mode(), here.mode()), (Ok(sniff), Ok(sniff)));
        let (done, seen) = join(there.exit_sniff(), here.mode_changed(sniff)).await;
        assert_eq!((done, seen, there.mode()), (Ok(()), Ok(active), Ok(active)));
        assert_eq!(there.exit_sniff().await, Ok(()));
        let wrong = ClassicSniff { attempt: 0, ..ClassicSniff::IDLE };
        assert_eq!(here.request_sniff(wrong).await, Err(Error::InvalidParameters));
        assert_eq!(there.request_sniff(ClassicSniff::IDLE).await, Ok(()));
        let refused = Err(Error::Controller(Status::COMMAND_DISALLOWED));
        assert_eq!(here.switch_role(Role::PERIPHERAL).await, refused);
    });
}

#[test]
fn a_device_may_forbid_sniff_mode() {
    let scene = Scene::new(711);
    let lamp = scene.dual(Config::new("lamp"), ClassicConfig::new().sniff(false));
    let phone = dual(&scene, "phone");
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        let own = there.request_sniff(ClassicSniff::IDLE).await;
        assert_eq!(own, Err(Error::Controller(Status::COMMAND_DISALLOWED)));
        let of_the_peer = here.request_sniff(ClassicSniff::IDLE).await;
        assert_eq!(of_the_peer, Err(Error::Controller(Status::LMP_PDU_NOT_ALLOWED)));
        assert_eq!(here.mode(), Ok(ClassicLinkMode::Active));
    });
}

/// A link that pairs, opens channels and transfers in sniff mode, with an interval that is shorter or longer than the
/// time limits of the protocols.
#[test]
fn nothing_waits_for_ever_in_sniff_mode() {
    for interval in [500, 15_000] {
        let scene = Scene::new(712);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (there, here) = linked(&lamp, &phone).await;
            let interval = Duration::from_millis(interval);
            let sniff = ClassicSniff { max_interval: interval, ..ClassicSniff::IDLE };
            there.request_sniff(sniff).await.unwrap();
            assert_eq!(here.mode(), Ok(ClassicLinkMode::Sniff { interval }));
            let config = ClassicChannelConfig::ENHANCED.require_mode();
            let mut listener = lamp.host().classic().listen(PSM, config).unwrap();
            let opening = here.open_channel(PSM, config);
            let (accepted, opened) = join(listener.accept(), opening).await;
            let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
            let data = crate::random(712, 20_000);
            let send = async {
                for part in data.chunks(600) {
                    opened.send(part).await.unwrap();
                }
                opened.flush().await.unwrap();
            };
            let receive = async {
                let (mut all, mut buffer) = (vec![], [0; 672]);
                while all.len() < data.len() {
                    let len = accepted.recv(&mut buffer).await.unwrap();
                    all.extend_from_slice(&buffer[..len]);
                }
                all
            };
            let received = scene.within(60_000, join(send, receive)).await;
            assert_eq!(received.map(|(_, all)| all == data), Some(true), "{interval:?}");
            let mode = here.mode().unwrap();
            let woken = interval > Duration::from_millis(500);
            assert_eq!(mode == ClassicLinkMode::Active, woken, "{mode:?}");
        });
    }
}

#[test]
fn the_central_sets_the_supervision_timeout() {
    let scene = Scene::new(720);
    let lamp = dual(&scene, "lamp");
    let config = ClassicConfig::new().supervision_timeout(Duration::from_secs(6));
    let phone = scene.dual(Config::new("phone"), config);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        scene.sleep(500).await;
        let six = Ok(Some(Duration::from_secs(6)));
        assert_eq!((there.supervision_timeout(), here.supervision_timeout()), (six, six));
        let refused = Err(Error::Controller(Status::COMMAND_DISALLOWED));
        assert_eq!(there.set_supervision_timeout(Duration::from_secs(3)).await, refused);
        assert_eq!(here.set_supervision_timeout(Duration::from_secs(2)).await, Ok(()));
        let wrong = here.set_supervision_timeout(Duration::from_secs(41)).await;
        assert_eq!(wrong, Err(Error::InvalidParameters));
        scene.sleep(500).await;
        assert_eq!(there.supervision_timeout(), Ok(Some(Duration::from_secs(2))));
        scene.world().set_reachable(lamp.id(), phone.id(), false);
        let ended = scene.within(2_500, join(there.disconnected(), here.disconnected())).await;
        let lost = Status::CONNECTION_TIMEOUT;
        assert_eq!(ended, Some((lost, lost)));
    });
}

#[test]
fn echoes_measure_the_way_there_and_back() {
    let scene = Scene::new(730);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = linked(&lamp, &phone).await;
        for data in [&b""[..], b"ping", &[7; 44]] {
            let echo = here.echo(data).await.unwrap();
            assert!(echo.is_equal, "{data:?}");
            let millis = echo.round_trip.as_millis();
            assert!(echo.round_trip.as_ticks() > 0 && millis < 100, "{millis} ms");
        }
        assert_eq!(here.echo(&[0; 45]).await, Err(Error::TooLong { max: 44 }));
        // Both sides, and two callers, take turns.
        let both = join(here.echo(b"one"), here.echo(b"two"));
        let ((one, two), three) = join(both, there.echo(b"three")).await;
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        // A caller that no longer waits does not hold up the next one.
        scene.world().set_reachable(lamp.id(), phone.id(), false);
        assert_eq!(scene.within(300, here.echo(b"lost")).await, None);
        assert_eq!(here.echo(b"late").await, Err(Error::Timeout));
        scene.world().set_reachable(lamp.id(), phone.id(), true);
        assert!(here.echo(b"again").await.is_ok());
        here.disconnect().await.unwrap();
        assert!(matches!(there.echo(b"gone").await, Err(Error::Disconnected(_))));
    });
}

#[test]
fn links_are_accepted_by_address_or_class() {
    let scene = Scene::new(740);
    let lamp = dual(&scene, "lamp");
    let class = ClassOfDevice::new(0x00_020c);
    let phone = scene.dual(Config::new("phone"), ClassicConfig::new().class(class));
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let (at, own) = (address(there).await, address(here).await);
        there.set_connectable(true).unwrap();
        let major = ClassOfDevice::new(0x00_1f00);
        let audio = ClassicIncoming::Class { class: ClassOfDevice::new(0x00_0400), mask: major };
        let phones = ClassicIncoming::Class { class: ClassOfDevice::new(0x00_0200), mask: major };
        let refused = Error::Controller(Status::REJECTED_ADDRESS);
        for (incoming, accepted) in [
            (ClassicIncoming::Any, true),
            (ClassicIncoming::Refuse, false),
            (ClassicIncoming::of(&[own]).unwrap(), true),
            (ClassicIncoming::of(&[at]).unwrap(), false),
            (phones, true),
            (audio, false),
        ] {
            there.set_incoming(incoming).unwrap();
            let link = here.connect(at).await;
            assert_eq!(link.is_ok(), accepted, "{incoming:?}");
            match link {
                Ok(link) => link.disconnect().await.unwrap(),
                Err(error) => assert_eq!(error, refused, "{incoming:?}"),
            }
        }
        assert_eq!(ClassicIncoming::of(&[own; 9]), None);
    });
}

#[test]
fn the_class_changes_and_limited_inquiries_find_limited_devices() {
    let scene = Scene::new(750);
    let scan = ClassicScanTiming { interval: 0x0200, window: 0x0012, interlaced: false };
    let lamp =
        scene.dual(Config::new("lamp"), ClassicConfig::new().page_scan(scan).inquiry_scan(scan));
    let phone = dual(&scene, "phone");
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        address(there).await;
        there.set_class(ClassOfDevice::new(0x04_0414)).unwrap();
        let mut buffer = [0; 240];
        for (discoverable, inquiry, found) in [
            (ClassicDiscoverable::General, Inquiry::GENERAL, Some(0x04_0414)),
            (ClassicDiscoverable::General, Inquiry::LIMITED, None),
            (limited(), Inquiry::GENERAL, Some(0x04_2414)),
            (limited(), Inquiry::LIMITED, Some(0x04_2414)),
        ] {
            there.set_discoverable(discoverable).unwrap();
            let mut discovery = here.discover(inquiry).await.unwrap();
            let device = discovery.next(&mut buffer).await.unwrap();
            assert_eq!(device.map(|device| device.class.get()), found, "{inquiry:?}");
        }
    });
}

fn limited() -> ClassicDiscoverable {
    ClassicDiscoverable::Limited(Duration::from_secs(60))
}

#[test]
fn data_may_arrive_a_little_before_its_link() {
    const CONNECTION_COMPLETE: u8 = 0x03;
    let scene = Scene::new(760);
    let (lamp, phone) = two(&scene);
    let drivers =
        vec![Task::new(lamp.drive_reordered(CONNECTION_COMPLETE)), Task::new(phone.drive())];
    scene.run_driven(drivers, &[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let at = address(there).await;
        there.set_connectable(true).unwrap();
        let mut records = [0; 512];
        let link = here.connect(at).await.unwrap();
        // Without the first request, the peer would wait for 10 s.
        let found = scene.within(1_000, here.services(at, &SERVICE, &mut records)).await;
        assert!(found.is_some_and(|found| found.is_ok()));
        link.disconnect().await.unwrap();
    });
}
