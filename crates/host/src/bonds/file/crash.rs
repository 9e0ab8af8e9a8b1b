//! The power is cut at every step of a store, on a disk that keeps no more than it must.

use std::{collections::BTreeMap, io, print, println, vec, vec::Vec};

use bindrune_wire::Address;
use zeroize::Zeroizing;

use super::{
    book::Book,
    disk::{Disk, Name},
};
use crate::RecordId;

/// bad_inputs B02: after each of 10,000 cuts every bond is there as it was left, or as the change under way would leave it.
#[test]
fn no_bond_is_lost_or_half_wherever_the_power_is_cut() {
    let mut random = Random(0x0b0d_5eed);
    let mut cuts = BTreeMap::<Step, u32>::new();
    let (mut disk, mut allowed) = (Model::default(), Allowed::default());
    let (mut points, mut torn) = (0, 0u32);
    while points < 10_000 {
        disk.left = Some(random.below(50));
        disk.random = Random(random.next());
        if random.below(200) == 0 {
            (disk, allowed) = (Model { left: disk.left, ..Model::default() }, Allowed::default());
        }
        let end = live(&mut disk, &mut allowed, &mut random);
        *cuts.entry(end).or_default() += 1;
        points += u32::from(end != Step::Idle);
        torn += u32::from(disk.cut(random.below(4) != 0));
        disk.left = None;
        allowed.check(&mut disk);
    }
    println!(
        "{points} cuts of the power within a change, {torn} cuts with octets or names that did not last:"
    );
    for (step, count) in &cuts {
        print!(" {step:?} {count}");
    }
    println!();
    assert!(torn > 5000);
    assert_eq!(cuts.len(), 8, "a step at which the power was never cut");
}

/// Opens the file and changes records until the power is cut, or for a while; what was cut.
fn live(disk: &mut Model, allowed: &mut Allowed, random: &mut Random) -> Step {
    let Ok(mut book) = Book::open(&mut *disk) else { return disk.ended() };
    for _ in 0..random.below(9) {
        let id = id(random.below(6));
        let (wish, result) = if random.below(4) == 0 {
            (None, book.delete(id))
        } else {
            let record = vec![random.below(256) as u8; random.below(200) as usize + 1];
            let result = book.store(id, &record, 0);
            (Some(record), result)
        };
        match result {
            Ok(()) => allowed.done(id, wish, &book),
            Err(_) => allowed.maybe(id, wish),
        }
    }
    disk.ended()
}

fn id(number: u64) -> RecordId {
    match number {
        0 => RecordId::Local,
        n => RecordId::Peer(Address::public([n as u8; 6])),
    }
}

type Record = Option<Vec<u8>>;

/// What each record may be found as; one that is not listed may not be there.
#[derive(Default)]
struct Allowed(BTreeMap<RecordId, Vec<Record>>);

impl Allowed {
    fn maybe(&mut self, id: RecordId, record: Record) {
        self.0.entry(id).or_insert_with(|| vec![None]).push(record);
    }

    /// A change that is done settles every record.
    fn done(&mut self, id: RecordId, record: Record, book: &Book<&mut Model>) {
        self.0.insert(id, vec![record]);
        for number in 0..6 {
            self.settle(self::id(number), book);
        }
    }

    fn settle(&mut self, id: RecordId, book: &Book<&mut Model>) {
        let found = book.entries().get(&id).map(|entry| entry.octets.to_vec());
        let allowed = self.0.entry(id).or_insert_with(|| vec![None]);
        assert!(allowed.contains(&found), "{id:?} is {found:?} and may be {allowed:?}");
        *allowed = vec![found];
    }

    fn check(&mut self, disk: &mut Model) {
        let book = Book::open(disk).expect("a file that was cut off can be opened");
        let found = book.found();
        assert_eq!((found.damaged, found.duplicates, found.rolled_back), (0, 0, false));
        assert_eq!(found.restored, 0);
        for number in 0..6 {
            self.settle(id(number), &book);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Read,
    Create,
    Write,
    Sync,
    Rename,
    Remove,
    SyncFolder,
    /// Between two changes.
    Idle,
}

/// A disk: what a process sees, and what is sure to last.
#[derive(Default)]
struct Model {
    files: Vec<Octets>,
    names: BTreeMap<Name, usize>,
    lasting_names: BTreeMap<Name, usize>,
    /// Changes of names since the folder was made to last.
    pending: Vec<Renaming>,
    /// Steps until the power is cut.
    left: Option<u64>,
    cut_at: Option<Step>,
    random: Random,
}

/// The name that went, and the one that came.
type Renaming = (Option<Name>, Option<(Name, usize)>);

#[derive(Default)]
struct Octets {
    seen: Vec<u8>,
    lasting: Vec<u8>,
}

impl Model {
    /// Where the power was cut.
    fn ended(&mut self) -> Step {
        self.cut_at.take().unwrap_or(Step::Idle)
    }

    /// One step: an error where the power is cut at it, or where the disk refuses once.
    fn step(&mut self, step: Step) -> io::Result<()> {
        match &mut self.left {
            None => return Ok(()),
            Some(0) => {
                self.cut_at.get_or_insert(step);
                return Err(io::Error::other("the power is cut"));
            }
            Some(left) => *left -= 1,
        }
        if self.random.below(40) == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// What is left, after a cut of the power or the death of the process; whether anything did not last.
    fn cut(&mut self, power: bool) -> bool {
        self.cut_at = None;
        if !power {
            return false;
        }
        let mut torn = false;
        let random = &mut self.random;
        for (removed, added) in core::mem::take(&mut self.pending) {
            if random.below(2) == 0 {
                torn = true;
                continue;
            }
            if let Some(name) = removed {
                self.lasting_names.remove(&name);
            }
            if let Some((name, file)) = added {
                self.lasting_names.insert(name, file);
            }
        }
        self.names.clone_from(&self.lasting_names);
        for file in &mut self.files {
            if file.seen != file.lasting {
                torn = true;
                file.lasting = tear(file, random);
            }
            file.seen.clone_from(&file.lasting);
        }
        torn
    }

    fn change(&mut self, removed: Option<Name>, added: Option<(Name, usize)>) {
        if let Some(name) = removed {
            self.names.remove(&name);
        }
        if let Some((name, file)) = added {
            self.names.insert(name, file);
        }
        self.pending.push((removed, added));
    }
}

/// Octets that were not made to last: old, new, cut off, zeros, or some of each.
fn tear(file: &Octets, random: &mut Random) -> Vec<u8> {
    let len = file.seen.len();
    match random.below(6) {
        0 => file.lasting.clone(),
        1 => file.seen.clone(),
        2 => Vec::new(),
        3 => file.seen[..random.below(len as u64 + 1) as usize].to_vec(),
        4 => vec![0; len],
        _ => {
            let block = random.below(64) + 1;
            let keep: Vec<bool> = (0..=len as u64 / block).map(|_| random.below(2) == 0).collect();
            let octet = |at: usize| if keep[at / block as usize] { file.seen[at] } else { 0 };
            (0..len).map(octet).collect()
        }
    }
}

impl Disk for &mut Model {
    type File = usize;

    fn read(&mut self, name: Name) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        self.step(Step::Read)?;
        Ok(self.names.get(&name).map(|&file| Zeroizing::new(self.files[file].seen.clone())))
    }

    fn create(&mut self, name: Name) -> io::Result<usize> {
        self.step(Step::Create)?;
        assert!(!self.names.contains_key(&name), "a file is opened that is there");
        let file = self.files.len();
        self.files.push(Octets::default());
        self.change(None, Some((name, file)));
        Ok(file)
    }

    fn write(&mut self, file: &mut usize, octets: &[u8]) -> io::Result<()> {
        let result = self.step(Step::Write);
        let len = match result {
            Ok(()) => octets.len(),
            Err(_) => self.random.below(octets.len() as u64) as usize,
        };
        self.files[*file].seen.extend(&octets[..len]);
        result
    }

    fn sync(&mut self, file: &mut usize) -> io::Result<()> {
        self.step(Step::Sync)?;
        let file = &mut self.files[*file];
        file.lasting.clone_from(&file.seen);
        Ok(())
    }

    fn rename(&mut self, from: Name, to: Name) -> io::Result<()> {
        self.step(Step::Rename)?;
        let file = self.names[&from];
        self.change(Some(from), Some((to, file)));
        Ok(())
    }

    fn remove(&mut self, name: Name) -> io::Result<()> {
        self.step(Step::Remove)?;
        if self.names.contains_key(&name) {
            self.change(Some(name), None);
        }
        Ok(())
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.step(Step::SyncFolder)?;
        self.lasting_names.clone_from(&self.names);
        self.pending.clear();
        Ok(())
    }
}

/// SplitMix64.
#[derive(Clone, Copy, Default)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
