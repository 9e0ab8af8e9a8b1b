//! Whole hosts against each other, on an air that loses packets, in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "these are tests"
)]

mod advertise;
mod ask;
mod bytes;
mod capture;
mod channel;
mod connect;
mod controller;
mod cost;
mod discover;
mod drop;
mod fair;
mod fixed;
mod held;
mod limit;
mod limits;
mod link;
mod named;
mod order;
mod push;
mod room;
mod same;
mod say;
mod security;
mod several;
mod share;
mod shutdown;
mod sizes;
mod standard;
mod table;
mod trace;
mod transfer;
mod turns;
mod update;
mod value;
