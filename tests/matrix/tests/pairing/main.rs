//! Both roles face to face, over the whole product of what two devices can differ in: whole hosts, in virtual time.
//!
//! What is reported is what the specification's table says, and is what the keys in both stores are worth; users are
//! asked what the model needs and nothing else; no bond gives way to a weaker one, and none without the user.
//!
//! | dimension | values |
//! |---|---|
//! | IO capability, of each side | 5 × 5 |
//! | MITM, of each side | 2 × 2 |
//! | LE Secure Connections, of each side | 2 × 2 |
//! | out-of-band data of the peer, at each side | 2 × 2 |
//! | shortest and longest key: 16 to 16, 7 to 16, 7 to 7 octets, of each side | 3 × 3 |
//! | bonded before: not at all, or with any of the strengths that there are | 9 |
//!
//! Bonds of every strength are, whatever two devices achieve, the weaker, the equal and the stronger ones, and those that
//! are better in one respect and worse in another. A bond with a key of 7 octets is of no use to a side that accepts
//! only 16: so the bond that one side alone can use is there too.
//!
//! What is not a dimension: `require` and `legacy` can only make a pairing fail that would succeed here, before
//! anybody is asked anything; whether a side bonds, and which keys it gives, changes nothing of what the link is worth. The
//! tests of `bindrune-pair` and of `bindrune-smp` have them.
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

/// Every device.
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

/// Every device with every other one, after every bond.
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

/// Runs all of `cases` on as many threads as there are cores; gives how many ran, and how often they tried to pair.
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

/// Writes past the capture of the test harness: how many there were is part of the result.
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
    // The product of the table above. Each that pairs is tried with a user who refuses, too.
    assert_eq!(ran, 25 * 4 * 4 * 4 * 9 * 9);
    assert_eq!((pair, attempts), (44_244, ran + pair));
}
