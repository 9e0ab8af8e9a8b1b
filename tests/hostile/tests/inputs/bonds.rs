//! Stores of bonds under a whole host: after each row a new pairing works, and its bond is in the store.

use std::{fs, path::PathBuf};

use bindrune::{
    Address, BondStore, FileStore, FileStoreError, Level, Loaded, Method, PairingConfig,
    PairingFailure, RecordId,
};
use bindrune_hostile::{Stall, Store, Until};
use bindrune_smp::{Bond, BondError, Key, Keys, LongTermKey};
use embassy_futures::block_on;

use crate::{
    bond::{KEY_REQUEST, bond, stored},
    pairing::{Couple, couple_with},
    scene::{PEER, config},
};

type Records = Vec<(RecordId, Vec<u8>)>;

/// Returns the address of peer number `n`, which is never the peer of the links.
fn peer(n: u8) -> Address {
    Address::random([0xc0, 0, 0, 0, 0, n])
}

/// Returns a bond with another peer, or with another key.
fn bond_with(peer: Address, key: u8) -> Bond {
    let ltk = Some(LongTermKey { key: Key::new([key; 16]), ediv: 0, rand: [0; 8] });
    let keys = Keys { local: ltk.clone(), peer: ltk, ..bond().keys };
    Bond { peer, keys: Keys { peer_identity: Some(peer), ..keys }, ..bond() }
}

/// Returns a stronger bond.
fn authenticated(peer: Address, key: u8) -> Bond {
    let method = Method::NumericComparison;
    Bond { method, authenticated: true, ..bond_with(peer, key) }
}

/// A file of bonds in its own folder.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(bonds: &[Bond]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = Self { path: folder.path().join("bonds"), _folder: folder };
        bonds.iter().for_each(|bond| file.put(bond));
        file
    }

    fn open(&self) -> FileStore {
        FileStore::open(&self.path).unwrap()
    }

    fn put(&self, bond: &Bond) {
        let (id, record) = stored(bond);
        let mut store = self.open();
        block_on(store.store(id, &record)).unwrap();
    }

    /// Returns what a host loads.
    fn load(&self) -> (Records, Loaded) {
        let store = self.open();
        let found = store.found();
        (Store::new(store).records(), found)
    }

    fn read(&self, ending: &str) -> Vec<u8> {
        fs::read(self.with(ending)).unwrap()
    }

    /// Writes one of the files; `None` removes it.
    fn write(&self, ending: &str, octets: Option<&[u8]>) {
        match octets {
            Some(octets) => fs::write(self.with(ending), octets).unwrap(),
            None => {
                let _absent = fs::remove_file(self.with(ending));
            }
        }
    }

    fn with(&self, ending: &str) -> PathBuf {
        self.path.with_file_name(format!("bonds{ending}"))
    }

    /// Checks that a host with these bonds pairs with the peer, and that the file then has that bond and
    /// all others.
    #[track_caller]
    fn serves(&self) {
        let before = self.load().0;
        let couple = couple_with(config(), Store::new(self.open()));
        assert_eq!(couple.link.b.host.bonds().count(), before.len());
        couple.pairs_afresh();
        let (after, found) = self.load();
        assert_eq!(found, Loaded { records: after.len(), ..Loaded::default() });
        let others = |records: &Records| {
            records
                .iter()
                .filter(|(id, _)| *id != RecordId::Peer(PEER))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(others(&after), others(&before));
        assert_eq!(after.len(), others(&before).len() + 1);
    }
}

/// Returns the key that the host gives to its central.
fn key_given(couple: &mut Couple) -> Vec<u8> {
    couple.link.b.sent();
    couple.link.b.inject(&KEY_REQUEST);
    couple.link.b.commands().remove(0).1[2..].to_vec()
}

/// Cuts the power while the host's store works; returns the key that the next host has.
fn key_after_cut(at: Stall) -> Vec<u8> {
    let store = Store::memory(&[stored(&bond_with(PEER, 0x0d))]);
    let mut couple = couple_with(config(), store.clone());
    store.stall(at);
    couple.begin(Until::End);
    let log = couple.link.log.borrow().clone();
    assert!(!log.iter().any(|event| event.starts_with("Paired(")), "{log:?}");
    let new = couple.peer.outcome().unwrap().keys.peer.clone().unwrap();
    couple.link.b.abandon();
    let mut couple = couple_with(config(), Store::memory(&store.records()));
    let key = key_given(&mut couple);
    assert!(key == [0x0d; 16] || key == new.key.octets(), "{key:02x?}");
    couple.pairs_afresh();
    key
}

cases! {
    b01: |_| {
        // The file is truncated at every octet; the copy has the last valid generation.
        let file = File::new(&[bond_with(PEER, 0x11), bond_with(peer(2), 0x22)]);
        let whole = file.read("");
        let (records, listed) = (file.load().0, FileStore::list(&file.path).unwrap());
        for at in 0..whole.len() {
            file.write("", Some(&whole[..at]));
            assert_eq!(FileStore::list(&file.path).unwrap(), listed, "octet {at}");
            if at % 64 == 0 {
                let (found, Loaded { damaged, duplicates, .. }) = file.load();
                assert_eq!((found, damaged, duplicates), (records.clone(), 0, 0), "octet {at}");
                file.serves();
                ["", "~"].into_iter().for_each(|name| file.write(name, Some(&whole)));
            }
        }
    },
    b02: |_| {
        // Possible contents of a file and its copy at each step from the old bond to the new one.
        let file = File::new(&[bond_with(peer(2), 0x22), bond_with(PEER, 0x0d)]);
        let (old, before) = (file.read(""), file.load().0);
        file.put(&bond_with(PEER, 0x0e));
        let (new, after) = (file.read(""), file.load().0);
        let begun = [0, 32, new.len() / 2, new.len()].map(|len| Some(&new[..len]));
        for (main, copy, expected) in
            [(&old, &old, &before), (&new, &old, &after), (&new, &new, &after)]
        {
            for part in begun.into_iter().chain([None]) {
                let states = [("", Some(&main[..])), ("~", Some(&copy[..])), (".new", part)];
                states.into_iter().for_each(|(ending, octets)| file.write(ending, octets));
                assert_eq!(&file.load().0, expected);
                file.serves();
            }
        }
        assert_eq!(key_after_cut(Stall::Before), [0x0d; 16]);
        assert_ne!(key_after_cut(Stall::After), [0x0d; 16]);
    },
    b04: |_| {
        // A record of a future version cannot be read, and is not overwritten.
        let file = File::new(&[]);
        let (id, mut newer) = stored(&bond());
        newer[0] = Bond::VERSION + 1;
        block_on(file.open().store(id, &newer)).unwrap();
        let mut couple = couple_with(config(), Store::new(file.open()));
        couple.begin(Until::End);
        couple.has_failed(PairingFailure::BondStore);
        assert_eq!(couple.link.b.host.bonds().count(), 0);
        assert_eq!(couple.link.b.store().records(), [(id, newer.clone())]);
        // Without a bond, or with another peer, this store causes no failure.
        let (_conn, log, other) = couple.meets([peer(1); 2], 0x41);
        assert!(other.outcome().is_some_and(|outcome| outcome.bonded), "{log:?}");
        assert_eq!(couple.link.b.store().records().len(), 2);
        drop(couple);
        let unbonded = PairingConfig { bonding: false, ..PairingConfig::DEFAULT };
        let mut couple = couple_with(config().pairing(unbonded), Store::new(file.open()));
        couple.begin(Until::End);
        assert!(couple.peer.outcome().is_some_and(|outcome| !outcome.bonded));
        assert_eq!(couple.link.conn.security().unwrap().level, Level::Encrypted);
        drop(couple);
        let records = file.load().0;
        assert!(records.len() == 2 && records.contains(&(id, newer)));
        // A whole file of a future version is not opened; another store works.
        let mut octets = file.read("");
        octets[14] += 1;
        let sum = crc32c(&octets[..28]).to_le_bytes();
        octets[28..32].copy_from_slice(&sum);
        file.write("", Some(&octets));
        let refused = FileStore::open(&file.path).unwrap_err();
        assert!(matches!(refused, FileStoreError::Newer { .. }), "{refused}");
        assert_eq!(file.read(""), octets);
        File::new(&[]).serves();
    },
    b05: |_| {
        // There are two entries: of an absent peer with a stronger bond, and of a connected peer.
        let bonds = [stored(&bond()), stored(&authenticated(peer(1), 0x11))];
        let mut couple = couple_with(config().bonds(2), Store::memory(&bonds));
        let (_conn, log, other) = couple.meets([peer(3); 2], 0x41);
        assert!(other.outcome().is_none());
        assert_eq!(log.borrow()[..], ["PairingFailed(BondsFull)"]);
        assert_eq!(couple.link.b.store().records(), bonds);
        assert_eq!(couple.link.b.host.bonds().count(), 2);
        // If there is room, a device that claims to be the absent peer does not replace its bond.
        let host = couple.link.b.host;
        let removed = couple.link.b.spawn(async move { host.bonds().remove(&PEER).await });
        assert_eq!(removed.take(), Ok(()));
        couple.link.b.inject(&[0x04, 0x05, 4, 0, 0x41, 0, 0x13]);
        let (_conn, log, other) = couple.meets([peer(1), peer(4)], 0x41);
        assert!(other.outcome().is_some());
        let records = couple.link.b.store().records();
        assert!(records.len() == 2 && records.contains(&bonds[1]), "{log:?} {records:02x?}");
        let named: Vec<_> = host.bonds().map(|bond| bond.identity).collect();
        assert!(named.contains(&peer(1)) && named.contains(&peer(4)), "{named:?}");
        let removed = couple.link.b.spawn(async move { host.bonds().remove(&peer(4)).await });
        assert_eq!(removed.take(), Ok(()));
        couple.pairs_afresh();
    },
    b06: |_| {
        // A file contains the same record twice, as after a manual merge.
        let file = File::new(&[bond_with(peer(1), 0x11)]);
        let octets = file.read("");
        let (header, body) = octets.split_at(32);
        let mut twice = [header, body, body].concat();
        twice[24] = 2;
        let sum = crc32c(&twice[..28]).to_le_bytes();
        twice[28..32].copy_from_slice(&sum);
        file.write("", Some(&twice));
        let (records, found) = file.load();
        assert_eq!(records, [stored(&bond_with(peer(1), 0x11))]);
        assert_eq!((found.records, found.duplicates), (1, 1));
        file.serves();
        // A weaker record of the same identity, under the name of another peer.
        let (_, weaker) = stored(&bond());
        let misnamed = (RecordId::Peer(Address::public([0; 6])), weaker);
        let strong = authenticated(PEER, 0x33);
        let mut couple = couple_with(config(), Store::memory(&[misnamed, stored(&strong)]));
        assert_eq!(couple.link.b.host.bonds().next().unwrap().method, strong.method);
        assert_eq!(key_given(&mut couple), [0x33; 16]);
        let host = couple.link.b.host;
        let removed = couple.link.b.spawn(async move { host.bonds().remove(&PEER).await });
        assert_eq!(removed.take(), Ok(()));
        couple.pairs_afresh();
    },
    b08: |_| {
        // The older file is restored: its bond was removed, and its counter was used.
        let file = File::new(&[bond_with(peer(1), 0x11), bond_with(peer(2), 0x22)]);
        let older = file.read("");
        let used = Bond { local_sign: 7, ..bond_with(peer(1), 0x11) };
        file.put(&used);
        assert!(file.open().remove(peer(2)).unwrap());
        file.write("", Some(&older));
        let (records, found) = file.load();
        assert!(found.rolled_back);
        assert_eq!(records, [stored(&used)]);
        file.serves();
    },
    b09: |_| {
        // An LTK of zeros, and key sizes of 0 and 17.
        let sound = bond_with(PEER, 0x11);
        for unsound in [
            bond_with(PEER, 0),
            Bond { key_size: 0, ..sound.clone() },
            Bond { key_size: 17, ..sound },
        ] {
            let (id, record) = stored(&unsound);
            assert_eq!(Bond::read(&record), Err(BondError::Unsound));
            let file = File::new(&[unsound]);
            assert_eq!(FileStore::list(&file.path).unwrap(), []);
            let mut couple = couple_with(config(), Store::memory(&[(id, record)]));
            assert_eq!(couple.link.b.host.bonds().count(), 0);
            assert_eq!(key_given(&mut couple), []);
            couple.pairs_afresh();
        }
    },
}

/// Returns the checksum of the file's header.
fn crc32c(octets: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x82f6_3b78 };
    !octets.iter().fold(!0, |crc, &octet| (0..8).fold(crc ^ u32::from(octet), step))
}
