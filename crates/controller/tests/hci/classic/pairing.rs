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
        let (a, b) = (self.a, self.b);
        self.bench.classic_ok(a, 0x0411, &[&self.handle]);
        assert_eq!(self.bench.event_of(a, 0x17), bd_addr(b));
        self.ok(a, 0x040c, &[]);
        assert_eq!(self.bench.event_of(a, 0x31), bd_addr(b));
        self.ok(a, 0x042b, &of_a);
        assert_eq!(self.bench.event_of(b, 0x32), [&bd_addr(a)[..], &of_a].concat());
        assert_eq!(self.bench.event_of(b, 0x31), bd_addr(a));
        self.ok(b, 0x042b, &of_b);
        assert_eq!(self.bench.event_of(a, 0x32), [&bd_addr(b)[..], &of_b].concat());
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

#[test]
fn out_of_band_data() {
    for (secure, extended, change, kind) in
        [(true, true, false, Some(8)), (false, false, false, Some(5)), (true, true, true, None)]
    {
        let mut pair = Pair::new(secure);
        let read = if extended { 0x0c7d } else { 0x0c57 };
        let mut data = pair.bench.classic_ok(pair.b, read, &[])[1..].to_vec();
        assert_eq!(data.len(), if extended { 64 } else { 32 });
        *data.last_mut().unwrap() ^= u8::from(change);
        pair.begin([NOTHING, if extended { 3 } else { 1 }, 4], [NOTHING, 0, 4]);
        pair.bench.event_of(pair.a, 0x35);
        pair.ok(pair.a, if extended { 0x0445 } else { 0x0430 }, &data);
        match kind {
            Some(kind) => pair.succeeds(kind),
            None => pair.fails(0x05),
        }
    }
    let mut pair = Pair::new(true);
    pair.begin([NOTHING, 1, 4], [NOTHING, 0, 4]);
    pair.bench.event_of(pair.a, 0x35);
    pair.ok(pair.a, 0x0433, &[]);
    pair.fails(0x05);
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
