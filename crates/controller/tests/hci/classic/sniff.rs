//! Sniff mode.

use bindrune_controller::ControllerId;
use hex_literal::hex;

use super::bd_addr;
use crate::bench::{Bench, MS};

/// An interval of 500 ms, 4 pairs of slots at each anchor point, and 1 after data.
const HALF_A_SECOND: [u8; 8] = hex!("2003 2003 0400 0100");

struct Pair {
    bench: Bench,
    ends: [(ControllerId, u16); 2],
}

/// Two devices whose policies allow sniff mode and role switches.
fn pair(seed: u64) -> Pair {
    let mut bench = Bench::new(seed);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, of_b) = bench.page(a, b, 1);
    let ends = [(a, of_a), (b, of_b)];
    for (id, handle) in ends {
        bench.classic_ok(id, 0x080d, &[&handle.to_le_bytes(), &hex!("0500")]);
    }
    Pair { bench, ends }
}

impl Pair {
    fn sniff(&mut self, by: usize) {
        let (id, handle) = self.ends[by];
        self.bench.classic_ok(id, 0x0803, &[&handle.to_le_bytes(), &HALF_A_SECOND]);
        for (id, _) in self.ends {
            assert_eq!(self.bench.event_of(id, 0x14)[3..], hex!("02 2003"));
        }
    }

    /// Returns how many ACL packets a host got.
    fn received(&self, id: ControllerId) -> usize {
        self.bench.trace.iter().filter(|(_, to, packet)| *to == id && packet[0] == 2).count()
    }

    /// Sends a packet, and returns after how many milliseconds it has arrived.
    fn send(&mut self, from: usize) -> u64 {
        let ((by, handle), (to, _)) = (self.ends[from], self.ends[1 - from]);
        let (start, before) = (self.bench.now, self.received(to));
        self.bench.acl(by, handle, &[7; 20]);
        while self.received(to) == before {
            self.bench.run(MS(1));
        }
        (self.bench.now - start).as_millis()
    }
}

#[test]
fn either_side_begins_and_ends_it() {
    for (begins, ends) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut pair = pair(1);
        pair.sniff(begins);
        let (id, handle) = pair.ends[begins];
        let again = pair.bench.classic(id, 0x0803, &[&handle.to_le_bytes(), &HALF_A_SECOND]);
        assert_eq!(again, [0x0c], "the link is in sniff mode");
        let (id, handle) = pair.ends[ends];
        pair.bench.classic_ok(id, 0x0804, &[&handle.to_le_bytes()]);
        for (id, _) in pair.ends {
            assert_eq!(pair.bench.event_of(id, 0x14)[3..], hex!("00 0000"));
        }
        assert_eq!(pair.bench.classic(id, 0x0804, &[&handle.to_le_bytes()]), [0x0c]);
        pair.bench.no_violations();
    }
}

#[test]
fn data_waits_for_an_anchor_point() {
    for from in [0, 1] {
        let mut pair = pair(2);
        assert!(pair.send(from) < 60, "active");
        pair.sniff(0);
        let mut waits = vec![];
        for pause in [130, 270, 390, 610] {
            pair.bench.run(MS(pause));
            waits.push(pair.send(from));
        }
        assert!(waits.iter().all(|wait| *wait <= 510), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait > 150), "{waits:?}");
    }
}

#[test]
fn data_goes_on_once_it_has_begun() {
    let mut pair = pair(3);
    pair.sniff(0);
    pair.bench.run(MS(100));
    let ((a, of_a), (b, _)) = (pair.ends[0], pair.ends[1]);
    for _ in 0..6 {
        pair.bench.acl(a, of_a, &[7; 600]);
    }
    pair.bench.run(MS(600));
    assert_eq!(pair.received(b), 6, "all in one interval");
}

#[test]
fn a_policy_refuses_it() {
    let mut bench = Bench::new(4);
    let (a, b) = (bench.add_dual(), bench.add_dual());
    let (of_a, _) = bench.page(a, b, 1);
    let handle = of_a.to_le_bytes();
    assert_eq!(bench.classic(a, 0x0803, &[&handle, &HALF_A_SECOND]), [0x0c], "our policy");
    bench.classic_ok(a, 0x080d, &[&handle, &hex!("0500")]);
    bench.classic_ok(a, 0x0803, &[&handle, &HALF_A_SECOND]);
    let refused = [&[0x24][..], &handle, &hex!("00 0000")].concat();
    assert_eq!(bench.event_of(a, 0x14), refused, "that of the other side");
    assert_eq!(bench.count(b, 0x14), 0);
    bench.no_violations();
}

#[test]
fn no_role_switch_in_sniff_mode() {
    let mut pair = pair(5);
    pair.sniff(1);
    let (a, b) = (pair.ends[0].0, pair.ends[1].0);
    assert_eq!(pair.bench.classic(a, 0x080b, &[&bd_addr(b), &[1]]), [0x0c]);
}
