//! Virtual controllers, driven by raw HCI in virtual time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

mod bench;
mod classic;
mod fuzz;
mod life;
mod p256;
mod privacy;
mod procedures;
mod timing;
mod violations;
mod world;
