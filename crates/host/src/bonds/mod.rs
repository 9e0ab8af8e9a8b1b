//! Stores that keep bonds beyond the life of the host.

#[cfg(feature = "std")]
mod file;
#[cfg(feature = "flash")]
mod flash;
mod store;
#[cfg(test)]
#[cfg(feature = "std")]
mod testing;

#[cfg(feature = "std")]
pub use file::{FileBond, FileStore, FileStoreError};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use file::{bond_file, bond_file_seeds};
#[cfg(feature = "flash")]
pub use flash::{FlashStore, FlashStoreError};
pub use store::{BondStore, Loaded, NoStore, RecordId};
