//! Tests that the programs of `docs/coming-from-pybluez.md` do what the originals do, on two dual-mode controllers in
//! virtual time, and that they are short.
#![cfg(all(feature = "classic", feature = "serial", feature = "tcp"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what these tests are for"
)]

#[expect(dead_code, reason = "its hosts have no BR/EDR")]
#[path = "devices/mod.rs"]
mod devices;
#[expect(dead_code, reason = "its main is for a real controller")]
#[path = "../examples/pybluez/main.rs"]
mod pybluez;

use std::{cell::RefCell, future::pending};

use bindrune::{
    Address, ClassicChannel, ClassicChannelConfig, ClassicCloseReason, ClassicDiscoverable,
    ClassicPsm, Duration, Error, Host, Inquiry, Level, Port, ServiceClasses, ServiceRecord, Uuid,
    sdp::{Record, protocol},
};
use bindrune_controller::{ClassicConfig as AirConfig, ControllerConfig};
use embassy_futures::join::join;
use pybluez::{
    find_services, inquiry, l2cap_client, l2cap_server, mtu, packet_timeout, rfcomm_client,
    rfcomm_server, sdp_server,
};

const PSM: ClassicPsm = ClassicPsm(0x1001);
const BASIC: ClassicChannelConfig = ClassicChannelConfig::BASIC;

/// Returns the result of `client`, which gets the address of a device that runs `server`.
fn client<T>(
    server: impl AsyncFn(&Host) -> Result<(), Error>,
    client: impl AsyncFn(&Host, Address) -> Result<T, Error>,
) -> T {
    let hosts = ["server", "client"].map(|name| pybluez::host(name).unwrap());
    let controllers = [(); 2].map(|()| ControllerConfig::new().classic(AirConfig::new()));
    let work = async {
        let device = hosts[0].classic().ready().await?.address.get();
        client(&hosts[1], device).await
    };
    let serve = async {
        server(&hosts[0]).await?;
        pending().await
    };
    devices::on_two_controllers(controllers, [&hosts[0], &hosts[1]], serve, work)
}

/// Accepts a channel.
async fn accept(host: &Host) -> Result<ClassicChannel<'_>, Error> {
    host.classic().listen(PSM, BASIC)?.accept().await
}

/// Opens a channel.
async fn open(host: &Host, device: Address) -> Result<ClassicChannel<'_>, Error> {
    host.classic().open_channel(device, PSM, BASIC).await
}

#[test]
fn a_greeting_comes_over_l2cap() {
    let received = RefCell::new(Vec::new());
    let serve = async |host: &Host| {
        *received.borrow_mut() = l2cap_server::serve(host).await?;
        Ok(())
    };
    client(serve, async |host, device| {
        l2cap_client::greet(host, device).await?;
        host.sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    assert_eq!(received.into_inner(), b"hello!!");
}

#[test]
fn the_mtu_of_an_open_channel_is_raised_to_65535() {
    let serve = async |host: &Host| {
        let channel = accept(host).await?;
        assert_eq!(channel.peer_mtu(), 672);
        while channel.peer_mtu() < u16::MAX {
            host.sleep(Duration::from_millis(10)).await;
        }
        channel.send(&[0x5a; 65_535]).await?;
        channel.flush().await?;
        pending().await
    };
    assert_eq!(client(serve, mtu::receive), [0x5a; 65_535]);
}

#[test]
fn each_datagram_of_a_stream_arrives_or_is_counted_as_lost() {
    let received = RefCell::new(Vec::new());
    let serve = async |host: &Host| {
        let channel = accept(host).await?;
        let mut buffer = [0; 672];
        while channel.recv(&mut buffer).await.is_ok() {
            received.borrow_mut().push(buffer[0]);
        }
        Ok(())
    };
    let lost = client(serve, async |host, device| {
        let lost = packet_timeout::stream(host, device).await?;
        host.sleep(Duration::from_secs(1)).await;
        Ok(lost)
    });
    let received = received.into_inner();
    assert!(received.is_sorted(), "{received:?}");
    assert_eq!(received.len() + usize::try_from(lost).unwrap(), 100);
}

#[test]
fn devices_are_found_with_their_names() {
    let serve = async |host: &Host| sdp_server::serve(host).await.map(drop);
    let (found, device) = client(serve, async |host, device| {
        let found = inquiry::discover(host).await?;
        Ok((found, device))
    });
    assert_eq!(found, [(device, "server".to_owned())]);
}

#[test]
fn a_service_is_found_and_used() {
    let received = RefCell::new(Vec::new());
    let serve = async |host: &Host| {
        *received.borrow_mut() = sdp_server::serve(host).await?;
        Ok(())
    };
    client(serve, async |host, device| {
        let services = find_services::find(host, device).await?;
        assert_eq!(services, [("SampleServer".to_owned(), Port::L2cap(0x1003))]);

        let mut buffer = [0; 1024];
        let classic = host.classic();
        let mut records = classic.services(device, &[sdp_server::SERVICE], &mut buffer).await?;
        let Port::L2cap(psm) = records.next().unwrap().port() else { panic!("no PSM") };
        let channel = classic.open_channel(device, ClassicPsm(psm), BASIC).await?;
        channel.send(b"hello!!").await?;
        channel.close().await
    });
    assert_eq!(received.into_inner(), b"hello!!");
}

#[test]
fn a_server_and_a_client_work_at_the_same_time() {
    let both = async |host: &Host| join(l2cap_server::serve(host), sdp_server::serve(host)).await.0;
    client(async |host| both(host).await.map(drop), l2cap_client::greet);
}

#[test]
fn a_serial_port_is_found_and_carries_bytes() {
    let text: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    let received = RefCell::new(Vec::new());
    let serve = async |host: &Host| {
        *received.borrow_mut() = rfcomm_server::serve(host).await?;
        Ok(())
    };
    client(serve, async |host, device| {
        rfcomm_client::write(host, device, &text).await?;
        host.sleep(Duration::from_secs(1)).await;
        Ok(())
    });
    assert!(received.into_inner() == text);
}

#[test]
fn a_psm_has_one_listener_and_the_right_form() {
    let serve = async |_: &Host| Ok(());
    client(serve, async |host, _| {
        let listen = |psm| host.classic().listen(ClassicPsm(psm), BASIC);
        let first = listen(0x1001)?;
        assert_eq!(listen(0x1001).err(), Some(Error::Busy));
        for invalid in [0x0001, 0x0003, 0x1002, 0x1101] {
            assert_eq!(listen(invalid).err(), Some(Error::InvalidParameters), "{invalid:#06x}");
        }
        drop(first);
        listen(0x1001).map(drop)
    });
}

#[test]
fn sockets_know_their_peer_and_their_limits() {
    let serve = async |host: &Host| {
        let channel = accept(host).await?;
        channel.send(&[1; 100]).await?;
        channel.send(b"end").await?;
        channel.flush().await?;
        pending().await
    };
    client(serve, async |host, device| {
        let own = host.classic().ready().await?.address.get();
        assert_ne!(own, device);
        let channel = open(host, device).await?;
        assert_eq!((channel.peer(), channel.psm()), (device, PSM));
        assert_eq!((channel.mtu(), channel.peer_mtu()), (672, 672));
        assert_eq!(channel.send(&[0; 673]).await, Err(Error::TooLong { max: 672 }));
        let mut buffer = [0; 100];
        let cut = channel.recv(&mut buffer[..99]).await;
        assert_eq!(cut, Err(Error::BufferTooSmall { needed: 100 }));
        assert_eq!(channel.recv(&mut buffer).await, Ok(100));
        assert_eq!(channel.recv(&mut buffer).await, Ok(3));
        Ok(())
    });
}

#[test]
fn a_wait_ends_after_its_limit() {
    client(receive_all, async |host, device| {
        let channel = open(host, device).await?;
        let before = host.now().await;
        let limit = Duration::from_secs(3);
        let waited = host.within(limit, channel.recv(&mut [0; 8])).await;
        assert_eq!(waited, Err(Error::Timeout));
        assert_eq!(host.now().await - before, limit);
        channel.send(b"still open").await
    });
}

/// Accepts a channel, and receives until it ends.
async fn receive_all(host: &Host) -> Result<(), Error> {
    let channel = accept(host).await?;
    while channel.recv(&mut [0; 672]).await.is_ok() {}
    Ok(())
}

#[test]
fn failures_are_errors_with_their_reason() {
    let absent = Address::public([1, 2, 3, 4, 5, 6]);
    let serve = async |host: &Host| {
        host.classic().set_connectable(true)?;
        pending().await
    };
    client(serve, async |host, device| {
        let classic = host.classic();
        assert_eq!(open(host, absent).await.err(), Some(Error::Timeout));
        assert_eq!(classic.name(absent, &mut [0; 248]).await, Err(Error::Timeout));
        let random = Address::random([0xc0, 0, 0, 0, 0, 1]);
        assert_eq!(open(host, random).await.err(), Some(Error::InvalidParameters));
        let refused = open(host, device).await.err();
        assert!(is_refused(refused), "{refused:?}");
        Ok(())
    });
}

const fn is_refused(error: Option<Error>) -> bool {
    matches!(error, Some(Error::ClassicClosed(ClassicCloseReason::Refused(_))))
}

#[test]
fn a_closed_server_refuses_and_its_channels_stay() {
    let serve = async |host: &Host| {
        let channel = accept(host).await?;
        let mut buffer = [0; 672];
        loop {
            let len = channel.recv(&mut buffer).await?;
            channel.send(&buffer[..len]).await?;
        }
    };
    client(serve, async |host, device| {
        let mut buffer = [0; 672];
        let channel = open(host, device).await?;
        for text in ["one", "two"] {
            channel.send(text.as_bytes()).await?;
            let len = channel.recv(&mut buffer).await?;
            assert_eq!(&buffer[..len], text.as_bytes());
            let refused = open(host, device).await.err();
            assert!(is_refused(refused), "{refused:?}");
        }
        Ok(())
    });
}

#[test]
fn a_listener_gets_the_level_that_it_requires() {
    let serve = async |host: &Host| {
        // Devices without display and keyboard cannot reach this level.
        let listener = host.classic().listen(PSM, BASIC.level(Level::Authenticated))?;
        host.sleep(Duration::from_secs(60)).await;
        drop(listener);
        receive_all(host).await
    };
    client(serve, async |host, device| {
        let refused = open(host, device).await.err();
        assert!(is_refused(refused), "{refused:?}");
        host.sleep(Duration::from_secs(120)).await;
        let link = host.classic().connect(device).await?;
        let _channel = link.open_channel(PSM, BASIC).await?;
        assert_eq!(link.security()?.level, Level::Encrypted);
        Ok(())
    });
}

#[test]
fn an_inquiry_lasts_as_long_as_requested() {
    let serve = async |host: &Host| {
        let limited = ClassicDiscoverable::Limited(Duration::from_secs(60));
        host.classic().set_discoverable(limited)?;
        pending().await
    };
    client(serve, async |host, device| {
        let mut data = [0; 240];
        let inquiry = Inquiry { length: Duration::from_millis(2560), ..Inquiry::LIMITED };
        for _ in 0..2 {
            let mut discovery = host.classic().discover(inquiry).await?;
            let before = host.now().await;
            let found = discovery.next(&mut data).await?.unwrap();
            assert_eq!(found.address, device);
            assert!(found.class.services().contains(ServiceClasses::LIMITED_DISCOVERABLE));
            while discovery.next(&mut data).await?.is_some() {}
            let length = (host.now().await - before).as_millis();
            assert!((2500..2700).contains(&length), "{length} ms");
        }
        let cancelled = host.classic().discover(inquiry).await?;
        assert_eq!(host.classic().discover(inquiry).await.err(), Some(Error::Busy));
        drop(cancelled);
        host.classic().discover(inquiry).await.map(drop)
    });
}

#[test]
fn services_are_found_by_uuid_and_by_name() {
    const CLASSES: [Uuid; 2] = [Uuid::new_16(0xff01), Uuid::new_16(0xff02)];
    let serve = async |host: &Host| {
        let classic = host.classic();
        let [first, second] = &CLASSES;
        let first = ServiceRecord::new(core::slice::from_ref(first), Port::Rfcomm(3)).name("first");
        let second =
            ServiceRecord::new(core::slice::from_ref(second), Port::L2cap(0x1001)).name("second");
        let (_first, second) = (classic.advertise(&first)?, classic.advertise(&second)?);
        classic.set_connectable(true)?;
        host.sleep(Duration::from_secs(10)).await;
        drop(second);
        pending().await
    };
    client(serve, async |host, device| {
        let classic = host.classic();
        let mut buffer = [0; 1024];
        let mut found = classic.services(device, &CLASSES[..1], &mut buffer).await?;
        assert_eq!(found.next().unwrap().port(), Port::Rfcomm(3));
        assert!(found.next().is_none());
        let mut all = classic.services(device, &[protocol::L2CAP], &mut buffer).await?;
        let is_second =
            |record: &Record<'_>| record.name().is_some_and(|name| name.as_bytes() == b"second");
        assert_eq!(all.find(is_second).unwrap().port(), Port::L2cap(0x1001));
        host.sleep(Duration::from_secs(20)).await;
        let mut gone = classic.services(device, &CLASSES[1..], &mut buffer).await?;
        assert!(gone.next().is_none());
        Ok(())
    });
}

/// Without blank lines, comments, and lines of closing brackets only.
#[test]
fn each_program_has_at_most_25_lines() {
    let programs = [
        ("server", include_str!("../examples/pybluez/l2cap_server.rs")),
        ("client", include_str!("../examples/pybluez/l2cap_client.rs")),
        ("mtu", include_str!("../examples/pybluez/mtu.rs")),
        ("timeout", include_str!("../examples/pybluez/packet_timeout.rs")),
        ("inquiry", include_str!("../examples/pybluez/inquiry.rs")),
        ("rfcomm_server", include_str!("../examples/pybluez/rfcomm_server.rs")),
        ("rfcomm_client", include_str!("../examples/pybluez/rfcomm_client.rs")),
        ("sdp_server", include_str!("../examples/pybluez/sdp_server.rs")),
        ("find_services", include_str!("../examples/pybluez/find_services.rs")),
    ];
    for (anchor, source) in programs {
        let lines = source
            .lines()
            .map(str::trim)
            .skip_while(|line| *line != format!("// ANCHOR: {anchor}"))
            .take_while(|line| *line != format!("// ANCHOR_END: {anchor}"))
            .filter(|line| !line.starts_with("//"))
            .filter(|line| !line.trim_matches(['(', ')', '{', '}', '[', ']', ',', ';']).is_empty())
            .count();
        assert!((1..=25).contains(&lines), "{anchor}: {lines} lines");
    }
}
