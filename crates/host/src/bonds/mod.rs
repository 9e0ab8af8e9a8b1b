//! Where bonds outlive the host.

#[cfg(feature = "std")]
mod file;
mod store;

#[cfg(feature = "std")]
pub use file::{FileBond, FileStore, FileStoreError};
pub use store::{BondStore, Loaded, NoStore, RecordId};
