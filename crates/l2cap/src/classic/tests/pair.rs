use std::vec::Vec;

use embassy_time::Duration;

use crate::classic::testing::{PSM, Pair};
use crate::classic::{ChannelConfig, CloseReason, Mode, Signal};

fn mode_of(pair: &Pair) -> (Mode, Mode) {
    let mode = |c: &crate::classic::Channels| c.get(0).unwrap().agreement().mode;
    (mode(&pair.a.channels), mode(&pair.b.channels))
}

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
