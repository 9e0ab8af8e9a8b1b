//! A million random steps of a whole host: the fuzz body, with inputs of known seeds.
//!
//! `BINDRUNE_SEED`, a number, selects other inputs. A failure prints its seed, and the shortest input that
//! fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "test code")]

use std::{collections::BTreeMap, env, thread};

use bindrune_hostile::fuzz::{fuzz, take_reached};

/// Total number of steps.
const STEPS: u64 = 1_000_000;
/// Number of threads that share the steps, each with its own seeds.
const THREADS: u64 = 2;

/// Events of BR/EDR, which a quarter of the lives has.
const CLASSIC: [&str; 39] = [
    "a life with BR/EDR",
    "a link to a peer of BR/EDR",
    "a link of a peer of BR/EDR",
    "an end of a link of BR/EDR",
    "a channel of BR/EDR, basic",
    "a channel of BR/EDR, enhanced",
    "a channel of BR/EDR, streaming",
    "a channel of BR/EDR for the application",
    "a channel beside those of another peer",
    "a datagram of BR/EDR",
    "a datagram of the host, basic",
    "a datagram of the host, enhanced",
    "a datagram of the host, streaming",
    "a datagram of the host that must not be lost",
    "a flush, enhanced",
    "a connection of RFCOMM",
    "bytes of RFCOMM",
    "a search",
    "a search that fails",
    "a response of SDP",
    "a pairing of BR/EDR",
    "a pairing with data of the host",
    "a pairing with data of the peer",
    "wrong out-of-band data",
    "out-of-band data of the host",
    "a key of BR/EDR",
    "a wrong key of BR/EDR",
    "encryption of BR/EDR",
    "encryption of BR/EDR ends",
    "a bond of BR/EDR is removed",
    "a packet timeout",
    "a false claim of out-of-band data",
    "a change of the role",
    "sniff mode",
    "active mode",
    "an echo of the host",
    "an echo of a peer",
    "settings of a port",
    "a line status of the host",
];

#[test]
fn a_million_random_steps_break_nothing() {
    let first: u64 = env::var("BINDRUNE_SEED").map_or(0, |seed| seed.parse().unwrap());
    let part = |number: u64| {
        let seed = first.wrapping_add(number << 32);
        fuzz(STEPS / THREADS, seed).map(|_| take_reached()).map_err(|failure| failure.to_string())
    };
    let all: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|number| scope.spawn(move || part(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut reached = BTreeMap::<_, u64>::new();
    let all = all.into_iter().map(|part| part.unwrap_or_else(|failure| panic!("{failure}")));
    for (what, times) in all.flatten() {
        *reached.entry(what).or_default() += times;
    }
    println!("{reached:#?}");
    // A body that no longer reaches these events would find nothing.
    for what in [
        "a bond in the store",
        "a confirmation",
        "a frame on a channel from the host",
        "a frame on a channel to the host",
        "a link as central",
        "a link as peripheral",
        "a notification or a command of the host",
        "a pairing, legacy",
        "a pairing, secure",
        "a pairing, secure and authenticated",
        "a recovery",
        "an ATT request of the host",
        "an ATT response",
        "encryption",
        "lost framing",
    ] {
        assert!(reached.get(what).is_some_and(|&times| times >= 100), "too rare: {what}");
    }
    for what in CLASSIC {
        assert!(reached.get(what).is_some_and(|&times| times >= 10), "too rare: {what}");
    }
}
