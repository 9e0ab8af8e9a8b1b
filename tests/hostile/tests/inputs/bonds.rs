//! Files of bonds.

use std::{fs, path::PathBuf};

use bindrune::{Address, BondStore, FileStore, FileStoreError, Loaded, RecordId};
use bindrune_smp::{Bond, BondError, Key, Keys, LongTermKey, Method};
use bindrune_wire::Writer;
use embassy_futures::block_on;

cases! {
    b01: |_| {
        // The file is cut off at every octet; the copy has the last good generation.
        let scene = Scene::new(&[bond(1, 0x11), bond(2, 0x22)]);
        let whole = fs::read(&scene.path).unwrap();
        let expected = scene.load();
        for at in 0..whole.len() {
            fs::write(&scene.path, &whole[..at]).unwrap();
            let (records, found) = scene.load();
            assert_eq!(records, expected.0, "octet {at}");
            assert_eq!((found.damaged, found.duplicates), (0, 0));
        }
    },
    b04: |_| {
        // A record, or the whole file, of a version to come.
        let scene = Scene::new(&[]);
        let mut newer = record(&bond(1, 0x11));
        newer[0] = Bond::VERSION + 1;
        let id = RecordId::Peer(peer(1));
        let mut store = FileStore::open(&scene.path).unwrap();
        block_on(store.store(id, &newer)).unwrap();
        let refused = block_on(store.store(id, &record(&bond(1, 0x22)))).unwrap_err();
        assert!(matches!(refused, FileStoreError::NewerRecord { .. }), "{refused}");
        drop(store);
        assert_eq!(scene.load().0, [(id, newer)]);
    },
    b06: |_| {
        // The same record twice in one file, as a merge by hand would leave it.
        let scene = Scene::new(&[bond(1, 0x11)]);
        let file = fs::read(&scene.path).unwrap();
        let (header, body) = file.split_at(32);
        let mut twice = [header, body, body].concat();
        twice[24] = 2;
        let sum = crc32c(&twice[..28]).to_le_bytes();
        twice[28..32].copy_from_slice(&sum);
        fs::write(&scene.path, twice).unwrap();
        let (records, found) = scene.load();
        assert_eq!(records, [(RecordId::Peer(peer(1)), record(&bond(1, 0x11)))]);
        assert_eq!((found.records, found.duplicates), (1, 1));
    },
    b08: |_| {
        // The older file is put back: its bond was removed, its counter was used.
        let scene = Scene::new(&[bond(1, 0x11), bond(2, 0x22)]);
        let older = fs::read(&scene.path).unwrap();
        let mut store = FileStore::open(&scene.path).unwrap();
        let used = Bond { local_sign: 7, ..bond(1, 0x11) };
        block_on(store.store(RecordId::Peer(peer(1)), &record(&used))).unwrap();
        block_on(store.delete(RecordId::Peer(peer(2)))).unwrap();
        drop(store);
        fs::write(&scene.path, older).unwrap();
        let (records, found) = scene.load();
        assert!(found.rolled_back);
        assert_eq!(records, [(RecordId::Peer(peer(1)), record(&used))]);
    },
    b09: |_| {
        // An LTK of zeros, a key size of 0 and of 17.
        for unsound in [bond(1, 0), Bond { key_size: 0, ..bond(1, 1) }, Bond { key_size: 17, ..bond(1, 1) }] {
            assert_eq!(Bond::read(&record(&unsound)), Err(BondError::Unsound));
            let scene = Scene::new(&[unsound]);
            assert_eq!(FileStore::list(&scene.path).unwrap(), []);
        }
    },
}

/// A file of bonds in a folder of its own.
struct Scene {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Scene {
    fn new(bonds: &[Bond]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bonds");
        let mut store = FileStore::open(&path).unwrap();
        for bond in bonds {
            block_on(store.store(RecordId::Peer(bond.peer), &record(bond))).unwrap();
        }
        Self { _folder: folder, path }
    }

    fn load(&self) -> (Vec<(RecordId, Vec<u8>)>, Loaded) {
        let mut store = FileStore::open(&self.path).unwrap();
        let mut records = Vec::new();
        let found = block_on(store.load(|id, octets| records.push((id, octets.to_vec()))));
        (records, found.unwrap())
    }
}

fn peer(number: u8) -> Address {
    Address::random([0xc0, 0, 0, 0, 0, number])
}

fn bond(number: u8, key: u8) -> Bond {
    let ltk = LongTermKey { key: Key::new([key; 16]), ediv: 0, rand: 0 };
    Bond {
        peer: peer(number),
        local: Address::public([2; 6]),
        method: Method::JustWorks,
        secure: true,
        authenticated: false,
        key_size: 16,
        keys: Keys { local: Some(ltk), ..Keys::default() },
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
    }
}

fn record(bond: &Bond) -> Vec<u8> {
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    bond.write(&mut w).unwrap();
    w.written().to_vec()
}

/// The checksum of the file's header.
fn crc32c(octets: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x82f6_3b78 };
    !octets.iter().fold(!0, |crc, &octet| (0..8).fold(crc ^ u32::from(octet), step))
}
