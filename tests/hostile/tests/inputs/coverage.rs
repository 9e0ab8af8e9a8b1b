//! Every row is run.

use bindrune_corpus::rows;

use crate::{
    acl, advertising_data, att_client, att_server, bonds, channels, h4, hci, pairing, security,
    signalling,
};

const RUN: [&[&str]; 14] = [
    h4::CASES,
    hci::CASES,
    acl::CASES,
    signalling::CASES,
    channels::CASES,
    att_server::CASES,
    att_client::CASES,
    advertising_data::CASES,
    pairing::features::CASES,
    pairing::steps::CASES,
    pairing::keys::CASES,
    pairing::conduct::CASES,
    bonds::CASES,
    security::CASES,
];

#[test]
fn every_row_is_run_once() {
    let mut run: Vec<String> = RUN.concat().iter().map(|id| id.to_uppercase()).collect();
    let mut rows: Vec<&str> = rows().map(|row| row.id).collect();
    run.sort_unstable();
    rows.sort_unstable();
    assert_eq!(run, rows);
}
