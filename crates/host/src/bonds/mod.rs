//! Where bonds outlive the host.

mod store;

pub use store::{BondStore, Loaded, NoStore, RecordId};
