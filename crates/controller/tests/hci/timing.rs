//! Links are as fast as real ones, and no faster; lost packets are repeated; silence ends a link.

use bindrune_controller::{ControllerConfig, ControllerId};
use bindrune_hci::{PhyMask, RawHandle, cmd::le};
use hex_literal::hex;

use crate::bench::{Bench, MS, address, parameters};

/// Sends `total` ACL packets of `len` octets as fast as credits allow. Returns the microseconds from the first to
/// the last arrival. All packets must arrive whole and in order.
fn transfer(
    bench: &mut Bench,
    from: ControllerId,
    handle: u16,
    to: ControllerId,
    len: usize,
    total: u32,
) -> u64 {
    let (mut sent, mut credits, mut got) = (0u32, 8, Vec::new());
    let (mut first, mut last) = (None, 0);
    while got.len() < len * total as usize {
        while credits > 0 && sent < total {
            let mut packet = vec![sent as u8; len];
            packet[..4].copy_from_slice(&sent.to_le_bytes());
            bench.acl(from, handle, &packet);
            (sent, credits) = (sent + 1, credits - 1);
        }
        assert!(bench.step(bench.now + MS(60_000)), "the link makes no progress");
        for (at, id, packet) in bench.trace.drain(..) {
            match &packet[..] {
                [4, 0x13, 5, 1, _, _, n, 0] if id == from => credits += u32::from(*n),
                [2, _, _, _, _, data @ ..] if id == to => {
                    first.get_or_insert(at);
                    last = at;
                    got.extend_from_slice(data);
                }
                _ => {}
            }
        }
    }
    for (n, packet) in got.chunks(len).enumerate() {
        assert_eq!(packet[..4], (n as u32).to_le_bytes());
        assert!(packet[4..].iter().all(|&octet| octet == n as u8));
    }
    assert_eq!(bench.air.violations(from).total(), 0);
    last - first.unwrap()
}

fn pair(seed: u64, interval: u16) -> (Bench, [ControllerId; 2], [u16; 2]) {
    let mut bench = Bench::new(seed);
    let ids = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    let (central, peripheral) = bench.connect(ids[0], ids[1], parameters(interval, 400));
    (bench, ids, [central, peripheral])
}

/// Sets data length 251 and 2M in both directions.
fn speed_up(bench: &mut Bench, id: ControllerId, handle: u16) {
    let handle = RawHandle::new(handle);
    bench.ok(id, &le::SetDataLength { handle, tx_octets: 251.into(), tx_time: 2120.into() });
    bench.event(id, 0x3e, &[0x07]);
    let both = PhyMask::LE_2M;
    bench.ok(id, &le::SetPhy { handle, no_preference: 0, tx: both, rx: both, options: 0.into() });
    bench.event(id, 0x3e, &[0x0c, 0]);
    bench.trace.clear();
}

/// Returns the goodput in kbit/s of back-to-back exchanges of `us` microseconds for `len` octets.
fn limit(len: u64, us: u64) -> u64 {
    len * 8 * 1000 / us
}

#[test]
fn a_saturated_link_on_1m_with_27_octets() {
    for from in [0, 1] {
        let (mut bench, ids, handles) = pair(1, 40);
        let us = transfer(&mut bench, ids[from], handles[from], ids[1 - from], 27, 4000);
        // Data 296 µs, empty PDU 80 µs, and twice 150 µs between them.
        let (goodput, limit) = (27 * 8 * 3999 * 1000 / us, limit(27, 296 + 150 + 80 + 150));
        assert!(goodput <= limit && goodput > limit * 95 / 100, "{goodput} of {limit} kbit/s");
    }
}

#[test]
fn a_saturated_link_on_2m_with_251_octets() {
    for from in [0, 1] {
        let (mut bench, ids, handles) = pair(2, 40);
        speed_up(&mut bench, ids[0], handles[0]);
        speed_up(&mut bench, ids[1], handles[1]);
        let us = transfer(&mut bench, ids[from], handles[from], ids[1 - from], 251, 4200);
        let (goodput, limit) = (251 * 8 * 4199 * 1000 / us, limit(251, 1048 + 150 + 44 + 150));
        assert!(goodput <= limit && goodput > limit * 95 / 100, "{goodput} of {limit} kbit/s");
    }
}

#[test]
fn an_idle_link_waits_for_its_interval() {
    let (mut bench, ids, handles) = pair(3, 80);
    bench.run(MS(50));
    bench.acl(ids[1], handles[1], &[1; 20]);
    bench.event(ids[1], 0x13, &[]);
    let sent = bench.now;
    bench.acl(ids[1], handles[1], &[2; 20]);
    bench.event(ids[1], 0x13, &[]);
    assert_eq!(
        (bench.now - sent).as_millis(),
        100 * 2,
        "the packet is sent in one event and acknowledged in the next"
    );
}

/// Returns when ACL packets arrived at a host, in microseconds.
fn arrivals(bench: &Bench, to: ControllerId) -> Vec<u64> {
    let acl = |packet: &[u8]| matches!(packet, [2, ..]);
    bench.trace.iter().filter(|(_, id, p)| *id == to && acl(p)).map(|(at, ..)| *at).collect()
}

/// Like [`pair`], with link packets of 251 octets in both directions, and an empty trace.
fn pair_with_long_packets(seed: u64, interval: u16) -> (Bench, [ControllerId; 2], [u16; 2]) {
    let (mut bench, ids, handles) = pair(seed, interval);
    for end in [0, 1] {
        let handle = RawHandle::new(handles[end]);
        let length = le::SetDataLength { handle, tx_octets: 251.into(), tx_time: 2120.into() };
        bench.ok(ids[end], &length);
    }
    bench.run(MS(500));
    bench.trace.clear();
    (bench, ids, handles)
}

#[test]
fn without_more_data_the_event_ends() {
    let (mut bench, ids, handles) = pair(9, 80);
    bench.run(MS(500));
    bench.trace.clear();
    for _ in 0..2 {
        bench.acl(ids[0], handles[0], &[0; 27]);
    }
    while arrivals(&bench, ids[1]).len() < 2 {
        assert!(bench.step(bench.now + MS(200)));
    }
    // The second packet announced that it was the last.
    bench.acl(ids[0], handles[0], &[0; 27]);
    bench.run(MS(300));
    let [first, second, third] = arrivals(&bench, ids[1]).try_into().unwrap();
    assert_eq!(second - first, 296 + 150 + 80 + 150);
    assert_eq!(third - first, 100_000);
}

#[test]
fn short_answers_do_not_slow_a_full_event() {
    let (mut bench, ids, handles) = pair_with_long_packets(10, 6);
    let (begin, mut sent) = (bench.now, 0);
    while bench.now < begin + MS(750) {
        let (there, back) = (arrivals(&bench, ids[1]).len(), arrivals(&bench, ids[0]).len());
        while sent < there + 4 {
            bench.acl(ids[0], handles[0], &[0; 251]);
            sent += 1;
        }
        // An answer to every third packet: 3 × 2,468 µs, and 96 µs for its 12 octets, are 7,500 µs.
        if back < there / 3 && there % 3 == 1 {
            bench.acl(ids[1], handles[1], &[0; 12]);
        }
        bench.step(bench.now + MS(10));
    }
    assert!(arrivals(&bench, ids[1]).len() >= 297, "{}", arrivals(&bench, ids[1]).len());
    assert!(arrivals(&bench, ids[0]).len() >= 98, "{}", arrivals(&bench, ids[0]).len());
}

#[test]
fn an_answer_that_does_not_fit_waits_for_the_next_event() {
    let (mut bench, ids, handles) = pair_with_long_packets(11, 6);
    for _ in 0..8 {
        bench.acl(ids[0], handles[0], &[0; 251]);
    }
    while arrivals(&bench, ids[1]).len() < 2 {
        assert!(bench.step(bench.now + MS(20)));
    }
    // The third exchange of the event has no room for it.
    bench.acl(ids[1], handles[1], &[1; 200]);
    bench.run(MS(50));
    let central = arrivals(&bench, ids[1]);
    let answer = arrivals(&bench, ids[0])[0];
    assert_eq!(central[2] - central[0], 2 * 2468, "the answer did not run into the next event");
    assert_eq!(central[3] - central[0], 7500);
    assert_eq!(answer - central[3], 150 + (200 + 10) * 8);
}

#[test]
fn loss_delays_and_loses_nothing() {
    for percent in [1, 10, 40] {
        let (mut bench, ids, handles) = pair(4, 16);
        bench.air.set_loss(percent);
        transfer(&mut bench, ids[0], handles[0], ids[1], 60, 300);
        transfer(&mut bench, ids[1], handles[1], ids[0], 60, 300);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let (mut bench, ids, handles) = pair(seed, 16);
        bench.air.set_loss(10);
        for n in 0..8 {
            bench.acl(ids[0], handles[0], &[n; 100]);
            bench.acl(ids[1], handles[1], &[n; 100]);
        }
        bench.run(MS(3000));
        bench.trace
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn silence_ends_a_link_at_both_ends() {
    let (mut bench, ids, handles) = pair(5, 24);
    bench.run(MS(100));
    let from = bench.now;
    bench.air.set_reachable(ids[0], ids[1], false);
    bench.acl(ids[0], handles[0], &[0; 10]);
    bench.run(MS(3900));
    assert!(bench.trace.is_empty());
    for id in ids {
        assert_eq!(bench.event(id, 0x05, &[]), hex!("00 4000 08"));
    }
    assert!((bench.now - from).as_millis() <= 4060);
    bench.air.set_reachable(ids[0], ids[1], true);
    bench.connect(ids[0], ids[1], parameters(24, 100));
}

#[test]
fn a_link_that_never_began_ends_with_0x3e() {
    let mut bench = Bench::new(6);
    let [a, b] = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    bench.connect(a, b, parameters(24, 100));
    bench.air.set_reachable(a, b, false);
    for id in [a, b] {
        assert_eq!(bench.event(id, 0x05, &[]), hex!("00 4000 3e"));
    }
}

#[test]
fn a_peer_that_is_reset_or_loses_power_falls_silent() {
    let (mut bench, ids, _) = pair(7, 24);
    bench.run(MS(100));
    bench.start(ids[0]);
    assert_eq!(bench.event(ids[1], 0x05, &[]), hex!("00 4000 08"));
    bench.connect(ids[0], ids[1], parameters(24, 100));
    bench.run(MS(100));
    bench.air.power_cycle(ids[1]);
    assert_eq!(bench.event(ids[0], 0x05, &[]), hex!("00 4000 08"));
    assert_eq!(bench.air.violations(ids[0]).total(), 0);
    assert_eq!(address(ids[0]).octets()[0], 1);
}

#[test]
fn a_disconnection_that_is_not_received_still_ends_the_link() {
    let (mut bench, ids, handles) = pair(8, 24);
    bench.run(MS(100));
    bench.air.set_reachable(ids[0], ids[1], false);
    let reason = bindrune_hci::Status::REMOTE_USER_TERMINATED;
    let handle = RawHandle::new(handles[0]);
    bench.ok(ids[0], &bindrune_hci::cmd::link::Disconnect { handle, reason });
    assert_eq!(bench.event(ids[0], 0x05, &[]), hex!("00 4000 16"));
}
