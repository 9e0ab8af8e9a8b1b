//! Data of inquiry responses: structures as in advertising data. [Vol 3] Part C, 8

use bindrune_hci::cmd::classic::EXTENDED_INQUIRY_RESPONSE_LEN;
use bindrune_wire::{NoRoom, Uuid, Writer};

/// Maximum number of services in this device's inquiry response.
pub const SERVICES_MAX: usize = 16;

/// Structures of a length octet, a type and data. [Vol 3] Part C, 8
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InquiryData<'a> {
    data: &'a [u8],
}

impl<'a> InquiryData<'a> {
    /// Creates it from any octets. Structures after a malformed one are ignored.
    #[must_use]
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// Returns all octets.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.data
    }

    /// Returns the structures: type and data.
    pub fn structures(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.data;
        core::iter::from_fn(move || {
            let (&len, after) = rest.split_first()?;
            let (structure, after) = after.split_at_checked(len.into())?;
            let (&kind, data) = structure.split_first()?;
            rest = after;
            Some((kind, data))
        })
    }

    /// Returns the name in octets of UTF-8, and whether it is complete.
    #[must_use]
    pub fn name(self) -> Option<(&'a [u8], bool)> {
        let find = |wanted| self.structures().find(|&(kind, _)| kind == wanted);
        let complete = find(COMPLETE_NAME).map(|(_, name)| (name, true));
        complete.or_else(|| find(SHORT_NAME).map(|(_, name)| (name, false)))
    }

    /// Returns the services.
    pub fn services(self) -> impl Iterator<Item = Uuid> {
        self.structures().flat_map(|(kind, data)| {
            let width = match kind {
                0x02 | 0x03 => 2,
                0x04 | 0x05 => 4,
                0x06 | 0x07 => 16,
                _ => data.len().saturating_add(1),
            };
            data.chunks_exact(width).filter_map(uuid)
        })
    }

    /// Returns the length of the significant part: the rest is zeros.
    pub(crate) fn significant_len(self) -> usize {
        self.structures().map(|(_, data)| data.len().saturating_add(2)).sum()
    }
}

const SHORT_NAME: u8 = 0x08;
const COMPLETE_NAME: u8 = 0x09;
const HEADER: usize = 2;

fn uuid(octets: &[u8]) -> Option<Uuid> {
    match *octets {
        [a, b] => Some(Uuid::new_16(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(Uuid::new_32(u32::from_le_bytes([a, b, c, d]))),
        _ => octets.try_into().ok().map(|octets| Uuid::new_128(u128::from_le_bytes(octets))),
    }
}

/// Writes the response of this device: its name, cut if it is long, and its services.
pub(crate) fn write(
    name: &[u8],
    services: &[Uuid],
    all: bool,
) -> [u8; EXTENDED_INQUIRY_RESPONSE_LEN] {
    let mut data = [0; EXTENDED_INQUIRY_RESPONSE_LEN];
    let mut w = Writer::new(&mut data);
    // Names longer than this are cut, so that services find room.
    let room = if services.is_empty() { EXTENDED_INQUIRY_RESPONSE_LEN } else { NAME_BESIDE };
    let room = room.saturating_sub(HEADER);
    let shown = cut(name, room);
    let kind = if shown.len() == name.len() { COMPLETE_NAME } else { SHORT_NAME };
    if !shown.is_empty() {
        let _ = structure(&mut w, kind, shown);
    }
    let mut complete = [all; 3];
    for (width, complete) in [2, 4, 16].into_iter().zip(&mut complete) {
        let _ = list(&mut w, services, width, complete);
    }
    data
}

/// Octets for the name if services follow.
const NAME_BESIDE: usize = 64;

/// Cuts a name at the end of a character.
fn cut(name: &[u8], room: usize) -> &[u8] {
    let mut end = name.len().min(room);
    // Octets of the form 10xxxxxx continue a character.
    while end > 0 && name.get(end).is_some_and(|octet| octet & 0xc0 == 0x80) {
        end = end.saturating_sub(1);
    }
    name.get(..end).unwrap_or_default()
}

fn structure(w: &mut Writer<'_>, kind: u8, data: &[u8]) -> Result<(), NoRoom> {
    let len = u8::try_from(data.len().saturating_add(1)).map_err(|_| NoRoom)?;
    if w.room() < usize::from(len).saturating_add(1) {
        return Err(NoRoom);
    }
    w.bytes(&[len, kind])?;
    w.bytes(data)
}

/// Writes the services of one width, as many as fit.
fn list(
    w: &mut Writer<'_>,
    services: &[Uuid],
    width: usize,
    complete: &mut bool,
) -> Result<(), NoRoom> {
    let mine = |uuid: &&Uuid| width_of(**uuid) == width;
    let count = services.iter().filter(mine).count();
    let fits = w.room().saturating_sub(2).checked_div(width).unwrap_or_default();
    if count == 0 || fits == 0 {
        return Ok(());
    }
    *complete &= fits >= count;
    let written = count.min(fits);
    let len = written.saturating_mul(width).saturating_add(1);
    let kind = match width {
        2 => 0x02,
        4 => 0x04,
        _ => 0x06,
    };
    w.u8(u8::try_from(len).map_err(|_| NoRoom)?)?;
    w.u8(kind | u8::from(*complete))?;
    for uuid in services.iter().filter(mine).take(written) {
        match (uuid.as_u16(), uuid.as_u32()) {
            (Some(short), _) => w.u16(short)?,
            (None, Some(middle)) => w.u32(middle)?,
            (None, None) => w.u128(uuid.as_u128())?,
        }
    }
    Ok(())
}

const fn width_of(uuid: Uuid) -> usize {
    match (uuid.as_u16(), uuid.as_u32()) {
        (Some(_), _) => 2,
        (None, Some(_)) => 4,
        (None, None) => 16,
    }
}

#[cfg(test)]
mod tests;
