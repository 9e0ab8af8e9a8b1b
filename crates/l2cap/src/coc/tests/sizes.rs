use super::*;
use crate::{ChannelConfig, testing::channels};

#[test]
fn the_default_mtu_leaves_packets_of_the_window_to_the_next_sdu() {
    let default = ChannelConfig::default();
    assert_eq!(default.resolve(1000), Some((247 * 5 - 2, 247)));
    assert_eq!(default.resolve(100), Some((498, 100)));
    for (window, frames) in [(1, 1), (2, 1), (3, 2), (4, 3), (6, 4), (7, 4), (48, 45)] {
        let config = ChannelConfig { window, ..default };
        assert_eq!(config.resolve(1000), Some((247 * frames - 2, 247)));
    }
    assert_eq!(default.resolve(22), None);
    let wide = ChannelConfig { window: 2000, ..default };
    assert_eq!(wide.resolve(1000), Some((65535, 247)));
    for (mps, window) in [(23, 1), (23, 2), (24, 1), (24, 2)] {
        let tiny = ChannelConfig { mtu: None, mps, window };
        assert_eq!(tiny.resolve(1000), Some((23, mps)), "no MTU is below 23");
    }
}

#[test]
fn cids_follow_their_slots_and_repeat_only_across_links() {
    let mut channels = channels(130, 1, 1000, 255);
    let mut cids = Vec::new();
    for n in 0..65 {
        let opened = channels.open(LINK, Psm(0x80), config(23, 23, 1));
        assert_eq!(opened.is_ok(), n < 64);
        if let Ok(index) = opened {
            cids.push(channels.get(index).unwrap().local_cid());
            assert_eq!(channels.find(LINK, cids[n]), Some(index));
        }
    }
    assert_eq!((cids[0], cids[63]), (Cid(0x40), Cid(0x7f)));
    let index = channels.open(LinkId(0), Psm(0x80), config(23, 23, 1)).unwrap();
    assert_eq!((index, channels.get(index).unwrap().local_cid()), (64, Cid(0x40)));
    assert_eq!(channels.find(LinkId(0), Cid(0x40)), Some(64));
    assert_eq!(channels.find(LINK, Cid(0x40)), Some(0));
    assert_eq!(channels.find(LINK, Cid(0x3f)), None);
}

#[test]
fn a_reset_gives_everything_back() {
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("0200 6162")), Received::Readable(0));
    let packet = link.tx.take(HEADROOM).unwrap();
    assert!(link.channels.put_out(0, packet).is_ok());
    link.channels.reset(&mut Pools { rx: &mut link.rx, tx: &mut link.tx });
    assert!(link.leaks_nothing());
    assert!(link.channels.iter().all(|channel| channel.state() == State::Free));
}
