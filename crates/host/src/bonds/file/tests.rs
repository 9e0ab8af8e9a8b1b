use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
    pin::pin,
    string::ToString,
    task::{Context, Waker},
    thread, vec,
    vec::Vec,
};

use bindrune_smp::{Key, Keys, LongTermKey};
use bindrune_wire::Writer;

use super::*;

/// A folder, and the file of bonds in it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bonds");
    (folder, path)
}

fn block_on<F: Future>(future: F) -> F::Output {
    embassy_futures::block_on(future)
}

fn peer(number: u8) -> Address {
    Address::random([0xc0, 0, 0, 0, 0, number])
}

fn bond(number: u8, key: u8) -> Bond {
    let ltk = LongTermKey { key: Key::new([key; 16]), ediv: 0, rand: [0; 8] };
    Bond {
        peer: peer(number),
        local: Address::public([2; 6]),
        method: Method::NumericComparison,
        secure: true,
        authenticated: true,
        key_size: 16,
        keys: Keys { local: Some(ltk), ..Keys::default() },
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
        service_changed: 0,
    }
}

fn record(bond: &Bond) -> Vec<u8> {
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    bond.write(&mut w).unwrap();
    w.written().to_vec()
}

fn put(store: &mut FileStore, bond: &Bond) {
    block_on(store.store(RecordId::Peer(bond.peer), &record(bond))).unwrap();
}

fn loaded(store: &mut FileStore) -> (Vec<(RecordId, Vec<u8>)>, Loaded) {
    let mut records = Vec::new();
    let found = block_on(store.load(|id, record| records.push((id, record.to_vec())))).unwrap();
    (records, found)
}

fn copy_of(path: &Path) -> PathBuf {
    path.with_file_name("bonds~")
}

#[test]
fn what_was_stored_is_there_again() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    assert_eq!(loaded(&mut store), (vec![], Loaded::default()));
    put(&mut store, &bond(1, 1));
    put(&mut store, &bond(2, 2));
    block_on(store.store(RecordId::Local, b"local")).unwrap();
    block_on(store.delete(RecordId::Peer(peer(1)))).unwrap();
    block_on(store.delete(RecordId::Peer(peer(9)))).unwrap();
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), fs::read(copy_of(&path)).unwrap());

    let mut store = FileStore::open(&path).unwrap();
    let (records, found) = loaded(&mut store);
    assert_eq!(found, Loaded { records: 2, ..Loaded::default() });
    let expected =
        [(RecordId::Local, b"local".to_vec()), (RecordId::Peer(peer(2)), record(&bond(2, 2)))];
    assert_eq!(records, expected);
    assert!(store.remove(peer(2)).unwrap() && !store.remove(peer(2)).unwrap());
    store.clear().unwrap();
    assert_eq!(loaded(&mut store).0, []);
    let error = block_on(store.store(RecordId::Local, &[0; 257])).unwrap_err();
    assert!(matches!(error, FileStoreError::TooLong));
}

#[test]
fn the_list_shows_all_but_the_keys() {
    let (_folder, path) = folder();
    assert_eq!(FileStore::list(&path).unwrap(), []);
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 0xa5));
    let created = store.bonds()[0].created;
    assert!(created > 1_700_000_000);
    put(&mut store, &Bond { gatt: [1; Bond::GATT], ..bond(1, 0xa5) });
    let bonds = FileStore::list(&path).unwrap();
    let expected = FileBond {
        identity: peer(1),
        local: Address::public([2; 6]),
        created,
        method: Method::NumericComparison,
        secure_connections: true,
        authenticated: true,
        level: Level::SecureConnections,
        key_size: 16,
    };
    assert_eq!(bonds, [expected]);
    let text = std::format!("{store:?} {bonds:?}");
    assert!(!text.contains("a5a5") && !text.contains("165, 165"), "{text}");
}

#[test]
fn a_removed_key_is_in_neither_file() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 0x5a));
    put(&mut store, &bond(2, 0x77));
    block_on(store.delete(RecordId::Peer(peer(1)))).unwrap();
    for file in [&path, &copy_of(&path)] {
        let octets = fs::read(file).unwrap();
        assert!(!octets.windows(16).any(|part| part == [0x5a; 16]));
        assert!(octets.windows(16).any(|part| part == [0x77; 16]));
    }
    assert!(!path.with_file_name("bonds.new").exists());
}

/// bad_inputs B01
#[test]
fn a_file_that_is_damaged_at_any_octet_loses_no_bond() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    for number in 1..4 {
        put(&mut store, &bond(number, number));
    }
    let whole = loaded(&mut store).0;
    drop(store);
    let octets = fs::read(&path).unwrap();
    for file in [&path, &copy_of(&path)] {
        for at in 0..octets.len() {
            let mut flipped = octets.clone();
            flipped[at] ^= 0x04;
            for damaged in [&octets[..at], &flipped] {
                fs::write(file, damaged).unwrap();
                let book = Book::read(Folder::new(&path)).unwrap();
                let records = book.entries().iter().map(|(id, entry)| (*id, entry.octets.to_vec()));
                assert_eq!(records.collect::<Vec<_>>(), whole, "octet {at}");
                let found = book.found();
                assert_eq!((found.damaged, found.duplicates), (0, 0));
                assert_eq!(found.restored > 0, file == &path, "octet {at}");
            }
        }
        fs::write(file, &octets).unwrap();
    }
}

#[test]
fn what_is_damaged_in_both_files_is_counted_and_the_rest_is_there() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    for number in 1..4 {
        put(&mut store, &bond(number, number));
    }
    drop(store);
    let octets = fs::read(&path).unwrap();
    let at = octets.windows(16).position(|part| part == [2; 16]).unwrap();
    let mut damaged = octets.clone();
    damaged[at] = 0;
    for file in [&path, &copy_of(&path)] {
        fs::write(file, &damaged).unwrap();
    }
    let mut store = FileStore::open(&path).unwrap();
    let (records, found) = loaded(&mut store);
    assert_eq!(found, Loaded { records: 2, damaged: 1, ..Loaded::default() });
    let ids: Vec<_> = records.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [RecordId::Peer(peer(1)), RecordId::Peer(peer(3))]);
    drop(store);
    for file in [&path, &copy_of(&path)] {
        fs::write(file, b"# notes").unwrap();
    }
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error, FileStoreError::Unreadable { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"# notes");
}

#[test]
fn an_empty_file_is_a_new_one() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    drop(store);
    fs::write(&path, b"").unwrap();
    fs::remove_file(copy_of(&path)).unwrap();
    assert_eq!(FileStore::list(&path).unwrap(), []);
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    drop(store);
    assert_eq!(FileStore::list(&path).unwrap().len(), 1);
    // Both files were written, and lost their contents.
    for file in [&path, &copy_of(&path)] {
        fs::write(file, b"").unwrap();
    }
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error, FileStoreError::Unreadable { .. }), "{error}");
}

#[test]
fn records_are_read_while_another_process_has_the_file() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    let mut records = Vec::new();
    let found = FileStore::read_records(&path, |id, record| records.push((id, record.to_vec())));
    assert_eq!(found.unwrap(), Loaded { records: 1, ..Loaded::default() });
    assert_eq!(records, loaded(&mut store).0);
}

/// bad_inputs B04
#[test]
fn a_newer_version_is_left_alone() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    let mut newer = record(&bond(2, 2));
    newer[0] = Bond::VERSION + 1;
    block_on(store.store(RecordId::Peer(peer(2)), &newer)).unwrap();
    let error = block_on(store.store(RecordId::Peer(peer(2)), &record(&bond(2, 3)))).unwrap_err();
    assert!(error.to_string().contains("newer bindrune wrote that bond"), "{error}");
    assert_eq!(loaded(&mut store).0[1].1, newer);
    drop(store);

    let mut octets = fs::read(&path).unwrap();
    octets[14] = 2;
    let sum = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&octets[..28]);
    octets[28..32].copy_from_slice(&sum.to_le_bytes());
    for file in [&path, &copy_of(&path)] {
        let before = fs::read(file).unwrap();
        fs::write(file, &octets).unwrap();
        for error in [FileStore::open(&path).unwrap_err(), FileStore::list(&path).unwrap_err()] {
            assert!(matches!(error, FileStoreError::Newer { version: 2, .. }), "{error}");
            assert!(error.to_string().contains("nothing was changed"), "{error}");
        }
        assert_eq!(fs::read(file).unwrap(), octets);
        fs::write(file, before).unwrap();
    }
}

/// bad_inputs B06
#[test]
fn of_two_records_with_one_identity_the_newest_authenticated_stays() {
    let weak = |key| Bond { authenticated: false, method: Method::JustWorks, ..bond(1, key) };
    for (records, stays) in [
        ([(1, bond(1, 1)), (2, bond(1, 2))], 1),
        ([(2, bond(1, 1)), (1, bond(1, 2))], 0),
        ([(1, bond(1, 1)), (2, weak(2))], 0),
        ([(2, weak(1)), (1, bond(1, 2))], 1),
        ([(1, weak(1)), (2, weak(2))], 1),
    ] {
        let (_folder, path) = folder();
        let mut file = Vec::new();
        for (created, bond) in &records {
            let octets = zeroize::Zeroizing::new(record(bond));
            let entry = book::Entry { created: *created, octets };
            let one = format::encode(7, &[(RecordId::Peer(peer(1)), entry)].into());
            let from = if file.is_empty() { 0 } else { 32 };
            file.extend(&one[from..]);
        }
        file[24] = 2;
        let sum = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&file[..28]);
        file[28..32].copy_from_slice(&sum.to_le_bytes());
        write_private(&path, &file);
        let mut store = FileStore::open(&path).unwrap();
        let (found, report) = loaded(&mut store);
        assert_eq!(report, Loaded { records: 1, duplicates: 1, ..Loaded::default() });
        assert_eq!(found, [(RecordId::Peer(peer(1)), record(&records[stays].1))]);
    }
}

fn write_private(path: &Path, octets: &[u8]) {
    drop(FileStore::open(path).unwrap());
    let mut disk = Folder::new(path);
    let mut file = disk::Disk::create(&mut disk, Name::Main).unwrap();
    disk::Disk::write(&mut disk, &mut file, octets).unwrap();
}

/// bad_inputs B08
#[test]
fn an_older_file_that_was_put_back_is_noticed() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &Bond { local_sign: 1, ..bond(1, 1) });
    put(&mut store, &bond(2, 2));
    let older = fs::read(&path).unwrap();
    put(&mut store, &Bond { local_sign: 9, ..bond(1, 1) });
    block_on(store.delete(RecordId::Peer(peer(2)))).unwrap();
    let newest = loaded(&mut store).0;
    drop(store);
    fs::write(&path, &older).unwrap();
    let mut store = FileStore::open(&path).unwrap();
    let (records, found) = loaded(&mut store);
    assert_eq!(records, newest);
    assert_eq!(found, Loaded { records: 1, rolled_back: true, ..Loaded::default() });
    put(&mut store, &bond(3, 3));
    drop(store);
    let mut store = FileStore::open(&path).unwrap();
    assert_eq!(loaded(&mut store).1, Loaded { records: 2, ..Loaded::default() });
}

#[test]
fn one_process_at_a_time_has_the_file() {
    let (_folder, path) = folder();
    let store = FileStore::open(&path).unwrap();
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error, FileStoreError::InUse { .. }), "{error}");
    assert_eq!(FileStore::list(&path).unwrap(), []);
    drop(store);
    assert!(FileStore::open(&path).is_ok());
    let missing = path.with_file_name("bonds.lock").join("nowhere");
    assert!(matches!(FileStore::open(missing).unwrap_err(), FileStoreError::Io { .. }));
}

#[test]
fn a_copy_alone_is_neither_used_nor_written_over() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    drop(store);
    fs::remove_file(&path).unwrap();
    let error = FileStore::open(&path).unwrap_err();
    assert!(matches!(error, FileStoreError::OnlyCopy { .. }), "{error}");
    fs::rename(copy_of(&path), &path).unwrap();
    assert_eq!(FileStore::open(&path).unwrap().bonds().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    drop(store);
    for file in [&path, &copy_of(&path)] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
            let error = FileStore::open(&path).unwrap_err();
            assert!(matches!(error, FileStoreError::Exposed { mode: m, .. } if m == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(FileStore::open(&path).unwrap().bonds().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_is_made_for_its_owner_and_refused_if_everybody_can_write_to_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let inner = path.with_file_name("a").join("b");
    let path = inner.join("bonds");
    let mut store = FileStore::open(&path).unwrap();
    put(&mut store, &bond(1, 1));
    drop(store);
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    for (mode, is_refused) in [(0o777, true), (0o702, true), (0o1777, false), (0o755, false)] {
        fs::set_permissions(&inner, fs::Permissions::from_mode(mode)).unwrap();
        let opened = FileStore::open(&path).map(drop);
        let listed = FileStore::list(&path).map(drop);
        for result in [opened, listed] {
            let text = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
            assert_eq!(result.is_err(), is_refused, "{mode:o} {text}");
            assert_eq!(text.contains("chmod o-w"), is_refused, "{text}");
        }
    }
}

#[test]
fn a_change_that_is_given_up_is_whole_and_the_thread_ends_with_the_store() {
    let (_folder, path) = folder();
    let mut store = FileStore::open(&path).unwrap();
    for number in 0..20 {
        let octets = record(&bond(number, number + 1));
        let future = pin!(store.store(RecordId::Peer(peer(number)), &octets));
        let _ = future.poll(&mut Context::from_waker(Waker::noop()));
    }
    drop(store);
    let mut store = FileStore::open(&path).unwrap();
    assert_eq!(loaded(&mut store).1, Loaded { records: 20, ..Loaded::default() });
    let shared = thread::spawn(move || block_on(store.delete(RecordId::Local)));
    assert!(shared.join().unwrap().is_ok());
}
