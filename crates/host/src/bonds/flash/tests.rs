use std::{println, vec, vec::Vec};

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{
    ErrorType, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use super::*;
use crate::bonds::testing::{Allowed, Random, Records};

const PAGE: usize = 1024;
const SIZE: usize = 4 * PAGE;
const RANGE: Range<u32> = 0..SIZE as u32;

/// A memory whose words can be written once after each erase; the power fails at a step.
struct Memory {
    octets: Vec<u8>,
    /// Number of words that can still be written, and pages erased, before the power is cut.
    left: Option<u64>,
    erased: u32,
    random: Random,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut;

impl NorFlashError for Cut {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Memory {
    type Error = Cut;
}

impl Memory {
    fn new() -> Self {
        Self { octets: vec![0xff; SIZE], left: None, erased: 0, random: Random(1) }
    }

    fn step(&mut self) -> Result<(), Cut> {
        match &mut self.left {
            Some(0) => Err(Cut),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl ReadNorFlash for Memory {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Cut> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        if self.left == Some(0) {
            return Err(Cut);
        }
        bytes.copy_from_slice(&self.octets[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Memory {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Cut> {
        for page in (from as usize..to as usize).step_by(PAGE) {
            let result = self.step();
            for octet in &mut self.octets[page..][..PAGE] {
                match result {
                    Ok(()) => *octet = 0xff,
                    // Some bits are already erased.
                    Err(Cut) => *octet |= self.random.next() as u8,
                }
            }
            result?;
            self.erased += 1;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Cut> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        for (at, word) in (offset as usize..).step_by(4).zip(bytes.chunks(4)) {
            let result = self.step();
            let cell = &mut self.octets[at..][..4];
            assert!(cell == [0xff; 4], "a word is written twice");
            match result {
                Ok(()) => cell.copy_from_slice(word),
                Err(Cut) => {
                    cell.fill_with(|| self.random.next() as u8);
                    return Err(Cut);
                }
            }
        }
        Ok(())
    }
}

fn records<F: NorFlash>(store: &mut FlashStore<F>) -> (Records, Loaded) {
    let mut records = Records::new();
    let found = block_on(store.load(|id, record| {
        assert!(records.insert(id, record.to_vec()).is_none());
    }));
    (records, found.unwrap())
}

#[test]
fn what_was_stored_is_there_again() {
    let mut store = FlashStore::new(Memory::new(), RANGE).unwrap();
    assert_eq!(records(&mut store), (Records::new(), Loaded::default()));
    let id = Allowed::id;
    for (number, octet) in [(1, 1), (2, 1), (1, 0), (0, 1)] {
        block_on(store.store(id(number), &[octet; 183])).unwrap();
    }
    block_on(store.delete(id(2))).unwrap();
    block_on(store.delete(id(3))).unwrap();
    let mut store = FlashStore::new(store.into_inner(), RANGE).unwrap();
    let expected: Records = [(id(0), vec![1; 183]), (id(1), vec![0; 183])].into();
    assert_eq!(records(&mut store), (expected, Loaded { records: 2, ..Loaded::default() }));
    block_on(store.erase()).unwrap();
    assert_eq!(records(&mut store).0, Records::new());
    assert!(store.into_inner().octets.iter().all(|&octet| octet == 0xff));
}

/// bad_inputs B05: a full store returns an error, and removes no bond for another.
#[test]
fn a_full_memory_evicts_nothing_and_still_takes_changes() {
    let mut store = FlashStore::new(Memory::new(), RANGE).unwrap();
    let capacity = store.capacity();
    assert_eq!(capacity, 7);
    let peer = |n: usize| RecordId::Peer(bindrune_wire::Address::public([n as u8; 6]));
    let mut expected = Records::new();
    for n in 0..capacity {
        block_on(store.store(peer(n), &[0; RECORD_MAX])).unwrap();
        expected.insert(peer(n), vec![0; RECORD_MAX]);
    }
    for round in 0..2000 {
        let refused = block_on(store.store(peer(99), &[1]));
        assert_eq!(refused, Err(FlashStoreError::Full));
        assert!(FlashStoreError::<Cut>::Full.to_string().contains("remove one"));
        let n = round * 7 % capacity;
        let mut record = vec![round as u8; RECORD_MAX];
        record[0] = 0;
        block_on(store.store(peer(n), &record)).unwrap();
        expected.insert(peer(n), record);
        assert_eq!(records(&mut store).0, expected);
    }
    block_on(store.delete(peer(3))).unwrap();
    block_on(store.store(peer(99), &[1])).unwrap();
    let erased = store.into_inner().erased;
    println!("2000 changes of a full store of {capacity} erased {erased} pages");
    assert!((600..3000).contains(&erased));
}

#[test]
fn what_cannot_be_stored_is_reported() {
    let mut store = FlashStore::new(Memory::new(), RANGE).unwrap();
    let id = Allowed::id(1);
    let result = block_on(store.store(id, &[1; RECORD_MAX + 1]));
    assert_eq!(result, Err(FlashStoreError::TooLong));
    let (newer, known) = (bindrune_smp::Bond::VERSION + 1, bindrune_smp::Bond::VERSION);
    block_on(store.store(id, &[newer; 100])).unwrap();
    assert_eq!(block_on(store.store(id, &[known; 100])), Err(FlashStoreError::NewerRecord));
    for range in [0..PAGE as u32, 0..0, 4..SIZE as u32, SIZE as u32..0] {
        assert!(matches!(FlashStore::new(Memory::new(), range), Err(FlashStoreError::Range)));
    }
    let mut memory = Memory::new();
    let mut random = Random(7);
    memory.octets.fill_with(|| random.next() as u8);
    let mut store = FlashStore::new(memory, RANGE).unwrap();
    // Any such damage is reported or repaired, and an erased store works.
    let _ = block_on(store.load(|_, _| {}));
    block_on(store.erase()).unwrap();
    block_on(store.store(id, &[1; 100])).unwrap();
    assert_eq!(records(&mut store).0, [(id, vec![1; 100])].into());
}

/// bad_inputs B02: after each cut, every bond is as it was left, or as the change in progress would leave it.
#[test]
fn no_bond_is_lost_or_half_wherever_the_power_is_cut() {
    let mut random = Random(0xf1a5);
    let (mut memory, mut allowed) = (Memory::new(), Allowed::default());
    let (mut cuts, mut whole) = (0, 0);
    while cuts < 10_000 {
        memory.left = Some(random.below(120));
        let mut store = FlashStore::new(memory, RANGE).unwrap();
        for _ in 0..random.below(8) {
            let id = Allowed::id(random.below(Allowed::IDS));
            let (requested, result) = if random.below(4) == 0 {
                (None, block_on(store.delete(id)))
            } else {
                // A record of a version that is not newer.
                let mut record = vec![random.below(256) as u8; random.below(200) as usize + 1];
                record[0] = 0;
                let result = block_on(store.store(id, &record));
                (Some(record), result)
            };
            match result {
                Ok(()) => allowed.sure(id, requested),
                Err(error) => {
                    assert_eq!(error, FlashStoreError::Flash(Cut));
                    allowed.maybe(id, requested);
                    break;
                }
            }
        }
        memory = store.into_inner();
        if memory.left.take() == Some(0) {
            cuts += 1
        } else {
            whole += 1
        }
        let mut store = FlashStore::new(memory, RANGE).unwrap();
        let (records, found) = records(&mut store);
        assert_eq!(found, Loaded { records: records.len(), ..Loaded::default() });
        allowed.settle(&records);
        memory = store.into_inner();
    }
    println!("{cuts} cuts of the power, {whole} runs without one, {} pages erased", memory.erased);
}
