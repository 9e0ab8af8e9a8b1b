//! Secure Simple Pairing, in all association models.

use bindrune_controller::ControllerId;

use super::bd_addr;
use crate::bench::{Bench, MS};

const DISPLAY_ONLY: u8 = 0;
const YES_NO: u8 = 1;
const KEYBOARD: u8 = 2;
const NOTHING: u8 = 3;

struct Pair {
    bench: Bench,
    a: ControllerId,
    b: ControllerId,
    handle: [u8; 2],
}

/// IO capability, out-of-band data, requirements.
type Io = [u8; 3];

impl Pair {
    /// Two hosts with Secure Simple Pairing, and Secure Connections if `secure`, and a link between them.
    fn new(secure: bool) -> Self {
        let mut bench = Bench::new(9);
        let (a, b) = (bench.add_dual(), bench.add_dual());
        Self::with(bench, a, b, secure)
    }

    /// Turns Secure Connections on, and makes a link.
    fn between(bench: Bench, a: ControllerId, b: ControllerId) -> Self {
        Self::with(bench, a, b, true)
    }

    fn with(mut bench: Bench, a: ControllerId, b: ControllerId, secure: bool) -> Self {
        for id in [a, b] {
            bench.classic_ok(id, 0x0c56, &[&[1]]);
            bench.classic_ok(id, 0x0c7a, &[&[secure.into()]]);
        }
        let (handle, _) = bench.page(a, b, 1);
        Self { bench, a, b, handle: handle.to_le_bytes() }
    }

    fn ok(&mut self, id: ControllerId, opcode: u16, rest: &[u8]) {
        let peer = bd_addr(if id == self.a { self.b } else { self.a });
        let answer = self.bench.classic_ok(id, opcode, &[&peer, rest]);
        assert_eq!(answer[1..], peer);
    }

    /// Begins to pair, until the public keys are exchanged.
    fn begin(&mut self, of_a: Io, of_b: Io) {
        self.announce(of_a, of_b, [of_a[1], of_b[1]]);
    }

    /// Begins to pair; the other side learns only whether there is out-of-band data for the keys in use.
    fn announce(&mut self, of_a: Io, of_b: Io, [seen_a, seen_b]: [u8; 2]) {
        let (a, b) = (self.a, self.b);
        self.bench.classic_ok(a, 0x0411, &[&self.handle]);
        assert_eq!(self.bench.event_of(a, 0x17), bd_addr(b));
        self.ok(a, 0x040c, &[]);
        assert_eq!(self.bench.event_of(a, 0x31), bd_addr(b));
        self.ok(a, 0x042b, &of_a);
        assert_eq!(
            self.bench.event_of(b, 0x32),
            [&bd_addr(a)[..], &[of_a[0], seen_a, of_a[2]]].concat()
        );
        assert_eq!(self.bench.event_of(b, 0x31), bd_addr(a));
        self.ok(b, 0x042b, &of_b);
        assert_eq!(
            self.bench.event_of(a, 0x32),
            [&bd_addr(b)[..], &[of_b[0], seen_b, of_b[2]]].concat()
        );
    }

    /// Expects the end of a pairing that succeeded: the same key of this type at both ends.
    fn succeeds(&mut self, kind: u8) {
        let mut keys = Vec::new();
        for (id, peer) in [(self.a, self.b), (self.b, self.a)] {
            assert_eq!(self.bench.event_of(id, 0x36), [&[0][..], &bd_addr(peer)].concat());
            let key = self.bench.event_of(id, 0x18);
            assert_eq!((&key[..6], key[22]), (&bd_addr(peer)[..], kind));
            keys.push(key[6..22].to_vec());
        }
        assert_eq!(keys[0], keys[1]);
        assert_eq!(self.bench.event_of(self.a, 0x06), [&[0][..], &self.handle].concat());
        self.bench.no_violations();
    }

    fn fails(&mut self, status: u8) {
        for (id, peer) in [(self.a, self.b), (self.b, self.a)] {
            assert_eq!(self.bench.event_of(id, 0x36), [&[status][..], &bd_addr(peer)].concat());
        }
        assert_eq!(self.bench.event_of(self.a, 0x06), [&[status][..], &self.handle].concat());
        assert_eq!(self.bench.count(self.a, 0x18) + self.bench.count(self.b, 0x18), 0);
        self.bench.no_violations();
    }

    fn values(&mut self) -> (Vec<u8>, Vec<u8>) {
        let (a, b) = (self.a, self.b);
        (self.bench.event_of(a, 0x33)[6..].to_vec(), self.bench.event_of(b, 0x33)[6..].to_vec())
    }
}

#[test]
fn numeric_comparison() {
    for (secure, io, kind) in [
        (true, [YES_NO, YES_NO], 8),
        (false, [YES_NO, YES_NO], 5),
        (true, [YES_NO, NOTHING], 7),
        (false, [DISPLAY_ONLY, YES_NO], 4),
    ] {
        let mut pair = Pair::new(secure);
        pair.begin([io[0], 0, 5], [io[1], 0, 4]);
        let (a, b) = pair.values();
        assert_eq!(a, b, "both show one number");
        assert!(u32::from_le_bytes(a[..].try_into().unwrap()) < 1_000_000);
        pair.ok(pair.b, 0x042c, &[]);
        pair.bench.run(MS(100));
        assert_eq!(pair.bench.count(pair.b, 0x36), 0, "the other host has not answered");
        pair.ok(pair.a, 0x042c, &[]);
        pair.succeeds(kind);
    }
}

#[test]
fn without_protection_the_key_is_unauthenticated() {
    let mut pair = Pair::new(true);
    pair.begin([YES_NO, 0, 4], [YES_NO, 0, 2]);
    pair.values();
    pair.ok(pair.a, 0x042c, &[]);
    pair.ok(pair.b, 0x042c, &[]);
    pair.succeeds(7);
}

#[test]
fn a_number_that_a_user_refuses() {
    for first in [true, false] {
        let mut pair = Pair::new(true);
        pair.begin([YES_NO, 0, 5], [YES_NO, 0, 5]);
        pair.values();
        pair.ok(if first { pair.a } else { pair.b }, 0x042d, &[]);
        pair.fails(0x05);
    }
}

#[test]
fn passkey_shown_and_entered() {
    for (secure, shown_at_a, kind) in [(true, true, 8), (false, false, 5)] {
        let mut pair = Pair::new(secure);
        let (io, show, enter) = if shown_at_a {
            ([DISPLAY_ONLY, KEYBOARD], pair.a, pair.b)
        } else {
            ([KEYBOARD, DISPLAY_ONLY], pair.b, pair.a)
        };
        pair.begin([io[0], 0, 5], [io[1], 0, 5]);
        let passkey = pair.bench.event_of(show, 0x3b)[6..].to_vec();
        pair.bench.event_of(enter, 0x34);
        pair.ok(enter, 0x0c60, &[1]);
        assert_eq!(pair.bench.event_of(show, 0x3c)[6], 1);
        pair.ok(enter, 0x042e, &passkey);
        pair.succeeds(kind);
    }
}

#[test]
fn two_keyboards_and_a_wrong_passkey() {
    for (typed, kind) in [(123_456_u32, Some(8)), (123_457, None)] {
        let mut pair = Pair::new(true);
        pair.begin([KEYBOARD, 0, 5], [KEYBOARD, 0, 5]);
        pair.bench.event_of(pair.a, 0x34);
        pair.bench.event_of(pair.b, 0x34);
        pair.ok(pair.a, 0x042e, &123_456_u32.to_le_bytes());
        pair.ok(pair.b, 0x042e, &typed.to_le_bytes());
        match kind {
            Some(kind) => pair.succeeds(kind),
            None => pair.fails(0x05),
        }
    }
    let mut pair = Pair::new(true);
    pair.begin([DISPLAY_ONLY, 0, 5], [KEYBOARD, 0, 5]);
    pair.bench.event_of(pair.b, 0x34);
    pair.ok(pair.b, 0x042f, &[]);
    pair.fails(0x05);
}

/// Reads new out-of-band data of a host: C and R of P-192, then of P-256 if `extended`.
fn read(pair: &mut Pair, id: ControllerId, extended: bool) -> Vec<u8> {
    let opcode = if extended { 0x0c7d } else { 0x0c57 };
    let data = pair.bench.classic_ok(id, opcode, &[])[1..].to_vec();
    assert_eq!(data.len(), if extended { 64 } else { 32 });
    data
}

/// Answers the request of `id` for the data of its peer.
fn give(pair: &mut Pair, id: ControllerId, data: &[u8]) {
    let peer = bd_addr(if id == pair.a { pair.b } else { pair.a });
    assert_eq!(pair.bench.event_of(id, 0x35), peer);
    pair.ok(id, if data.len() == 64 { 0x0445 } else { 0x0430 }, data);
}

#[test]
fn out_of_band_data_of_either_side_or_of_both() {
    for (secure, kind) in [(true, 8), (false, 5)] {
        for (to_a, to_b) in [(true, false), (false, true), (true, true)] {
            let mut pair = Pair::new(secure);
            let (a, b) = (pair.a, pair.b);
            let (of_a, of_b) = (read(&mut pair, a, secure), read(&mut pair, b, secure));
            let given = |given: bool| {
                if given { [NOTHING, 1 + u8::from(secure), 4] } else { [NOTHING, 0, 4] }
            };
            pair.announce(given(to_a), given(to_b), [to_a, to_b].map(u8::from));
            if to_b {
                give(&mut pair, b, &of_a);
            }
            if to_a {
                give(&mut pair, a, &of_b);
            }
            pair.succeeds(kind);
            assert_eq!(pair.bench.count(a, 0x35) + pair.bench.count(b, 0x35), 0);
        }
    }
}

#[test]
fn a_changed_octet_of_out_of_band_data() {
    for (secure, len, used) in [(true, 64, 32..64), (false, 32, 0..32)] {
        for at in (0..len).step_by(7) {
            let mut pair = Pair::new(secure);
            let b = pair.b;
            let mut data = read(&mut pair, b, secure);
            data[at] ^= 0x80;
            pair.announce([NOTHING, 3, 4], [NOTHING, 0, 4], [1, 0]);
            let a = pair.a;
            give(&mut pair, a, &data);
            if used.contains(&at) {
                pair.fails(0x05);
            } else {
                pair.succeeds(8);
            }
        }
    }
}

#[test]
fn out_of_band_data_that_is_no_longer_valid() {
    let mut pair = Pair::new(true);
    let (a, b) = (pair.a, pair.b);
    let old = read(&mut pair, b, true);
    let new = read(&mut pair, b, true);
    assert_ne!(old, new);
    pair.announce([NOTHING, 2, 4], [NOTHING, 0, 4], [1, 0]);
    give(&mut pair, a, &old);
    pair.fails(0x05);
    // Data of P-192 alone replaces that of P-256.
    read(&mut pair, b, false);
    pair.announce([NOTHING, 2, 4], [NOTHING, 0, 4], [1, 0]);
    give(&mut pair, a, &new);
    pair.fails(0x05);
}

#[test]
fn out_of_band_data_that_no_host_has_made() {
    for data in [&[0; 64][..], &[0; 32]] {
        let mut pair = Pair::new(true);
        pair.announce([NOTHING, 3, 4], [NOTHING, 0, 4], [1, 0]);
        let a = pair.a;
        give(&mut pair, a, data);
        pair.fails(0x05);
    }
}

#[test]
fn out_of_band_data_of_another_device() {
    let mut pair = Pair::new(true);
    let (a, b) = (pair.a, pair.b);
    let own = read(&mut pair, a, true);
    read(&mut pair, b, true);
    pair.announce([NOTHING, 2, 4], [NOTHING, 0, 4], [1, 0]);
    give(&mut pair, a, &own);
    pair.fails(0x05);
}

#[test]
fn a_host_without_the_data_that_it_announced() {
    let mut pair = Pair::new(true);
    pair.announce([NOTHING, 2, 4], [NOTHING, 0, 4], [1, 0]);
    pair.bench.event_of(pair.a, 0x35);
    pair.ok(pair.a, 0x0433, &[]);
    pair.fails(0x05);
}

#[test]
fn out_of_band_data_of_the_other_curve_does_not_count() {
    let mut pair = Pair::new(true);
    pair.announce([NOTHING, 1, 4], [NOTHING, 0, 4], [0, 0]);
    pair.values();
    pair.ok(pair.a, 0x042c, &[]);
    pair.ok(pair.b, 0x042c, &[]);
    pair.succeeds(7);
}

#[test]
fn a_reset_loses_out_of_band_data() {
    let mut pair = Pair::new(true);
    let b = pair.b;
    let data = read(&mut pair, b, true);
    pair.bench.classic_ok(b, 0x0c03, &[]);
    pair.bench.classic_ok(b, 0x0c01, &[&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]]);
    pair.bench.classic_ok(b, 0x0c1a, &[&[3]]);
    pair.bench.run(MS(30_000));
    let mut again = Pair::between(pair.bench, pair.a, b);
    again.announce([NOTHING, 2, 4], [NOTHING, 0, 4], [1, 0]);
    let a = again.a;
    give(&mut again, a, &data);
    again.fails(0x05);
}

#[test]
fn a_host_does_not_pair() {
    let mut pair = Pair::new(true);
    let (a, b) = (pair.a, pair.b);
    pair.bench.classic_ok(a, 0x0411, &[&pair.handle]);
    pair.bench.event_of(a, 0x17);
    pair.ok(a, 0x040c, &[]);
    pair.bench.event_of(a, 0x31);
    pair.ok(a, 0x042b, &[YES_NO, 0, 5]);
    pair.bench.event_of(b, 0x31);
    pair.ok(b, 0x0434, &[0x18]);
    pair.fails(0x18);
}

#[test]
fn a_silent_user_ends_the_link() {
    let mut pair = Pair::new(true);
    pair.begin([YES_NO, 0, 5], [YES_NO, 0, 5]);
    pair.values();
    let start = pair.bench.now;
    pair.fails(0x22);
    assert!((pair.bench.now - start) < MS(30_100));
    assert_eq!(
        (pair.bench.event_of(pair.a, 0x05)[3], pair.bench.event_of(pair.b, 0x05)[3]),
        (0x22, 0x22)
    );
}
