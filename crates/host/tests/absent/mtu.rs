#![cfg(all(feature = "central", not(feature = "client")))]
//! A central without the GATT client: it exchanges the MTU.

use std::{
    future::{pending, poll_fn},
    pin::pin,
};

use bindrune::{Address, Config, Connection, Event, Host, Platform, Resources};
use bindrune_controller::{ControllerConfig, World};
use embassy_futures::select::{Either, select};
use embassy_time::Duration;

use crate::peer::{ATT, Peer};

/// Runs a test on a link between a host, which connects, and a raw peripheral.
fn with_peripheral(test: impl AsyncFnOnce(&World, &Host, Connection<'_>, Peer)) {
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let host = Host::new(resources, Config::new("absent")).unwrap();
    let world = World::new(1);
    let (port, other) = (world.add(ControllerConfig::new()), world.add(ControllerConfig::new()));
    let id = port.id();
    let (rx, tx) = port.split();
    let mut run = pin!(host.run_with(rx, tx, Platform::new().clock(world.clock())));
    let mut polls = 0;
    let run = poll_fn(|cx| {
        polls += 1;
        assert!(polls < 1000, "the host never rests");
        run.as_mut().poll(cx)
    });
    let (rx, tx) = other.split();
    let test = async {
        let mut peer = Peer::new(rx, tx);
        let address = Address::public(peer.advertise().await);
        let link = host.connect(&address).await.unwrap();
        peer.connected().await;
        test(&world, &host, link, peer).await;
    };
    world.block_on(async {
        match select(run, test).await {
            Either::First(_) => pending().await,
            Either::Second(()) => {}
        }
    });
    assert!(world.violations(id).is_none(), "{:?}", world.violations(id));
}

#[test]
fn a_central_exchanges_the_mtu() {
    with_peripheral(async |_, host, mut link, mut peer| {
        let [0x02, low, high] = peer.receive(ATT).await[..] else { panic!("no request") };
        assert!(u16::from_le_bytes([low, high]) > 100);
        peer.send(ATT, &[0x03, 100, 0]).await;
        let mtu = loop {
            let event = link.next().await;
            assert!(!matches!(event, Event::Disconnected(_)));
            if let Event::Mtu(mtu) = event {
                break mtu;
            }
        };
        assert_eq!(mtu, 100);
        // The exchange is over: replies are sent at once, and values are confirmed.
        assert_eq!(peer.ask(ATT, &[0x1d, 0x03, 0x00, 1]).await, [0x1e]);
        assert_eq!(peer.ask(ATT, &[0x02, 0x17, 0x00]).await[0], 0x03);
        assert_eq!(host.links(), 1);
    });
}

#[test]
fn an_exchange_without_an_answer_ends() {
    with_peripheral(async |world, host, _link, mut peer| {
        assert_eq!(peer.receive(ATT).await[0], 0x02);
        world.clock().sleep(Duration::from_secs(60)).await;
        assert_eq!(host.links(), 1);
    });
}
