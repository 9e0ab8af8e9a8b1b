//! Requests for links: the controller reports them late, in another order, or takes them back. Also the host's own
//! address, and procedures while encryption starts.

use bindrune::{
    Advertisement, Config, Connect, Connection, ConnectionParameters, Error, Host, Opcode,
    RecordId, Resources, WhenFull,
};
use bindrune_hostile::{Bench, Controller, Opcodes, Outcome, Store, acl, l2cap};
use bindrune_smp::Local;
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    bond::{ENCRYPTED, bond, stored},
    scene::{
        ATT, B, LINK, PEER, config, connection_complete, idle, idle_on, idle_with, link,
        link_as_central,
    },
};

/// Disconnection Complete of link 0x0040: Connection Failed to be Established.
const NEVER: [u8; 7] = hex!("04 05 04 00 4000 3e");
/// Disconnection Complete of link 0x0040: Remote User Terminated Connection.
const ENDED: [u8; 7] = hex!("04 05 04 00 4000 13");
const CREATE: u16 = 0x200d;
const ENABLE: u16 = 0x200a;

type Link = Result<Connection<'static>, Error>;

/// Returns Advertising Set Terminated, by link 0x0040.
fn terminated(set: u8) -> [u8; 9] {
    [4, 0x3e, 6, 0x12, 0, set, 0x40, 0, 0]
}

/// Returns a controller with three advertising sets.
fn three_sets() -> Controller {
    let mut controller = Controller::extended();
    controller.answers.insert(0x203b, vec![0, 3]);
    controller
}

fn advertise(b: &mut B) -> Outcome<Link> {
    let host = b.host;
    b.spawn(async move { host.advertise(&Advertisement::connectable()).await })
}

fn connect(b: &mut B, how: Connect) -> Outcome<Link> {
    let host = b.host;
    b.spawn(async move { host.connect_with(&how, &[]).await })
}

/// Returns the opcodes that the host sent.
fn opcodes(b: &mut B) -> Vec<u16> {
    b.host.check_invariants();
    b.commands().iter().map(|(opcode, _)| *opcode).collect()
}

/// Returns a host for one link, with this number of advertising sets.
fn small(controller: Controller, sets: usize) -> B {
    let memory = Box::leak(Box::new(Resources::<1>::new()));
    let host = Host::new(memory, Config::new("one link").advertising_sets(sets)).unwrap();
    Bench::new(Box::leak(Box::new(host)), controller)
}

#[test]
fn a_set_that_is_terminated_before_its_link_comes_up_has_that_link() {
    for first in [true, false] {
        let mut b = idle_on(Controller::extended());
        let task = advertise(&mut b);
        let events = [terminated(0).to_vec(), connection_complete(LINK, 1)];
        let order = if first { [0, 1] } else { [1, 0] };
        for at in order {
            b.inject(&events[at]);
            b.host.check_invariants();
        }
        assert!(task.take().unwrap().is_connected());
    }
}

#[test]
fn the_terminated_one_of_two_sets_gets_the_link() {
    for terminated_first in [true, false] {
        let memory = Box::leak(Box::new(Resources::<2, 4, 40, 12, 264, 2048>::new()));
        let host = Host::new(memory, config().advertising_sets(2)).unwrap();
        let mut b = Bench::new(Box::leak(Box::new(host)), three_sets());
        let (one, two) = (advertise(&mut b), advertise(&mut b));
        b.sent();
        let events = [terminated(1).to_vec(), connection_complete(LINK, 1)];
        let order = if terminated_first { [0, 1] } else { [1, 0] };
        for at in order {
            b.inject(&events[at]);
            b.host.check_invariants();
        }
        assert!(!one.is_done() && two.take().unwrap().is_connected());
    }
}

/// The controller reports the end of a set, but no link: advertising continues.
#[test]
fn a_set_that_is_terminated_without_a_link_goes_on() {
    let mut b = idle_on(Controller::extended());
    let task = advertise(&mut b);
    for _ in 0..3 {
        b.sent();
        b.inject(&terminated(0));
        assert!(opcodes(&mut b).is_empty());
        b.pass(Duration::from_secs(2));
        assert_eq!(opcodes(&mut b).last(), Some(&0x2039));
    }
    b.inject(&connection_complete(LINK, 1));
    assert!(task.take().unwrap().is_connected());
}

/// [Vol 6] Part B, 4.5
#[test]
fn a_link_that_is_not_established_is_tried_again() {
    let mut b = idle();
    let task = advertise(&mut b);
    for _ in 0..3 {
        b.sent();
        b.inject(&[&connection_complete(LINK, 1)[..], &NEVER].concat());
        assert!(!task.is_done() && opcodes(&mut b).contains(&ENABLE));
        assert_eq!(b.host.links(), 0);
    }
    b.inject(&connection_complete(LINK, 1));
    assert!(task.take().unwrap().is_connected());

    let mut b = idle();
    let how = Connect::to(PEER).timeout(Duration::from_secs(5));
    let task = connect(&mut b, how);
    for _ in 0..3 {
        b.sent();
        b.inject(&[&connection_complete(LINK, 0)[..], &NEVER].concat());
        b.pass(Duration::from_secs(1));
        assert!(!task.is_done() && opcodes(&mut b).contains(&CREATE));
    }
    b.pass(Duration::from_secs(2));
    assert_eq!(task.take().err(), Some(Error::Timeout));
}

#[test]
fn a_link_is_returned_after_the_first_packet_of_its_peer() {
    let silent = || {
        let mut b = idle();
        // Neither features nor version of the peer can be read.
        b.controller().mute = Opcodes::Only(vec![0x2016, 0x041d]);
        b
    };
    let mut b = silent();
    let task = connect(&mut b, Connect::to(PEER));
    b.inject(&connection_complete(LINK, 0));
    assert!(!task.is_done());
    b.inject(&acl(LINK, &l2cap(ATT, &hex!("0a 0300"))));
    assert!(task.take().unwrap().is_connected());

    // Eight intervals of 30 ms, and 100 ms.
    let mut b = silent();
    let task = connect(&mut b, Connect::to(PEER));
    b.inject(&connection_complete(LINK, 0));
    b.pass(Duration::from_millis(339));
    assert!(!task.is_done());
    b.pass(Duration::from_millis(1));
    assert!(task.take().unwrap().is_connected());
}

#[test]
fn without_a_free_link_advertising_waits_and_no_new_link_is_disconnected() {
    for controller in [Controller::new(), Controller::extended()] {
        let on = if controller.extended { 0x2039 } else { ENABLE };
        let mut b = small(controller, 1);
        let (first, _log) = link(&mut b, LINK);
        let task = advertise(&mut b);
        assert!(!task.is_done() && opcodes(&mut b).is_empty(), "nothing goes on the air");
        b.inject(&ENDED);
        drop(first);
        assert_eq!(opcodes(&mut b).last(), Some(&on));
        b.inject(&connection_complete(LINK, 1));
        assert!(task.take().unwrap().is_connected());
        assert_eq!(b.host.stats().refused_links, 0);
    }
}

#[test]
fn without_a_free_link_a_request_fails_if_it_does_not_wait() {
    let mut b = small(Controller::new(), 1);
    let host = b.host;
    let (_first, _log) = link(&mut b, LINK);
    let advertisement = Advertisement::connectable().when_full(WhenFull::Fail);
    let task = b.spawn(async move { host.advertise(&advertisement).await.err() });
    assert_eq!(task.take(), Some(Error::NoLink));
    let task = connect(&mut b, Connect::to(PEER));
    assert_eq!(task.take().err(), Some(Error::NoLink));
    let waiting = Connect::to(PEER).when_full(WhenFull::Wait);
    let late = connect(&mut b, waiting.timeout(Duration::from_secs(1)));
    b.pass(Duration::from_secs(1));
    assert_eq!(late.take().err(), Some(Error::Timeout));
    let task = connect(&mut b, waiting);
    assert!(!task.is_done() && opcodes(&mut b).is_empty());
    b.inject(&ENDED);
    assert!(opcodes(&mut b).contains(&CREATE));
    b.inject(&connection_complete(LINK, 0));
    assert!(task.take().unwrap().is_connected());
}

/// Two centrals connect at once, and there is room for one.
#[test]
fn a_newcomer_without_room_does_not_end_the_request() {
    let mut b = small(three_sets(), 2);
    let (one, two) = (advertise(&mut b), advertise(&mut b));
    b.sent();
    let mut other = terminated(1);
    other[6] = 0x41;
    let first = [&terminated(0)[..], &connection_complete(LINK, 1)].concat();
    let second = [&other[..], &connection_complete(0x41, 1)].concat();
    b.inject(&[first, second].concat());
    assert!(one.take().unwrap().is_connected() && !two.is_done());
    assert_eq!(b.host.stats().refused_links, 1);
    assert!(opcodes(&mut b).contains(&0x0406));
    b.inject(&ENDED);
    assert_eq!(opcodes(&mut b).last(), Some(&0x2039));
    b.inject(&connection_complete(LINK, 1));
    assert!(two.take().unwrap().is_connected());
}

/// A controller without an address: the address that the host generates is stored with the bonds.
#[test]
fn a_generated_address_is_used_again() {
    let store = Store::memory(&[]);
    let own = |randoms: u64, store: &Store| {
        let memory = Box::leak(Box::new(Resources::<1>::new()));
        let host = Host::new(memory, Config::new("nameless")).unwrap();
        let mut controller = Controller::new();
        controller.answers.insert(0x1009, vec![0; 7]);
        let random = [&[0][..], &randoms.to_le_bytes()].concat();
        controller.answers.insert(Opcode::LE_RAND.0, random);
        let mut b = Bench::with_store(Box::leak(Box::new(host)), controller, store.clone());
        let host = b.host;
        b.spawn(host.controller()).take().unwrap().address
    };
    let address = own(0x1111_2222_3333_4444, &store);
    assert!(address.is_static());
    assert_eq!(own(0x5555_6666_7777_8888, &store), address);
    assert_ne!(own(0x5555_6666_7777_8888, &Store::memory(&[])), address);
    let (id, record) = store.records().pop().unwrap();
    assert_eq!((id, Local::read(&record).unwrap().address), (RecordId::Local, Some(address)));
}

/// [Vol 6] Part B, 5.1.3
#[test]
fn no_procedure_begins_while_encryption_starts() {
    const ENCRYPT: u16 = 0x2019;
    let mut b = idle_with(config(), Store::memory(&[stored(&bond())]));
    let (conn, _log) = link_as_central(&mut b);
    assert_eq!(opcodes(&mut b).last(), Some(&ENCRYPT));
    let parameters = ConnectionParameters::DEFAULT;
    let update = b.spawn(async move { conn.update_parameters(parameters).await });
    assert!(opcodes(&mut b).is_empty());
    b.inject(&ENCRYPTED);
    assert_eq!(opcodes(&mut b), [0x2013]);
    drop(update);
}
