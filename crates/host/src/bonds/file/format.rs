//! The format of a file of bonds: a header, then records, each with its own checksum.

use std::vec::Vec;

use bindrune_wire::Reader;
use crc::{CRC_32_ISCSI, Crc};
use zeroize::Zeroizing;

use super::book::{Entries, Entry};
use crate::RecordId;

/// The version that is written.
pub(super) const VERSION: u16 = 1;

const MAGIC: [u8; 14] = *b"BINDRUNE-BONDS";
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Contents of a file.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) generation: u64,
    /// The intact records, in order.
    pub(super) records: Vec<(RecordId, Entry)>,
    /// Number of damaged records.
    pub(super) damaged: usize,
}

/// Octets that are no readable file of bonds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Version(u16),
    Damaged,
}

pub(super) fn encode(generation: u64, entries: &Entries) -> Zeroizing<Vec<u8>> {
    let records = entries.values().map(|entry| entry.octets.len().saturating_add(RECORD_HEAD + 4));
    // The buffer never moves while it grows, so no copy of a key stays behind.
    let size = records.fold(HEADER, usize::saturating_add);
    let mut file = Zeroizing::new(Vec::with_capacity(size));
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend(generation.to_le_bytes());
    file.extend(u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
    seal(&mut file, 0);
    for (id, entry) in entries {
        let start = file.len();
        file.extend(id.octets());
        file.extend(entry.created.to_le_bytes());
        file.extend(u16::try_from(entry.octets.len()).unwrap_or(u16::MAX).to_le_bytes());
        seal(&mut file, start);
        let start = file.len();
        file.extend_from_slice(&entry.octets);
        seal(&mut file, start);
    }
    file
}

const HEADER: usize = MAGIC.len() + 2 + 8 + 4 + 4;
const RECORD_HEAD: usize = 8 + 8 + 2 + 4;

pub(super) fn parse(octets: &[u8]) -> Result<Parsed, HeaderError> {
    let mut r = Reader::new(octets);
    let magic: [u8; 14] = r.array().map_err(|_| HeaderError::Damaged)?;
    let version = r.u16().map_err(|_| HeaderError::Damaged)?;
    // The header is the same in every version.
    let (generation, count) = header(&mut r, octets).ok_or(HeaderError::Damaged)?;
    if magic != MAGIC {
        return Err(HeaderError::Damaged);
    }
    if version != VERSION {
        return Err(HeaderError::Version(version));
    }
    let mut parsed = Parsed { generation, records: Vec::new(), damaged: 0 };
    for left in (0..count).rev() {
        match record(&mut r) {
            Some(Some(record)) => parsed.records.push(record),
            Some(None) => parsed.damaged = parsed.damaged.saturating_add(1),
            None => {
                parsed.damaged = parsed.damaged.saturating_add(left).saturating_add(1);
                break;
            }
        }
    }
    Ok(parsed)
}

fn header(r: &mut Reader<'_>, octets: &[u8]) -> Option<(u64, usize)> {
    let generation = r.u64().ok()?;
    let count = usize::try_from(r.u32().ok()?).ok()?;
    let sum = r.u32().ok()?;
    let covered = octets.get(..HEADER.saturating_sub(4))?;
    (CRC.checksum(covered) == sum).then_some((generation, count))
}

/// Returns the next record; `Some(None)` if it is damaged, `None` if its length is unknown.
fn record(r: &mut Reader<'_>) -> Option<Option<(RecordId, Entry)>> {
    let head = checked(r, RECORD_HEAD.saturating_sub(4))?;
    let mut head = Reader::new(head);
    let id: [u8; 8] = head.array().ok()?;
    let (created, len) = (head.u64().ok()?, head.u16().ok()?);
    if r.remaining() < usize::from(len).saturating_add(4) {
        return None;
    }
    let body = checked(r, usize::from(len));
    Some(
        body.zip(RecordId::from_octets(id))
            .map(|(body, id)| (id, Entry { created, octets: Zeroizing::new(body.to_vec()) })),
    )
}

/// Takes this many octets and their checksum. Returns the octets if the checksum matches.
fn checked<'a>(r: &mut Reader<'a>, len: usize) -> Option<&'a [u8]> {
    let octets = r.bytes(len).ok()?;
    let sum = r.u32().ok()?;
    (CRC.checksum(octets) == sum).then_some(octets)
}

fn seal(file: &mut Vec<u8>, start: usize) {
    let sum = CRC.checksum(file.get(start..).unwrap_or_default());
    file.extend(sum.to_le_bytes());
}
