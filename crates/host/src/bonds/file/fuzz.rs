//! The body of a fuzz target: a file of bonds and its copy, with any octets.

use std::{collections::BTreeMap, io, vec, vec::Vec};

use bindrune_wire::{Address, Reader};
use zeroize::Zeroizing;

use super::{
    book::{Book, Entries, Entry},
    disk::{Disk, Name},
    format,
};
use crate::RecordId;

/// Both files, with any octets. If they can be opened, they take changes, and have them when they are opened again.
pub fn bond_file(data: &[u8]) {
    let mut disk = Memory::of(data);
    let before = disk.clone();
    let Ok(mut book) = Book::open(&mut disk) else {
        assert!(disk == before, "what cannot be read was changed");
        return;
    };
    let found = book.found();
    assert!(found.records == book.entries().len() && found.restored <= found.records);
    let id = RecordId::Peer(Address::public([7; 6]));
    let stored = book.store(id, &[0; 40], 1).is_ok();
    let deleted = book.delete(RecordId::Local).is_ok();
    let left = book.entries().clone();
    assert!(!stored || left.contains_key(&id));
    assert!(!deleted || !left.contains_key(&RecordId::Local));
    let Ok(again) = Book::open(&mut disk) else { return assert!(!stored && !deleted) };
    assert!(*again.entries() == left || !stored && !deleted);
}

/// Seeds, named after rows of the table of bad inputs.
#[must_use]
pub fn bond_file_seeds() -> Vec<(&'static str, Vec<u8>)> {
    let entry = |octet| Entry { created: 1, octets: Zeroizing::new(vec![octet; 20]) };
    let id = |octet| RecordId::Peer(Address::public([octet; 6]));
    let file = |generation, octets: &[u8]| {
        let entries: Entries = octets.iter().map(|&octet| (id(octet), entry(octet))).collect();
        format::encode(generation, &entries).to_vec()
    };
    let whole = file(2, &[1, 2]);
    let cut = whole.split_at_checked(70).map(|(front, _)| front.to_vec()).unwrap_or_default();
    let mut newer = whole.clone();
    newer.iter_mut().skip(14).take(1).for_each(|version| *version = 2);
    let twice = [whole.clone(), file(2, &[1]).split_off(32)].concat();
    [
        ("B01", cut, Some(whole.clone())),
        ("B02", file(3, &[1]), Some(whole.clone())),
        ("B04", newer, None),
        ("B06", twice, None),
        ("B08", file(1, &[1]), Some(whole)),
    ]
    .into_iter()
    .map(|(name, main, copy)| {
        let len = u16::try_from(main.len()).unwrap_or_default().to_le_bytes();
        let there = 1 | u8::from(copy.is_some()) << 1;
        (name, [&[there], len.as_slice(), &main, &copy.unwrap_or_default()].concat())
    })
    .collect()
}

/// Files that never fail.
#[derive(Clone, PartialEq, Eq, Default)]
struct Memory(BTreeMap<Name, Vec<u8>>);

impl Memory {
    fn of(data: &[u8]) -> Self {
        let mut r = Reader::new(data);
        let there = r.u8().unwrap_or_default();
        let len = usize::from(r.u16().unwrap_or_default()).min(r.remaining());
        let main = r.bytes(len).unwrap_or_default();
        let mut files = Self::default();
        if there & 1 != 0 {
            files.0.insert(Name::Main, main.to_vec());
        }
        if there & 2 != 0 {
            files.0.insert(Name::Copy, r.rest().to_vec());
        }
        files
    }
}

impl Disk for &mut Memory {
    type File = Name;

    fn read(&mut self, name: Name) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        Ok(self.0.get(&name).cloned().map(Zeroizing::new))
    }

    fn create(&mut self, name: Name) -> io::Result<Name> {
        match self.0.insert(name, Vec::new()) {
            None => Ok(name),
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    fn write(&mut self, file: &mut Name, octets: &[u8]) -> io::Result<()> {
        self.0.entry(*file).or_default().extend(octets);
        Ok(())
    }

    fn sync(&mut self, _file: &mut Name) -> io::Result<()> {
        Ok(())
    }

    fn rename(&mut self, from: Name, to: Name) -> io::Result<()> {
        let file = self.0.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        self.0.insert(to, file);
        Ok(())
    }

    fn remove(&mut self, name: Name) -> io::Result<()> {
        self.0.remove(&name);
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        Ok(())
    }
}
