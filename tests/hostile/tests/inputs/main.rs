//! Each row of the table of bad inputs, against a whole host; and random ones.
//!
//! The layers are modules; each case carries the name of its row, and its body says what the right answer is.
//! `coverage` fails where a row is not run. After each row of pairing and of bonds, a fresh pairing works.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

/// Makes a test of each row, and a list of all of them. A body takes the row.
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
mod advertising_data;
mod att_client;
mod att_early;
mod att_server;
mod bond;
mod bonds;
mod channels;
mod chunks;
mod coverage;
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

/// The row that a case is named after, in small letters.
fn row(id: &str) -> Row {
    rows().find(|row| row.id.eq_ignore_ascii_case(id)).unwrap_or_else(|| panic!("no row {id}"))
}

/// The packets of a row, all repetitions of them.
fn parts(row: &Row) -> Vec<Vec<u8>> {
    row.packets(usize::MAX)
}
