//! L2CAP: channels, opened and used by testers.

use bindrune::Address;
use bindrune_btp::{
    Bytes16, List8, Status,
    l2cap::{Answer, Command, Event, Listener, Response, Transport},
};

use super::client::{Client, Hosts};

const PSM: u16 = 0x80;
const PSM_NOT_SUPPORTED: u16 = 0x0002;
const INSUFFICIENT_AUTHENTICATION: u16 = 0x0005;
const INSUFFICIENT_AUTHORIZATION: u16 = 0x0006;

fn l2cap_event<T>(client: &mut Client, pick: impl Fn(&Event) -> Option<T>) -> T {
    client.event(|event| match event {
        bindrune_btp::Event::L2cap(event) => pick(event),
        _ => None,
    })
}

/// Waits for an open channel; returns its number and the longest SDU that the peer takes.
fn connected(client: &mut Client) -> (u8, u16) {
    l2cap_event(client, |event| match event {
        Event::Connected { channel, psm: PSM, peer_mtu, .. } => Some((*channel, *peer_mtu)),
        _ => None,
    })
}

/// Waits for the end of a channel; returns its number and the result.
fn disconnected(client: &mut Client) -> (u8, u16) {
    l2cap_event(client, |event| match event {
        Event::Disconnected { channel, result, .. } => Some((*channel, *result)),
        _ => None,
    })
}

fn received(client: &mut Client) -> (u8, Vec<u8>) {
    l2cap_event(client, |event| match event {
        Event::DataReceived { channel, data } => Some((*channel, data.0.clone())),
        _ => None,
    })
}

fn listen(client: &mut Client, psm: u16, mtu: u16, answer: Answer) {
    let listener = Listener { psm, transport: Transport::LE, mtu, security: None, answer };
    client.l2cap(Command::Listen { listener });
}

fn connect(client: &mut Client, peer: Address, psm: u16) -> u8 {
    let open = Command::Connect { peer, psm, mtu: 512, count: 1, options: 0 };
    match client.l2cap(open) {
        Response::Connecting { channels: List8(channels) } => channels[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn channels_carry_sdus_both_ways() {
    let mut hosts = Hosts::new("");
    listen(&mut hosts.two, PSM, 2000, Answer::SUCCESS);
    let (_, peer) = hosts.link();
    let Hosts { one, two, .. } = &mut hosts;
    let ours = connect(one, peer, PSM);
    assert_eq!(connected(one), (ours, 2000));
    let (theirs, mtu) = connected(two);
    assert_eq!(mtu, 512);
    for len in [1usize, 247, 2000] {
        let sdu: Vec<u8> = (0..len).map(|n| n as u8).collect();
        one.l2cap(Command::SendData { channel: ours, data: Bytes16(sdu.clone()) });
        assert_eq!(received(two), (theirs, sdu));
    }
    for n in 0..10u8 {
        two.l2cap(Command::SendData { channel: theirs, data: Bytes16(vec![n; 512]) });
    }
    for n in 0..10u8 {
        assert_eq!(received(one), (ours, vec![n; 512]));
    }
    let long = Command::SendData { channel: theirs, data: Bytes16(vec![0; 513]) };
    assert_eq!(two.command(long), Err(Status::FAIL));
    // A second channel is open at the same time.
    let second = connect(one, peer, PSM);
    assert_eq!(connected(one).0, second);
    connected(two);
    one.l2cap(Command::Disconnect { channel: ours });
    assert_eq!((disconnected(one), disconnected(two)), ((ours, 0), (theirs, 0)));
    let closed = Command::SendData { channel: ours, data: Bytes16(vec![1]) };
    assert_eq!(one.command(closed), Err(Status::FAIL));
    // The end of the link ends the other one.
    one.gap(bindrune_btp::gap::Command::Disconnect { peer });
    assert_eq!(disconnected(one).0, second);
    disconnected(two);
}

#[test]
fn requests_are_refused_as_the_listener_requires() {
    let mut hosts = Hosts::new("");
    listen(&mut hosts.two, 0x81, 0, Answer::INSUFFICIENT_ENCRYPTION);
    listen(&mut hosts.two, 0x82, 0, Answer::INSUFFICIENT_AUTHORIZATION);
    let (_, peer) = hosts.link();
    let one = &mut hosts.one;
    for (psm, result) in [
        (0x81, INSUFFICIENT_AUTHENTICATION),
        (0x82, INSUFFICIENT_AUTHORIZATION),
        (0x99, PSM_NOT_SUPPORTED),
    ] {
        let channel = connect(one, peer, psm);
        assert_eq!(disconnected(one), (channel, result), "{psm:#x}");
    }
    one.gap(bindrune_btp::gap::Command::Pair { peer });
    one.level();
    let channel = connect(one, peer, 0x81);
    l2cap_event(one, |event| match event {
        Event::Connected { channel: open, psm: 0x81, .. } => (*open == channel).then_some(()),
        _ => None,
    });
    for wrong in [
        Command::Connect { peer, psm: PSM, mtu: 0, count: 2, options: 1 },
        Command::Connect { peer: Address::public([1; 6]), psm: PSM, mtu: 0, count: 1, options: 0 },
        Command::Disconnect { channel: 77 },
        Command::AcceptConnection { channel: 77, result: 0 },
    ] {
        assert_eq!(one.command(wrong), Err(Status::FAIL));
    }
    let of_classic = Listener {
        psm: 0x1001,
        transport: Transport::BR_EDR,
        mtu: 0,
        security: None,
        answer: Answer::SUCCESS,
    };
    assert_eq!(one.command(Command::Listen { listener: of_classic }), Err(Status::FAIL));
    let credits = one.command(Command::Credits { channel });
    assert_eq!(credits, Err(Status::UNKNOWN_COMMAND));
}

#[test]
fn a_tester_decides_requests() {
    let mut hosts = Hosts::new("--ask-channels");
    listen(&mut hosts.two, PSM, 0, Answer::SUCCESS);
    let (_, peer) = hosts.link();
    let Hosts { one, two, .. } = &mut hosts;
    let asked = |client: &mut Client| {
        l2cap_event(client, |event| match event {
            Event::ConnectionRequest { channel, psm: PSM, .. } => Some(*channel),
            _ => None,
        })
    };
    let refused = connect(one, peer, PSM);
    let channel = asked(two);
    let result = INSUFFICIENT_AUTHORIZATION;
    two.l2cap(Command::AcceptConnection { channel, result });
    assert_eq!(disconnected(one), (refused, result));
    let accepted = connect(one, peer, PSM);
    let channel = asked(two);
    two.l2cap(Command::AcceptConnection { channel, result: 0 });
    assert_eq!((connected(one).0, connected(two).0), (accepted, channel));
}
