use std::vec::Vec;

use embassy_time::Duration;

use super::mode_of;
use crate::classic::testing::{PSM, Pair};
use crate::classic::{ChannelConfig, CloseReason, Fragment, Signal};

#[test]
fn a_channel_opens_carries_datagrams_and_closes() {
    for config in [ChannelConfig::BASIC, ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        for acl in [1, 5, 27, 339, 1021] {
            let mut pair = Pair::new(2, 4096);
            (pair.a.acl, pair.b.acl, pair.b.accepts) = (acl, acl, Some(config));
            let index = pair.a.connect(pair.now, config);
            pair.run();
            assert_eq!(pair.a.signals(), [Signal::Opened(index)]);
            assert_eq!(
                pair.b.signals(),
                [Signal::Requested { channel: 0, psm: PSM }, Signal::Opened(0)]
            );
            assert_eq!(mode_of(&pair), (config.mode, config.mode));
            for len in [0usize, 1, 47, 48, 671, 672] {
                let datagram: Vec<u8> = (0..len).map(|i| i as u8).collect();
                assert_eq!(pair.a.channels.send(index, &datagram), Ok(()));
                assert_eq!(pair.b.channels.send(0, &datagram), Ok(()));
                pair.after(Duration::from_secs(1));
                assert_eq!(pair.b.recv(0), Some(datagram.clone()), "{config:?} {acl} {len}");
                assert_eq!(pair.a.recv(index), Some(datagram));
            }
            pair.a.signals();
            pair.b.signals();
            pair.a.channels.disconnect(pair.now, index);
            pair.run();
            assert_eq!(pair.a.signals(), [Signal::Closed(index, CloseReason::Local)]);
            assert_eq!(pair.b.signals(), [Signal::Closed(0, CloseReason::Peer)]);
            pair.a.channels.release(pair.now, index);
            pair.b.channels.release(pair.now, 0);
            assert_eq!((pair.a.channels.free(), pair.b.channels.free()), (2, 2));
        }
    }
}

#[test]
fn datagrams_of_every_size_pass_in_every_mode() {
    for config in [ChannelConfig::BASIC, ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        for mtu in [48, 4096, 65535] {
            let config = ChannelConfig { mtu, ..config };
            let mut pair = Pair::new(1, 140_000);
            (pair.a.acl, pair.b.acl, pair.b.accepts) = (1021, 679, Some(config));
            let index = pair.a.connect(pair.now, config);
            pair.run();
            for len in [0, 1, mtu / 2, mtu - 1, mtu] {
                let datagram: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
                pair.a.channels.send(index, &datagram).unwrap();
                pair.b.channels.send(0, &datagram).unwrap();
                pair.after(Duration::from_secs(1));
                assert!(pair.b.recv(0).as_ref() == Some(&datagram), "{config:?} {len}");
                assert!(pair.a.recv(index) == Some(datagram), "{config:?} {len}");
            }
            let longest = usize::from(mtu);
            let too_long = std::vec![0; longest + 1];
            assert!(pair.a.channels.send(index, &too_long).is_err());
        }
    }
}

#[test]
fn a_channel_reports_room() {
    for config in [ChannelConfig::BASIC, ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        let (mut pair, index) = super::opened(config, config);
        pair.a.signals();
        while pair.a.channels.send(index, &[1; 500]).is_ok() {}
        pair.a.settle(pair.now);
        assert_eq!(pair.a.signals(), []);
        pair.after(Duration::from_secs(1));
        assert_eq!(pair.a.signals(), [Signal::Writable(index)]);
        assert_eq!(pair.a.channels.send(index, &[1; 500]), Ok(()));
    }
}

#[test]
fn channels_of_a_link_send_in_turn() {
    let mut pair = Pair::new(3, 4096);
    let indexes = [0, 1, 2].map(|_| pair.a.connect(pair.now, ChannelConfig::BASIC));
    pair.run();
    pair.a.acl = 100;
    for index in indexes {
        for _ in 0..3 {
            pair.a.channels.send(index, &[0; 200]).unwrap();
        }
    }
    let mut order = Vec::new();
    while let Some((first, octets)) = pair.a.transmit(pair.now) {
        assert_eq!(first, octets.starts_with(&[200, 0]));
        order.extend(first.then(|| octets[2]));
    }
    assert_eq!(order.len(), 9);
    assert!(order.windows(2).all(|pair| pair[0] != pair[1]), "{order:?}");
}

#[test]
fn signalling_passes_data_but_not_a_begun_pdu() {
    let (mut pair, index) = super::opened(ChannelConfig::BASIC, ChannelConfig::BASIC);
    pair.a.channels.send(index, &[0; 60]).unwrap();
    pair.a.channels.send(index, &[0; 60]).unwrap();
    let (first, _) = pair.a.transmit(pair.now).unwrap();
    pair.a.link.echo(pair.now, b"x").unwrap();
    let mut starts = Vec::new();
    while let Some((first, octets)) = pair.a.transmit(pair.now) {
        starts.extend(first.then(|| octets[2]));
    }
    assert!(first);
    assert_eq!(starts, [0x01, 0x40]);
}

#[test]
fn a_flush_is_counted_for_the_channel_and_the_rest_is_left_to_the_controller() {
    let flush_timeout = Some(Duration::from_millis(10));
    let config = ChannelConfig { flush_timeout, ..ChannelConfig::BASIC };
    let (mut pair, index) = super::opened(config, ChannelConfig::BASIC);
    for n in 0..3u8 {
        pair.a.channels.send(index, &[n; 60]).unwrap();
    }
    let begun = pair.a.transmit(pair.now).unwrap();
    pair.b.receive(pair.now, &begun);
    pair.a.link.flushed(&mut pair.a.channels);
    pair.run();
    for n in 0..3u8 {
        assert_eq!(pair.b.recv(0), Some([n; 60].to_vec()));
    }
    pair.a.link.flushed(&mut pair.a.channels);
    assert_eq!(pair.a.link.drops().flushed, 2);
    assert_eq!(pair.a.channels.get(index).unwrap().transfer().drops().flushed, 2);

    pair.b.channels.send(0, &[0; 60]).unwrap();
    let mut buffer = [0; 27];
    let fragment = pair.b.link.poll_transmit(pair.now, 27, &mut pair.b.channels, &mut buffer);
    assert_eq!(fragment, Some(Fragment { len: 27, first: true, flushable: false }));
    pair.b.link.flushed(&mut pair.b.channels);
    assert_eq!(pair.b.link.drops().flushed, 0);
    pair.b.link.set_flushable(true);
    pair.b.channels.send(0, &[0; 60]).unwrap();
    while pair.b.transmit(pair.now).is_some() {}
    pair.b.link.flushed(&mut pair.b.channels);
    assert_eq!(pair.b.link.drops().flushed, 1);
}

#[test]
fn data_of_a_reliable_channel_is_never_flushable() {
    let (mut pair, index) = super::opened(ChannelConfig::RELIABLE, ChannelConfig::BASIC);
    pair.a.link.set_flushable(true);
    pair.b.link.set_flushable(true);
    let mut buffer = [0; 64];
    pair.a.channels.send(index, &[0; 20]).unwrap();
    let fragment = pair.a.link.poll_transmit(pair.now, 64, &mut pair.a.channels, &mut buffer);
    assert_eq!(fragment, Some(Fragment { len: 24, first: true, flushable: false }));
    pair.b.channels.send(0, &[0; 20]).unwrap();
    let fragment = pair.b.link.poll_transmit(pair.now, 64, &mut pair.b.channels, &mut buffer);
    assert_eq!(fragment, Some(Fragment { len: 24, first: true, flushable: true }));
}
