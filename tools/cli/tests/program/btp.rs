//! `bindrune btp`: testers drive two hosts on one air, by the protocol alone.
#![expect(clippy::wildcard_enum_match_arm, reason = "a tester waits for one message of many")]

mod client;
mod gap;
mod gatt;
mod l2cap;
mod pairing;
mod protocol;
