//! Both roles against each other, over all combinations of two devices: whole hosts, in virtual time.
//!
//! The reported result equals the specification's table and the strength of the keys in both stores. Users get only the
//! questions that the model needs. No bond is replaced by a weaker one, or without the user.
//!
//! | dimension | values |
//! |---|---|
//! | IO capability, of each side | 5 × 5 |
//! | MITM, of each side | 2 × 2 |
//! | LE Secure Connections, of each side | 2 × 2 |
//! | out-of-band data of the peer, at each side | 2 × 2 |
//! | shortest and longest key: 16 to 16, 7 to 16, 7 to 7 bytes, of each side | 3 × 3 |
//! | earlier bond: none, or with any strength | 9 |
//!
//! The earlier bonds include weaker, equal and stronger ones than the devices achieve, and bonds that are better in one
//! respect and worse in another. A side that accepts only keys of 16 bytes cannot use a bond with a key of 7 bytes, so
//! bonds that only one side can use are also included.
//!
//! Not a dimension: `require` and `legacy` can only make a pairing fail that would succeed here, before users get a
//! question; whether a side bonds, and which keys it distributes, does not change the level of the link. The
//! tests of `bindrune-pair` and of `bindrune-smp` cover them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "these are tests"
)]

mod devices;
mod keys;
mod table;

use std::{
    io::{Write, stderr},
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use bindrune::IoCapability;

use devices::Bench;
use table::{Side, Strength, expected};

/// One pairing of two devices.
#[derive(Clone, Copy, Debug)]
struct Case {
    central: Side,
    peripheral: Side,
    before: Option<Strength>,
}

const FLAGS: [bool; 2] = [false, true];
const SIZES: [(u8, u8); 3] = [(16, 16), (7, 16), (7, 7)];

/// Returns every device.
fn sides() -> Vec<Side> {
    let mut sides = Vec::new();
    for io in IoCapability::ALL {
        for mitm in FLAGS {
            for secure in FLAGS {
                for oob in FLAGS {
                    sides.extend(SIZES.map(|sizes| Side { io, mitm, secure, oob, sizes }));
                }
            }
        }
    }
    sides
}

/// Returns every device with every other one, after every bond.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for central in sides() {
        for peripheral in sides() {
            let bonds = Strength::ALL.map(Some);
            for before in [None].into_iter().chain(bonds) {
                cases.push(Case { central, peripheral, before });
            }
        }
    }
    cases
}

/// Runs all `cases` on as many threads as there are cores; returns how many ran, and how often they tried to pair.
fn run_all(cases: &[Case]) -> [usize; 2] {
    let [next, ran, attempts] = [const { AtomicUsize::new(0) }; 3];
    let worker = || {
        let mut bench = Bench::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            attempts.fetch_add(bench.run(case), Ordering::Relaxed);
            ran.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(worker);
        }
    });
    [ran, attempts].map(AtomicUsize::into_inner)
}

/// Writes past the capture of the test harness: the numbers are part of the result.
fn print(text: &str) {
    stderr().write_all(text.as_bytes()).unwrap();
}

#[test]
fn every_combination() {
    let cases = cases();
    let succeed = |case: &&Case| expected(&case.central, &case.peripheral, case.before).is_ok();
    let pair = cases.iter().filter(succeed).count();
    let [ran, attempts] = run_all(&cases);
    print(&format!(
        "pairing: {ran} combinations ran, {pair} of them paired; {attempts} attempts\n"
    ));
    // The product of the table above. Each one that pairs also runs with a user who refuses.
    assert_eq!(ran, 25 * 4 * 4 * 4 * 9 * 9);
    assert_eq!((pair, attempts), (44_244, ran + pair));
}
