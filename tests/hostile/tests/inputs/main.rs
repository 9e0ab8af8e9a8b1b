//! Each row of the table of bad inputs against a whole host, and random inputs.
//!
//! The modules are the layers. Each case has the name of its row, and its body checks the right answer.
//! `coverage` fails if a row is not run. After each row of pairing and of bonds, a new pairing works.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

/// Creates a test for each row, and a list of all rows. A body takes the row.
macro_rules! cases {
    ($($id:ident: $body:expr,)*) => {
        pub(crate) const CASES: &[&str] = &[$(stringify!($id)),*];

        mod row {
            use super::*;

            $(#[test]
            fn $id() {
                let body: fn(&bindrune_corpus::Row) = $body;
                body(&crate::row(stringify!($id)));
            })*
        }
    };
}

mod acl;
mod address_mode;
mod advertising_data;
mod att_client;
mod att_early;
mod att_server;
mod bond;
mod bonds;
mod channels;
mod chunks;
mod classic;
mod coverage;
mod flood;
mod h4;
mod hci;
mod order;
mod output;
mod pairing;
mod pauses;
mod random;
mod recovery;
mod requests;
mod scene;
mod security;
mod shell;
mod signalling;
mod trust;
mod unanswered;

use bindrune_corpus::{Row, rows};

/// Returns the row of a case, whose name is in lower case.
fn row(id: &str) -> Row {
    rows().find(|row| row.id.eq_ignore_ascii_case(id)).unwrap_or_else(|| panic!("no row {id}"))
}

/// Returns the packets of a row, with all repetitions.
fn parts(row: &Row) -> Vec<Vec<u8>> {
    row.packets(usize::MAX)
}
