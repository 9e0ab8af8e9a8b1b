use std::vec::Vec;

use bindrune_wire::Interest;
use embassy_time::Duration;

use super::opened;
use crate::classic::testing::{LINK, PSM, Pair};
use crate::classic::{
    ChannelConfig, ChannelError, CloseReason, ConnectionResult, ConnectionStatus, EchoError,
    EchoOutcome, Psm, SendError, Signal, State,
};

const BASIC: ChannelConfig = ChannelConfig::BASIC;
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_root_refuses_or_pends_a_request() {
    let mut pair = Pair::new(2, 1000);
    pair.b.accepts = None;
    let index = pair.a.connect(pair.now, BASIC);
    pair.run();
    assert_eq!(pair.b.signals(), [Signal::Requested { channel: 0, psm: PSM }]);
    let status = ConnectionStatus::AUTHENTICATION_PENDING;
    assert_eq!(pair.b.channels.pend(pair.now, 0, status), Ok(()));
    pair.after(Duration::from_secs(40));
    assert_eq!(pair.a.channels.get(index).unwrap().state(), State::Connecting);
    let refused = ConnectionResult::SECURITY_BLOCK;
    assert!(pair.b.channels.refuse(0, ConnectionResult::PENDING).is_err());
    assert_eq!(pair.b.channels.refuse(0, refused), Ok(()));
    assert!(pair.b.channels.accept(pair.now, 0, BASIC).is_err());
    pair.run();
    assert_eq!(pair.a.signals(), [Signal::Closed(index, CloseReason::Refused(refused))]);
    assert_eq!((pair.b.signals(), pair.b.channels.free()), (Vec::new(), 2));
}

#[test]
fn a_request_without_a_decision_ends() {
    for pend in [false, true] {
        let mut pair = Pair::new(2, 1000);
        pair.b.accepts = None;
        let index = pair.a.connect(pair.now, BASIC);
        pair.run();
        if pend {
            pair.b.channels.pend(pair.now, 0, ConnectionStatus::NONE).unwrap();
        }
        pair.after(SECOND * 61);
        let reason = match pend {
            true => CloseReason::Refused(ConnectionResult::NO_RESOURCES),
            false => CloseReason::Timeout,
        };
        let signals = pair.a.signals();
        assert!(
            matches!(signals[..], [Signal::Closed(i, r)] if i == index && (r == reason || pend))
        );
        assert_eq!(pair.b.signals().last(), Some(&Signal::Closed(0, CloseReason::Undecided)));
        assert_eq!(pair.b.channels.free(), 2);
    }
}

#[test]
fn a_silent_peer_is_not_waited_for() {
    let mut pair = Pair::new(2, 1000);
    let index = pair.a.connect(pair.now, BASIC);
    assert_eq!(pair.a.link.interest(&pair.a.channels), Interest::Urgent);
    assert!(pair.a.transmit(pair.now).is_some());
    assert_eq!(pair.a.link.echo(pair.now, b"1234"), Ok(()));
    assert_eq!(pair.a.link.echo(pair.now, b"1234"), Err(EchoError::Busy));
    while pair.a.transmit(pair.now).is_some() {}
    pair.now += SECOND * 9;
    pair.a.time(pair.now);
    assert_eq!(pair.a.signals(), []);
    pair.now += SECOND;
    pair.a.time(pair.now);
    let timeout = Signal::Closed(index, CloseReason::Timeout);
    assert_eq!(pair.a.signals(), [Signal::Echoed(EchoOutcome::Timeout), timeout]);
    assert_eq!(pair.a.link.poll_timeout(&pair.a.channels), None);
    pair.a.channels.release(pair.now, index);
    assert_eq!(pair.a.channels.free(), 2);
}

#[test]
fn an_echo_that_is_withdrawn_makes_room_for_the_next_one() {
    let mut pair = Pair::new(2, 1000);
    assert_eq!(pair.a.link.echo(pair.now, b"first"), Ok(()));
    let late = pair.a.transmit(pair.now).unwrap();
    pair.a.link.stop_echo();
    assert_eq!(pair.a.link.poll_timeout(&pair.a.channels), None);
    assert_eq!(pair.a.link.echo(pair.now, b"second"), Ok(()));
    pair.b.receive(pair.now, &late);
    let answer = pair.b.transmit(pair.now).unwrap();
    pair.a.receive(pair.now, &answer);
    assert_eq!((pair.a.signals(), pair.a.link.drops().unmatched), (Vec::new(), 1));
    pair.run();
    assert_eq!(pair.a.signals(), [Signal::Echoed(EchoOutcome::Answered)]);
}

#[test]
fn an_end_that_closes_is_not_waited_for() {
    let (mut pair, index) = opened(BASIC, BASIC);
    pair.a.signals();
    pair.a.channels.release(pair.now, index);
    while pair.a.transmit(pair.now).is_some() {}
    assert_eq!(pair.a.channels.free(), 2);
    pair.now += SECOND * 10;
    pair.a.time(pair.now);
    assert_eq!((pair.a.channels.free(), pair.a.signals()), (3, Vec::new()));
}

#[test]
fn data_leaves_before_a_channel_closes() {
    for config in [BASIC, ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        let (mut pair, index) = opened(config, config);
        for n in 0..4u8 {
            pair.a.channels.send(index, &[n; 300]).unwrap();
        }
        pair.a.channels.release(pair.now, index);
        assert_eq!(pair.a.channels.send(index, b"late"), Err(SendError::Closed));
        pair.after(SECOND);
        assert_eq!(pair.b.signals().last(), Some(&Signal::Closed(0, CloseReason::Peer)));
        for n in 0..4u8 {
            assert_eq!(pair.b.recv(0), Some([n; 300].to_vec()));
        }
        assert_eq!((pair.b.recv(0), pair.a.channels.free()), (None, 3));
        pair.b.channels.release(pair.now, 0);
        assert_eq!(pair.b.channels.free(), 3);
    }
}

#[test]
fn a_peer_that_acknowledges_nothing_does_not_keep_a_channel() {
    let (mut pair, index) = opened(ChannelConfig::ENHANCED, ChannelConfig::ENHANCED);
    pair.a.channels.send(index, &[1; 300]).unwrap();
    pair.a.channels.release(pair.now, index);
    for _ in 0..25 {
        while pair.a.transmit(pair.now).is_some() {}
        pair.now += SECOND;
        pair.a.time(pair.now);
    }
    assert_eq!(pair.a.channels.free(), 3);
}

#[test]
fn a_channel_that_is_abandoned_before_the_answer_closes() {
    let mut pair = Pair::new(2, 1000);
    let index = pair.a.connect(pair.now, BASIC);
    let packet = pair.a.transmit(pair.now).unwrap();
    pair.a.channels.disconnect(pair.now, index);
    pair.b.receive(pair.now, &packet);
    pair.run();
    assert_eq!(pair.a.signals(), [Signal::Closed(index, CloseReason::Local)]);
    assert_eq!(pair.b.signals().last(), Some(&Signal::Closed(0, CloseReason::Peer)));

    let unsent = pair.a.connect(pair.now, BASIC);
    pair.a.channels.release(pair.now, unsent);
    pair.run();
    assert_eq!(pair.a.channels.free(), 1);
}

#[test]
fn the_end_of_a_link_ends_every_channel() {
    let (mut pair, index) = opened(BASIC, BASIC);
    let connecting = pair.a.connect(pair.now, BASIC);
    pair.a.link.echo(pair.now, b"").unwrap();
    pair.a.signals();
    pair.a.link.end_link(&mut pair.a.channels);
    pair.a.settle(pair.now);
    let lost = |index| Signal::Closed(index, CloseReason::LinkLost);
    let echoed = Signal::Echoed(EchoOutcome::Timeout);
    assert_eq!(pair.a.signals(), [echoed, lost(index), lost(connecting)]);
    assert_eq!(pair.a.link.interest(&pair.a.channels), Interest::None);
    assert_eq!(pair.a.link.poll_timeout(&pair.a.channels), None);
    for index in [index, connecting] {
        pair.a.channels.release(pair.now, index);
    }
    assert_eq!(pair.a.channels.free(), 3);
}

#[test]
fn an_echo_returns() {
    let mut pair = Pair::new(1, 100);
    for data in [&b""[..], &[7; 44]] {
        pair.a.link.echo(pair.now, data).unwrap();
        pair.run();
        assert_eq!(pair.a.signals(), [Signal::Echoed(EchoOutcome::Answered)]);
    }
    assert_eq!(pair.a.link.echo(pair.now, &[0; 45]), Err(EchoError::TooLong));
}

#[test]
fn requests_have_valid_numbers() {
    let mut pair = Pair::new(1, 700);
    let mut connect = |psm, config| pair.a.channels.connect(pair.now, LINK, psm, config);
    let invalid = Err(ChannelError::Invalid);
    for psm in [0, 0x1000, 0x0101] {
        assert_eq!(connect(Psm(psm), BASIC), invalid);
    }
    for config in [
        ChannelConfig { mtu: 47, ..BASIC },
        ChannelConfig { mtu: 699, ..BASIC },
        ChannelConfig { tx_window: 0, ..BASIC },
        ChannelConfig { tx_window: 64, ..BASIC },
        ChannelConfig { mps: 0, ..BASIC },
        ChannelConfig { flush_timeout: Some(Duration::from_secs(66)), ..BASIC },
        ChannelConfig { monitor_timeout: Duration::from_secs(66), ..BASIC },
        ChannelConfig { retransmission_timeout: Duration::from_ticks(0), ..BASIC },
    ] {
        assert_eq!(connect(PSM, config), invalid, "{config:?}");
    }
    assert_eq!(connect(PSM, ChannelConfig { mtu: 698, ..BASIC }), Ok(0));
    assert_eq!(connect(PSM, BASIC), Err(ChannelError::NoSlot));
}
