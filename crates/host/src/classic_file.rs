//! Bonds of BR/EDR in a file of bonds.

use std::{path::Path, vec::Vec};

use bindrune_classic::security::{Bond, KeyKind};
use bindrune_wire::{Address, Level};

use crate::{FileStore, FileStoreError, RecordId};

/// A bond of BR/EDR in a file, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicFileBond {
    /// Address of the peer.
    pub peer: Address,
    /// The address of this device that the peer bonded with.
    pub local: Address,
    /// When the key was made, in seconds since 1970.
    pub created: u64,
    /// Kind of the key.
    pub kind: KeyKind,
    /// Protected against a man in the middle.
    pub authenticated: bool,
    /// Level of a link encrypted with this bond.
    pub level: Level,
}

impl FileStore {
    /// Reads the bonds of BR/EDR in a file, as [`Self::list`] those of LE.
    ///
    /// # Errors
    ///
    /// Those of [`Self::list`].
    pub fn list_classic(path: impl AsRef<Path>) -> Result<Vec<ClassicFileBond>, FileStoreError> {
        Self::list_records(path.as_ref(), |id, created, record| {
            let RecordId::Classic(_) = id else { return None };
            let bond = Bond::read(record).ok()?;
            Some(ClassicFileBond {
                peer: bond.peer,
                local: bond.local,
                created,
                kind: bond.kind,
                authenticated: bond.authenticated,
                level: bond.level(),
            })
        })
    }

    /// Removes a bond of BR/EDR, as [`Self::remove`] one of LE.
    ///
    /// # Errors
    ///
    /// Those of [`Self::remove`].
    pub fn remove_classic(&mut self, peer: Address) -> Result<bool, FileStoreError> {
        self.remove_record(RecordId::Classic(peer))
    }
}

#[cfg(test)]
mod tests {
    use bindrune_classic::security::Secret;
    use bindrune_wire::Writer;

    use super::*;
    use crate::BondStore as _;

    #[test]
    fn a_bond_is_listed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bonds");
        let (peer, local) = (Address::public([1; 6]), Address::public([2; 6]));
        let kind = KeyKind::Authenticated256;
        let bond = Bond::new(peer, local, Secret::new([7; 16]), kind, true);
        let mut record = [0; Bond::SIZE];
        bond.write(&mut Writer::new(&mut record)).unwrap();

        let mut store = FileStore::open(&path).unwrap();
        let id = RecordId::Classic(peer);
        embassy_futures::block_on(store.store(id, &record)).unwrap();
        let listed = FileStore::list_classic(&path).unwrap();
        let [listed] = <[ClassicFileBond; 1]>::try_from(listed).unwrap();
        assert_eq!((listed.peer, listed.local, listed.kind), (peer, local, kind));
        assert_eq!((listed.authenticated, listed.level), (true, bond.level()));
        assert_eq!(FileStore::list(&path).unwrap(), []);
        assert!(!store.remove(peer).unwrap());
        assert!(store.remove_classic(peer).unwrap());
        assert_eq!(FileStore::list_classic(&path).unwrap(), []);
    }
}
