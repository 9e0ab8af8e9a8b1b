//! Links whose goodput docs/performance.md has measured, or that are calculated by hand.

use super::*;

const END: End = End { bytes: 251, buffers: 8, baud: None };
/// Notifications on 1M every 30 ms.
const LINK: Link = Link {
    traffic: Traffic::Values,
    by_central: false,
    two_mbit: false,
    encrypted: false,
    interval: 24,
    data_length: 251,
    pdu: 251,
    payload: 244,
    sender: END,
    receiver: END,
};

#[track_caller]
fn assert_limited(link: Link, expected: f64, bottleneck: Bottleneck) {
    let bound = link.bound();
    assert!((bound / expected - 1.0).abs() < 0.005, "{bound}, not {expected}");
    assert_eq!(link.bottleneck(), bottleneck, "{bound}");
}

/// Bits per second of this many PDUs in this many intervals of 30 ms.
fn pdus(count: f64, intervals: f64, payload: f64) -> f64 {
    count * payload * 8.0 / (0.030 * intervals)
}

#[test]
fn the_air_limits_a_link_without_other_limits() {
    assert_limited(LINK, pdus(12.0, 1.0, 244.0), Bottleneck::Airtime);
    let channel = Link { traffic: Traffic::Channel { window: 20 }, payload: 245, ..LINK };
    assert_limited(channel, pdus(12.0, 1.0, 245.0), Bottleneck::Airtime);
    let commands = Link { by_central: true, two_mbit: true, ..LINK };
    assert_limited(commands, pdus(21.0, 1.0, 244.0), Bottleneck::Airtime);
}

/// A central's buffer is free again in the same event, when that has ended; a peripheral's in the next.
#[test]
fn few_buffers_are_used_once_an_event() {
    let few = |buffers| End { buffers, ..END };
    for buffers in [1, 2] {
        let count = f64::from(buffers);
        let link = Link { sender: few(buffers), ..LINK };
        assert_limited(link, pdus(count, 2.0, 244.0), Bottleneck::Buffers);
        let link = Link { by_central: true, ..link };
        assert_limited(link, pdus(count, 1.0, 244.0), Bottleneck::Buffers);
    }
    // Ten fragments make one PDU.
    let small = End { bytes: 27, buffers: 2, baud: None };
    let link = Link { by_central: true, sender: small, ..LINK };
    assert_limited(link, pdus(0.2, 1.0, 244.0), Bottleneck::Buffers);
}

/// The credit for a K-frame leaves in the next event, and is used in the one after it.
#[test]
fn a_window_of_one_takes_two_events() {
    let link =
        Link { traffic: Traffic::Channel { window: 1 }, by_central: true, payload: 245, ..LINK };
    assert_limited(link, pdus(1.0, 2.0, 245.0), Bottleneck::Window);
}

#[test]
fn a_slow_line_limits_either_end() {
    let slow = End { baud: Some(115_200), ..END };
    // 256 bytes of ten bits for each value.
    let expected = 244.0 * 8.0 * 115_200.0 / 2560.0;
    assert_limited(Link { sender: slow, ..LINK }, expected, Bottleneck::Uart);
    assert_limited(Link { receiver: slow, by_central: true, ..LINK }, expected, Bottleneck::Uart);
}

/// A request leaves in one event, and its response in the next.
#[test]
fn requests_wait_for_events() {
    let link = Link { traffic: Traffic::Requests, by_central: true, ..LINK };
    assert_limited(link, pdus(1.0, 2.0, 244.0), Bottleneck::Interval);
    let link = Link { interval: 6, ..link };
    assert_limited(link, pdus(4.0, 2.0, 244.0), Bottleneck::Interval);
    let link = Link { interval: 320, ..link };
    assert_limited(link, pdus(0.075, 2.0, 244.0), Bottleneck::Interval);
}

/// Without data length extension, each ACL packet takes ten PDUs of the link layer.
#[test]
fn short_packets_fill_the_air() {
    let link = Link { data_length: 27, ..LINK };
    assert_limited(link, link.bound(), Bottleneck::Airtime);
    assert!(link.bound() < 0.4 * LINK.bound(), "{}", link.bound());
}
