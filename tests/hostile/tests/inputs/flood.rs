//! Peers that flood what the application decides or takes: requests for channels, and captured writes.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use bindrune::{
    Address, ChannelRequest, Characteristic, Config, Connection, ConnectionResult, Error, Host,
    Level, Resources, Service, Uuid,
};
use bindrune_hostile::{Bench, Controller, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{ATT, CHANNEL, LINK, PEER, PSM, SIGNALLING, idle, link, link_with, works};

const OTHER: Address = Address::random([0xc0, 0, 0, 0, 0, 9]);
const SECOND: u16 = 0x41;

/// Sends a request for a channel.
fn ask(b: &mut Bench<'_>, handle: u16, number: u8) {
    let mut pdu = hex!("14 00 0a00 8000 0000 6400 4000 0400");
    (pdu[1], pdu[6]) = (number, 0x40 + number);
    b.inject(&acl(handle, &l2cap(SIGNALLING, &pdu)));
}

/// Counts the responses by link and identifier, and keeps the last result.
#[derive(Default)]
struct Responses(BTreeMap<(u16, u8), (u32, u8)>);

impl Responses {
    fn take(&mut self, b: &mut Bench<'_>) {
        for (handle, frame) in b.frames() {
            if frame[2..4] == SIGNALLING.to_le_bytes() && frame[4] == 0x15 {
                let response = self.0.entry((handle, frame[5])).or_default();
                *response = (response.0 + 1, frame[16]);
            }
        }
    }
}

#[test]
fn a_flood_of_channel_requests_leaves_room_for_others_and_each_is_answered_once() {
    type Requests = Rc<RefCell<Vec<ChannelRequest<'static>>>>;
    for vanishes in [false, true] {
        let mut b = idle();
        let (free, host) = (b.host.free_packets(), b.host);
        let (first, _log) = link(&mut b, LINK);
        let (second, _log) = link_with(&mut b, OTHER, SECOND);
        let (taken, mut responses) = (Requests::default(), Responses::default());
        let into = taken.clone();
        let listener = b.spawn(async move {
            let mut requests = host.listen_for_requests(PSM, CHANNEL, Level::Open).unwrap();
            loop {
                let request = requests.next().await;
                into.borrow_mut().push(request);
            }
        });
        for number in 1..=20 {
            ask(&mut b, LINK, number);
        }
        responses.take(&mut b);
        ask(&mut b, SECOND, 1);
        responses.take(&mut b);
        let of = |request: &ChannelRequest<'_>| request.link().peer().unwrap();
        let mut requests = taken.take();
        let flood = requests.iter().filter(|request| of(request) == PEER).count();
        assert!((1..=3).contains(&flood), "{flood} undecided requests of one peer");
        let at = requests.iter().position(|request| of(request) == OTHER).expect("no room");
        let (_link, channel) = requests.remove(at).accept().unwrap();
        b.settle();
        if vanishes {
            b.inject(&hex!("0405 04 00 4000 08"));
            let closed = requests.pop().unwrap().accept().map(drop);
            assert!(matches!(closed, Err(Error::Closed(_))), "{closed:?}");
            requests.into_iter().for_each(|r| r.refuse(ConnectionResult::NO_RESOURCES));
        } else {
            b.pass(Duration::from_secs(19));
            responses.take(&mut b);
            let undecided = 20 - responses.0.keys().filter(|(handle, _)| *handle == LINK).count();
            assert_eq!(undecided, flood, "the others are refused at once");
            b.pass(Duration::from_secs(2));
            assert_eq!(requests.pop().unwrap().accept().map(drop), Err(Error::Timeout));
            drop(requests);
        }
        b.settle();
        responses.take(&mut b);
        assert!(responses.0.values().all(|(count, _)| *count == 1), "{:?}", responses.0);
        assert_eq!(responses.0[&(SECOND, 1)], (1, 0), "it is accepted");
        let expected = if vanishes { 20 - flood } else { 20 };
        assert_eq!(responses.0.keys().filter(|(handle, _)| *handle == LINK).count(), expected);
        works(&mut b, SECOND);
        drop((channel, _link, first, second));
        listener.cancel();
        b.settle();
        for event in [hex!("0405 04 00 4000 16"), hex!("0405 04 00 4100 16")] {
            b.inject(&event);
        }
        b.pass(Duration::from_secs(2));
        assert_eq!((host.links(), host.channels(), host.free_packets()), (0, 0, free));
    }
}

static ORDERS: Characteristic = Characteristic::new(Uuid::new_16(0xff31))
    .write()
    .write_without_response()
    .max_len(20)
    .capture(100);
static SHOP: &[Service] = &[Service::primary(Uuid::new_16(0xff30), &[&ORDERS])];

#[test]
fn a_peer_that_fills_a_capture_buffer_loses_no_write_of_another_that_was_accepted() {
    let resources = Box::leak(Box::new(Resources::<2, 0, 40, 12, 264, 2048>::new()));
    let config = Config::new("shop").services(SHOP).exchange_mtu(false);
    let host: &'static Host = Box::leak(Box::new(Host::new(resources, config).unwrap()));
    let mut b = Bench::new(host, Controller::new());
    let handle = host.gatt().handle(&ORDERS).unwrap().to_le_bytes();
    let (first, _log) = link(&mut b, LINK);
    let (second, _log) = link_with(&mut b, OTHER, SECOND);
    let mut accepted = Vec::new();
    let mut write = |b: &mut Bench<'static>, of: u16, number: u8| {
        let pdu = [&[0x12][..], &handle, &[number; 10]].concat();
        b.inject(&acl(of, &l2cap(ATT, &pdu)));
        let answers: Vec<_> =
            b.frames().into_iter().map(|(_, frame)| frame[4..].to_vec()).collect();
        let fits = answers == [vec![0x13]];
        let full = [vec![0x01, 0x12, handle[0], handle[1], 0x11]];
        assert!(fits || answers == full, "{answers:02x?}");
        if fits {
            accepted.push((if of == LINK { PEER } else { OTHER }, number));
        }
        fits
    };
    let mut filled = 0;
    while write(&mut b, LINK, filled) {
        filled += 1;
    }
    assert!(filled >= 4 && !write(&mut b, SECOND, 100), "the buffer is shared");
    let take = |b: &mut Bench<'static>| {
        let taken = b.spawn(async move {
            let mut buffer = [0; 20];
            let (link, len) = host.gatt().written(&ORDERS, &mut buffer).await.unwrap();
            assert_eq!((len, buffer[..10].iter().all(|o| *o == buffer[0])), (10, true));
            (link.peer().unwrap(), buffer[0])
        });
        taken.take()
    };
    // Room that is made is for any peer, and a future that is dropped takes nothing.
    let mut taken = vec![take(&mut b)];
    assert!(write(&mut b, SECOND, 101) && !write(&mut b, LINK, 50));
    for _ in 1..filled {
        taken.push(take(&mut b));
    }
    taken.push(take(&mut b));
    let waits = b.spawn(async move { host.gatt().written(&ORDERS, &mut [0; 20]).await.is_ok() });
    assert!(!waits.is_done());
    waits.cancel();
    b.settle();
    assert!(write(&mut b, SECOND, 102));
    taken.push(take(&mut b));
    assert_eq!(taken, accepted, "each once, in order, with its writer");
    assert!([first, second].iter().all(Connection::is_connected));
}
