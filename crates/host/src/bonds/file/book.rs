//! The records of a file, and its two copies.
//!
//! Each change writes a whole new generation: a new file, synced, renamed over the old one, and the folder synced. Only
//! then the same is done for the copy. So at any moment one of the two is whole.

use std::{collections::BTreeMap, io, vec::Vec};

use bindrune_smp::Bond;
use zeroize::Zeroizing;

use super::{
    disk::{Disk, Name},
    error::Trouble,
    format::{self, HeaderError, Parsed},
};
use crate::{Loaded, RecordId, bonds::store::RECORD_MAX, report::report};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Seconds since 1970.
    pub(super) created: u64,
    pub(super) octets: Zeroizing<Vec<u8>>,
}

pub(super) type Entries = BTreeMap<RecordId, Entry>;

#[derive(Debug)]
pub(super) struct Book<D> {
    disk: D,
    entries: Entries,
    /// The last generation that was begun.
    generation: u64,
    found: Loaded,
    /// Whether both files are known to hold `entries`.
    settled: bool,
}

impl<D: Disk> Book<D> {
    pub(super) fn open(disk: D) -> Result<Self, Trouble> {
        let mut book = Self::read(disk)?;
        book.disk.remove(Name::New)?;
        // The process that wrote the file may have ended before it synced it.
        book.disk.sync_folder()?;
        Ok(book)
    }

    /// Reads the files without changing them.
    pub(super) fn read(mut disk: D) -> Result<Self, Trouble> {
        let main = disk.read(Name::Main)?;
        let copy = disk.read(Name::Copy)?;
        if main.is_none() && copy.is_some() {
            return Err(Trouble::OnlyCopy);
        }
        // An empty file without a copy is a new one, as mktemp makes it: a file that was written is never empty.
        let there = copy.is_some() || main.as_ref().is_some_and(|octets| !octets.is_empty());
        let (main, copy) = (parse(main)?, parse(copy)?);
        let newest = |p: &Option<Parsed>| p.as_ref().map_or(0, |parsed| parsed.generation);
        let generation = newest(&main).max(newest(&copy));
        let (entries, found) = match (main, copy) {
            (None, None) if there => return Err(Trouble::Unreadable),
            (None, None) => (Entries::new(), Loaded::default()),
            (Some(main), None) => merge(main, None, false),
            (None, Some(copy)) => {
                let (entries, found) = merge(copy, None, false);
                let restored = entries.len();
                (entries, Loaded { restored, ..found })
            }
            (Some(main), Some(copy)) if copy.generation > main.generation => {
                merge(copy, Some(main), true)
            }
            (Some(main), Some(copy)) => merge(main, Some(copy), false),
        };
        Ok(Self { disk, entries, generation, found, settled: false })
    }

    /// Returns what was found at the opening.
    pub(super) const fn found(&self) -> Loaded {
        self.found
    }

    pub(super) const fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(super) fn store(&mut self, id: RecordId, record: &[u8], now: u64) -> Result<(), Trouble> {
        if record.len() > RECORD_MAX {
            return Err(Trouble::TooLong);
        }
        let old = self.entries.get(&id);
        if old.is_some_and(|old| id.is_newer(&old.octets)) {
            return Err(Trouble::NewerRecord);
        }
        if self.settled && old.is_some_and(|old| old.octets.as_slice() == record) {
            return Ok(());
        }
        let created = old.filter(|old| has_same_keys(&old.octets, record)).map(|old| old.created);
        let octets = Zeroizing::new(record.to_vec());
        let mut entries = self.entries.clone();
        entries.insert(id, Entry { created: created.unwrap_or(now), octets });
        // The record is safe in the first file; the next change rewrites the copy.
        match self.write(entries) {
            Err(Trouble::Copy(error)) => {
                report!(warn, "the bond is stored, but the copy of the file is old: {error}");
                Ok(())
            }
            result => result,
        }
    }

    /// Afterwards, neither file has the record.
    pub(super) fn delete(&mut self, id: RecordId) -> Result<(), Trouble> {
        let mut entries = self.entries.clone();
        if entries.remove(&id).is_none() && self.settled {
            return Ok(());
        }
        self.write(entries)
    }

    pub(super) fn clear(&mut self) -> Result<(), Trouble> {
        self.write(Entries::new())
    }

    fn write(&mut self, entries: Entries) -> Result<(), Trouble> {
        self.settled = false;
        self.generation = self.generation.checked_add(1).ok_or(Trouble::Unreadable)?;
        let octets = format::encode(self.generation, &entries);
        self.replace(Name::Main, &octets)?;
        self.entries = entries;
        self.replace(Name::Copy, &octets).map_err(Trouble::Copy)?;
        self.settled = true;
        Ok(())
    }

    fn replace(&mut self, name: Name, octets: &[u8]) -> io::Result<()> {
        let result = self.write_new(octets);
        if result.is_err() {
            // Errors are reported; a leftover file that cannot be removed is removed at the next change.
            let _ = self.disk.remove(Name::New);
            return result;
        }
        self.disk.rename(Name::New, name)?;
        self.disk.sync_folder()
    }

    fn write_new(&mut self, octets: &[u8]) -> io::Result<()> {
        self.disk.remove(Name::New)?;
        let mut file = self.disk.create(Name::New)?;
        self.disk.write(&mut file, octets)?;
        self.disk.sync(&mut file)
    }
}

/// Returns the contents of a file; nothing if it is damaged from the first octet on.
fn parse(octets: Option<Zeroizing<Vec<u8>>>) -> Result<Option<Parsed>, Trouble> {
    match octets.map(|octets| format::parse(&octets)).transpose() {
        Ok(parsed) => Ok(parsed),
        Err(HeaderError::Damaged) => Ok(None),
        Err(HeaderError::Version(version)) => Err(Trouble::Newer(version)),
    }
}

/// Merges two files: takes the newer one, and replaces its damaged records from the other.
fn merge(newest: Parsed, other: Option<Parsed>, rolled_back: bool) -> (Entries, Loaded) {
    let mut found = Loaded { rolled_back, ..Loaded::default() };
    let mut entries = Entries::new();
    for (id, entry) in newest.records {
        add(&mut entries, &mut found, id, entry);
    }
    let mut damaged = newest.damaged;
    for (id, entry) in other.map(|other| other.records).unwrap_or_default() {
        if damaged > 0 && !entries.contains_key(&id) {
            entries.insert(id, entry);
            damaged = damaged.saturating_sub(1);
            found.restored = found.restored.saturating_add(1);
        }
    }
    found.damaged = damaged;
    found.records = entries.len();
    (entries, found)
}

/// If two records share an identity, keeps the authenticated one; if both are, the newer.
fn add(entries: &mut Entries, found: &mut Loaded, id: RecordId, entry: Entry) {
    let strength = |entry: &Entry| {
        let authenticated = Bond::read(&entry.octets).is_ok_and(|bond| bond.authenticated);
        (authenticated, entry.created)
    };
    if let Some(old) = entries.get(&id) {
        found.duplicates = found.duplicates.saturating_add(1);
        if strength(old) > strength(&entry) {
            return;
        }
    }
    entries.insert(id, entry);
}

/// Returns whether two records are the same bond, whatever else changed.
fn has_same_keys(old: &[u8], new: &[u8]) -> bool {
    match (Bond::read(old), Bond::read(new)) {
        (Ok(old), Ok(new)) => old.keys == new.keys,
        (Err(_), _) | (_, Err(_)) => false,
    }
}
