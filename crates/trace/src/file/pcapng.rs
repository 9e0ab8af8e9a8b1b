//! pcapng: blocks, of which those with packets are read.

use std::io::Read;

use bindrune_wire::Reader;

use super::{Link, Packet, Problem, checked, pcap::number, source::Source};

/// A file, after the blocks read so far.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    is_big_endian: bool,
    interfaces: Vec<Interface>,
}

/// A capture device. Packets of other links than HCI are skipped.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Option<Link>,
    /// Units of time in a second.
    units: u64,
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;

/// Interfaces that a section may have.
const MAX_INTERFACES: usize = 256;

/// Option with the resolution of times.
const RESOLUTION: u16 = 9;

impl Pcapng {
    pub(super) fn record(
        &mut self,
        source: &mut Source<impl Read>,
    ) -> Result<Option<Packet>, Problem> {
        while let Some(kind) = source.array_or_end::<4>()? {
            let len = source.array::<4>()?;
            let kind = number(self.is_big_endian, kind);
            if kind == SECTION {
                self.section(source, len)?;
                continue;
            }
            let body = block(source, number(self.is_big_endian, len))?;
            let mut r = Reader::new(&body);
            let packet = match kind {
                INTERFACE => self.interface(&mut r).map(|()| None),
                ENHANCED => self.enhanced(&mut r),
                SIMPLE => self.simple(&mut r),
                _ => Some(None),
            };
            match packet {
                Some(Some((time, original, octets))) => {
                    let interface = self
                        .interfaces
                        .get_mut(time.1)
                        .and_then(|interface| interface.link.as_mut());
                    let Some(link) = interface else { continue };
                    let (direction, body) = link.packet(&octets)?;
                    let cut =
                        original.saturating_sub(u32::try_from(octets.len()).unwrap_or(u32::MAX));
                    return Ok(Some(Packet { time: time.0, direction, cut, body }));
                }
                Some(None) => {}
                None => return Err(Problem::Corrupt("a block ends inside a field".into())),
            }
        }
        Ok(None)
    }

    /// Starts a section, which has its own byte order and interfaces.
    fn section(&mut self, source: &mut Source<impl Read>, len: [u8; 4]) -> Result<(), Problem> {
        self.is_big_endian = match source.array::<4>()? {
            [0x1a, 0x2b, 0x3c, 0x4d] => true,
            [0x4d, 0x3c, 0x2b, 0x1a] => false,
            _ => return Err(Problem::Corrupt("a section has no byte order".into())),
        };
        self.interfaces.clear();
        let len = number(self.is_big_endian, len);
        let rest = checked(len)?.checked_sub(12).ok_or_else(|| short(len))?;
        source.bytes(rest)?;
        Ok(())
    }

    fn number(&self, r: &mut Reader<'_>) -> Option<u32> {
        r.array().ok().map(|octets| number(self.is_big_endian, octets))
    }

    fn short(&self, r: &mut Reader<'_>) -> Option<u16> {
        let octets = r.array().ok()?;
        Some(if self.is_big_endian {
            u16::from_be_bytes(octets)
        } else {
            u16::from_le_bytes(octets)
        })
    }

    fn interface(&mut self, r: &mut Reader<'_>) -> Option<()> {
        let kind = self.short(r)?;
        r.bytes(6).ok()?;
        let mut units = 1_000_000u64;
        while r.remaining() >= 4 {
            let (option, len) = (self.short(r)?, self.short(r)?);
            let value = r.bytes(len.into()).ok()?;
            r.bytes(usize::from(len.wrapping_neg() & 3).min(r.remaining())).ok()?;
            match (option, value) {
                (0, _) => break,
                (RESOLUTION, &[power]) if power & 0x80 == 0 => {
                    units = 10u64.saturating_pow(power.into())
                }
                (RESOLUTION, &[power]) => units = 2u64.saturating_pow(u32::from(power & 0x7f)),
                _ => {}
            }
        }
        if self.interfaces.len() < MAX_INTERFACES {
            self.interfaces.push(Interface { link: Link::new(kind.into()), units });
        }
        Some(())
    }

    fn enhanced(&self, r: &mut Reader<'_>) -> Option<Option<Record>> {
        let at = usize::try_from(self.number(r)?).ok()?;
        let (high, low) = (self.number(r)?, self.number(r)?);
        let (len, original) = (self.number(r)?, self.number(r)?);
        let octets = r.bytes(usize::try_from(len).ok()?).ok()?.to_vec();
        let ticks = u128::from(high) << 32 | u128::from(low);
        let units = self.interfaces.get(at).map_or(1_000_000, |interface| interface.units);
        let time = ticks.saturating_mul(1_000_000).checked_div(units.into())?;
        Some(Some(((u64::try_from(time).ok(), at), original, octets)))
    }

    fn simple(&self, r: &mut Reader<'_>) -> Option<Option<Record>> {
        let original = self.number(r)?;
        let len = usize::try_from(original).ok()?.min(r.remaining());
        Some(Some(((None, 0), original, r.bytes(len).ok()?.to_vec())))
    }
}

/// Time and interface, original length, octets.
type Record = ((Option<u64>, usize), u32, Vec<u8>);

fn short(len: u32) -> Problem {
    Problem::Corrupt(format!("a block of {len} bytes"))
}

/// Returns the body of a block: without type and both lengths.
fn block(source: &mut Source<impl Read>, len: u32) -> Result<Vec<u8>, Problem> {
    let body = checked(len)?.checked_sub(12).ok_or_else(|| short(len))?;
    // Blocks are padded to 4 bytes.
    let body = source.bytes(body.checked_next_multiple_of(4).unwrap_or(body))?;
    source.array::<4>()?;
    Ok(body)
}
