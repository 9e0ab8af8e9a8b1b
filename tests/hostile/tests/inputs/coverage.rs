//! Every row of the layers is run, or has a reason not to be.

use bindrune_corpus::rows;

use crate::{
    acl, advertising_data, att_client, att_server, bonds, channels, h4, hci, security, signalling,
};

/// The layers of this test; pairing is tested with pairing.
const LAYERS: [&str; 9] =
    ["H4", "HCI", "ACL", "L2CAP-sig", "L2CAP-CoC", "ATT-srv", "ATT-cli", "AD", "bond"];

const RUN: [&[&str]; 10] = [
    h4::CASES,
    hci::CASES,
    acl::CASES,
    signalling::CASES,
    channels::CASES,
    att_server::CASES,
    att_client::CASES,
    advertising_data::CASES,
    bonds::CASES,
    security::CASES,
];

/// Rows that are not run, and why.
const EXCUSED: &[(&str, &str)] = &[
    ("B02", "crates/host/src/bonds: the power is cut at every step by the tests of the stores"),
    ("B05", "tests/pair: a full table refuses to pair; the tests of FlashStore fill the store"),
    ("Q37", "signed writes are ignored, whatever their signature"),
    ("Q38", "signed writes are ignored, whatever their signature"),
];

#[test]
fn every_row_is_run_or_excused() {
    let run: Vec<String> = RUN.concat().iter().map(|id| id.to_uppercase()).collect();
    let mut counts = [0; 2];
    let mut open = Vec::new();
    for row in rows().filter(|row| LAYERS.contains(&row.layer)) {
        let is_run = run.iter().any(|id| id == row.id);
        let is_excused = EXCUSED.iter().any(|(id, _)| *id == row.id);
        match (is_run, is_excused) {
            (true, false) => counts[0] += 1,
            (false, true) => counts[1] += 1,
            _ => open.push(row.id),
        }
    }
    println!("{} rows run, {} excused", counts[0], counts[1]);
    for (id, reason) in EXCUSED {
        println!("{id}: {reason}");
    }
    assert!(open.is_empty(), "neither run nor excused, or both: {open:?}");
    assert_eq!(counts, [run.len(), EXCUSED.len()], "a case without a row");
}
