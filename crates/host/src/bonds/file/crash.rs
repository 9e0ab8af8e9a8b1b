//! Cuts the power at every step of a store, on a disk that keeps no more than it must.

use std::{collections::BTreeMap, io, print, println, vec, vec::Vec};

use zeroize::Zeroizing;

use super::{
    book::Book,
    disk::{Disk, Name},
};
use crate::{
    Loaded,
    bonds::testing::{Allowed, Random, Records},
};

/// bad_inputs B02: after each of 10,000 cuts, every bond is as it was left, or as the change in progress would leave
/// it.
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
        check(&mut disk, &mut allowed);
    }
    println!(
        "{points} cuts of the power within a change, {torn} cuts with octets or names that were lost:"
    );
    for (step, count) in &cuts {
        print!(" {step:?} {count}");
    }
    println!();
    assert!(torn > 4000);
    assert_eq!(cuts.len(), 8, "a step at which the power was never cut");
}

/// Opens the file and changes records until the power is cut, or for a while; returns what was cut.
fn live(disk: &mut Model, allowed: &mut Allowed, random: &mut Random) -> Step {
    let Ok(mut book) = Book::open(&mut *disk) else { return disk.ended() };
    for _ in 0..random.below(9) {
        let id = Allowed::id(random.below(Allowed::IDS));
        let (requested, result) = if random.below(4) == 0 {
            (None, book.delete(id))
        } else {
            let mut record = vec![random.below(256) as u8; random.below(200) as usize + 1];
            // No version is newer than this one.
            record[0] = 0;
            let result = book.store(id, &record, 0);
            (Some(record), result)
        };
        match result {
            Ok(()) => {
                allowed.sure(id, requested);
                allowed.settle(&records(&book));
            }
            Err(_) => allowed.maybe(id, requested),
        }
    }
    disk.ended()
}

fn records(book: &Book<&mut Model>) -> Records {
    book.entries().iter().map(|(id, entry)| (*id, entry.octets.to_vec())).collect()
}

/// Opens it without a cut: nothing was damaged, and every record is a permitted one.
fn check(disk: &mut Model, allowed: &mut Allowed) {
    let book = Book::open(disk).expect("a file that was cut off can be opened");
    assert_eq!(book.found(), Loaded { records: book.entries().len(), ..Loaded::default() });
    allowed.settle(&records(&book));
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
    /// Changes of names since the last sync of the folder.
    pending: Vec<Renaming>,
    /// Steps until the power is cut.
    left: Option<u64>,
    cut_at: Option<Step>,
    random: Random,
}

/// The removed name and the added one.
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

    /// Takes one step; fails if the power is cut at it, or if the disk refuses once.
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

    /// Returns what is left after a power cut or the death of the process, and whether anything was lost.
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

/// Octets that were not synced: old, new, cut off, zeros, or a mixture.
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
