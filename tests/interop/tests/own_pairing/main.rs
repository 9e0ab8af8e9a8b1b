//! Our host pairs with Bumble, in both roles, by every method.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

mod bonds;
mod capabilities;
mod kept;
mod legacy;
mod oob;
mod table;
mod world;
