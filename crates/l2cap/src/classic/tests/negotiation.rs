use std::vec::Vec;

use embassy_time::Duration;

use super::{mode_of, opened};
use crate::classic::{Agreement, ChannelConfig, CloseReason, Mode, Signal};

const BASIC: ChannelConfig = ChannelConfig::BASIC;
const ENHANCED: ChannelConfig = ChannelConfig::ENHANCED;
const STREAMING: ChannelConfig = ChannelConfig::STREAMING;

const fn required(config: ChannelConfig) -> ChannelConfig {
    ChannelConfig { is_mode_required: true, ..config }
}

const fn any(config: ChannelConfig) -> ChannelConfig {
    ChannelConfig { takes_any_mode: true, ..config }
}

#[test]
fn both_ends_agree_on_a_mode_or_close() {
    let modes = [
        (BASIC, BASIC, Some(Mode::BASIC)),
        (BASIC, ENHANCED, Some(Mode::BASIC)),
        (ENHANCED, BASIC, Some(Mode::BASIC)),
        (STREAMING, BASIC, Some(Mode::BASIC)),
        (BASIC, STREAMING, Some(Mode::BASIC)),
        (ENHANCED, ENHANCED, Some(Mode::ENHANCED_RETRANSMISSION)),
        (STREAMING, STREAMING, Some(Mode::STREAMING)),
        (STREAMING, ENHANCED, Some(Mode::ENHANCED_RETRANSMISSION)),
        (ENHANCED, STREAMING, Some(Mode::ENHANCED_RETRANSMISSION)),
        (STREAMING, required(ENHANCED), Some(Mode::ENHANCED_RETRANSMISSION)),
        (required(ENHANCED), STREAMING, Some(Mode::ENHANCED_RETRANSMISSION)),
        (ENHANCED, required(STREAMING), None),
        (required(STREAMING), ENHANCED, None),
        (required(ENHANCED), ENHANCED, Some(Mode::ENHANCED_RETRANSMISSION)),
        (ENHANCED, required(ENHANCED), Some(Mode::ENHANCED_RETRANSMISSION)),
        (required(STREAMING), required(STREAMING), Some(Mode::STREAMING)),
        (ENHANCED, required(BASIC), Some(Mode::BASIC)),
        (required(ENHANCED), BASIC, None),
        (BASIC, required(ENHANCED), None),
        (required(ENHANCED), required(STREAMING), None),
        (required(STREAMING), required(BASIC), None),
        (required(STREAMING), any(ENHANCED), Some(Mode::STREAMING)),
        (any(ENHANCED), required(STREAMING), Some(Mode::STREAMING)),
        (required(ENHANCED), any(STREAMING), Some(Mode::ENHANCED_RETRANSMISSION)),
        (required(BASIC), any(ENHANCED), Some(Mode::BASIC)),
        (required(STREAMING), any(BASIC), Some(Mode::STREAMING)),
        (required(STREAMING), required(any(ENHANCED)), None),
        (required(STREAMING), ENHANCED, None),
    ];
    for (a, b, mode) in modes {
        let (mut pair, index) = opened(a, b);
        pair.after(Duration::from_secs(30));
        match mode {
            Some(mode) => {
                assert_eq!(mode_of(&pair), (mode, mode), "{a:?} {b:?}");
                for _ in 0..3 {
                    pair.a.channels.send(index, b"datagram").unwrap();
                    pair.after(Duration::from_secs(1));
                    assert_eq!(pair.b.recv(0).as_deref(), Some(&b"datagram"[..]));
                }
            }
            None => {
                let closed = |signals: Vec<Signal>| match signals[..] {
                    [.., Signal::Closed(_, reason)] => reason,
                    _ => panic!("{signals:?}"),
                };
                let reasons = [closed(pair.a.signals()), closed(pair.b.signals())];
                assert!(
                    reasons.iter().any(|reason| {
                        matches!(reason, CloseReason::ModeRefused | CloseReason::Disagreement)
                    }),
                    "{reasons:?}"
                );
            }
        }
    }
}

fn agreements(a: ChannelConfig, b: ChannelConfig) -> [Agreement; 2] {
    let (pair, index) = opened(a, b);
    [&pair.a, &pair.b].map(|end| end.channels.get(index).unwrap().agreement())
}

#[test]
fn each_direction_has_its_own_numbers() {
    let a = ChannelConfig {
        mtu: 48,
        tx_window: 3,
        mps: 100,
        max_transmit: 5,
        retransmission_timeout: Duration::from_millis(500),
        monitor_timeout: Duration::from_millis(5000),
        ..ENHANCED
    };
    let b = ChannelConfig {
        mtu: 4000,
        tx_window: 63,
        mps: 200,
        flush_timeout: Some(Duration::from_millis(70)),
        ..ENHANCED
    };
    let [a, b] = agreements(a, b);
    assert_eq!((a.rx_mtu, a.tx_mtu, b.rx_mtu, b.tx_mtu), (48, 4000, 4000, 48));
    assert_eq!((a.rx_window, a.tx_window, b.rx_window, b.tx_window), (3, 63, 63, 3));
    assert_eq!((a.rx_mps, a.tx_mps, b.rx_mps, b.tx_mps), (100, 200, 200, 100));
    assert_eq!((a.max_transmit, b.max_transmit), (0, 5));
    assert_eq!(b.retransmission_timeout, Duration::from_millis(500));
    assert_eq!(a.monitor_timeout, Duration::from_secs(12));
    assert_eq!((a.flush_timeout, b.flush_timeout), (None, Some(Duration::from_millis(70))));
    assert_eq!((a.peer_flush_timeout, b.peer_flush_timeout), (b.flush_timeout, None));
}

#[test]
fn the_check_sequence_is_off_only_if_both_ends_request_that() {
    let off = ChannelConfig { fcs: false, ..ENHANCED };
    for (a, b, fcs) in [(off, off, false), (off, ENHANCED, true), (ENHANCED, off, true)] {
        assert_eq!(agreements(a, b).map(|agreement| agreement.fcs), [fcs, fcs]);
    }
    let basic = ChannelConfig { fcs: false, ..BASIC };
    assert_eq!(agreements(basic, basic).map(|agreement| agreement.fcs), [false, false]);
}

#[test]
fn an_open_channel_takes_another_mtu() {
    for config in [BASIC, ENHANCED, STREAMING] {
        let (mut pair, index) = opened(config, config);
        pair.b.signals();
        assert_eq!(pair.a.channels.reconfigure(index, 2000), Ok(()));
        assert!(pair.a.channels.reconfigure(index, 2000).is_err());
        pair.run();
        assert_eq!(pair.b.signals(), [Signal::Reconfigured(0)]);
        assert_eq!(pair.b.channels.send(0, &[7; 2000]), Ok(()));
        assert!(pair.b.channels.send(0, &[7; 2001]).is_err());
        pair.after(Duration::from_secs(1));
        assert_eq!(pair.a.recv(index).unwrap().len(), 2000);
        assert_eq!(pair.a.channels.reconfigure(index, 672), Ok(()));
        pair.run();
        assert_eq!(pair.b.channels.get(0).unwrap().agreement().tx_mtu, 672);
        assert!(pair.a.channels.reconfigure(index, 47).is_err());
        assert!(pair.a.channels.reconfigure(index, 5000).is_err());
    }
}
