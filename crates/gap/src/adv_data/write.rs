use core::ops::Range;

use bindrune_wire::{NoRoom, Uuid, Writer};

use super::{AdType, Flags};

/// Writes AD structures into a buffer. A structure that does not fit leaves the buffer unchanged.
#[derive(Debug)]
pub struct AdWriter<'a> {
    w: Writer<'a>,
}

impl<'a> AdWriter<'a> {
    /// Creates a writer at the start of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { w: Writer::new(buffer) }
    }

    /// Returns the octets that were written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.w.written()
    }

    /// Returns the number of octets written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.w.len()
    }

    /// Returns whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.w.is_empty()
    }

    /// Returns how many octets of data one more structure may have.
    #[must_use]
    pub const fn room(&self) -> usize {
        let room = self.w.room().saturating_sub(2);
        if room > DATA_MAX { DATA_MAX } else { room }
    }

    /// Writes a structure from its parts, in order.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn structure(&mut self, ad_type: AdType, parts: &[&[u8]]) -> Result<(), NoRoom> {
        let len = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        if len > self.room() || self.w.room() < 2 {
            return Err(NoRoom);
        }
        self.w.u8(u8::try_from(len.saturating_add(1)).map_err(|_| NoRoom)?)?;
        self.w.u8(ad_type.0)?;
        parts.iter().try_for_each(|part| self.w.bytes(part))
    }

    /// Writes octets that are AD structures already.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn raw(&mut self, structures: &[u8]) -> Result<(), NoRoom> {
        self.w.bytes(structures)
    }

    /// Writes the flags. They belong in advertising data, never in a scan response.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn flags(&mut self, flags: Flags) -> Result<(), NoRoom> {
        self.structure(AdType::FLAGS, &[&[flags.bits()]])
    }

    /// Writes the whole name.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn name(&mut self, name: &str) -> Result<(), NoRoom> {
        self.structure(AdType::COMPLETE_LOCAL_NAME, &[name.as_bytes()])
    }

    /// Writes the name, or as many of its characters as fit, at least one.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn name_or_beginning(&mut self, name: &str) -> Result<(), NoRoom> {
        self.name_within(name, self.room())
    }

    /// Writes the name, or as many of its characters as fit in `max` octets, at least one.
    pub(super) fn name_within(&mut self, name: &str, max: usize) -> Result<(), NoRoom> {
        if name.len() <= max {
            return self.name(name);
        }
        let text = beginning(name, max.min(self.room()));
        if text.is_empty() {
            return Err(NoRoom);
        }
        self.structure(AdType::SHORTENED_LOCAL_NAME, &[text.as_bytes()])
    }

    /// Writes the transmit power in dBm.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn tx_power(&mut self, dbm: i8) -> Result<(), NoRoom> {
        self.structure(AdType::TX_POWER_LEVEL, &[&dbm.to_le_bytes()])
    }

    /// Writes the appearance.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn appearance(&mut self, appearance: u16) -> Result<(), NoRoom> {
        self.structure(AdType::APPEARANCE, &[&appearance.to_le_bytes()])
    }

    /// Writes data of a manufacturer, with its company identifier.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn manufacturer(&mut self, company: u16, data: &[u8]) -> Result<(), NoRoom> {
        self.structure(AdType::MANUFACTURER_DATA, &[&company.to_le_bytes(), data])
    }

    /// Writes data of a service.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn service_data(&mut self, service: Uuid, data: &[u8]) -> Result<(), NoRoom> {
        let width = Width::of(service);
        let mut octets = [0; 16];
        self.structure(width.data_type(), &[width.octets(service, &mut octets), data])
    }

    /// Writes a list of service UUIDs: those in `services` with this width, limited to this range. Writes nothing if
    /// there is none.
    #[inline(never)]
    pub(super) fn services(
        &mut self,
        width: Width,
        complete: bool,
        services: [&[Uuid]; 2],
        range: Range<usize>,
    ) -> Result<(), NoRoom> {
        let start = self.w.len();
        let mut index = 0usize;
        for list in services {
            for &uuid in list {
                if Width::of(uuid) != width {
                    continue;
                }
                if range.contains(&index) {
                    if self.w.len() == start {
                        self.w.bytes(&[1, width.list_type(complete).0])?;
                    }
                    let mut octets = [0; 16];
                    if self.w.bytes(width.octets(uuid, &mut octets)).is_err() {
                        self.w.truncate(start);
                        return Err(NoRoom);
                    }
                }
                index = index.saturating_add(1);
            }
        }
        self.close(start)
    }

    /// Sets the length of the structure that begins at `start`, if there is one; removes the structure if it is too
    /// long.
    fn close(&mut self, start: usize) -> Result<(), NoRoom> {
        let len = self.w.len().saturating_sub(start);
        let counted = u8::try_from(len.saturating_sub(1));
        match (self.w.written_mut().get_mut(start), counted) {
            (None, _) => Ok(()),
            (Some(octet), Ok(counted)) => {
                *octet = counted;
                Ok(())
            }
            (Some(_), Err(_)) => {
                self.w.truncate(start);
                Err(NoRoom)
            }
        }
    }
}

/// Length of a UUID in advertising data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Two,
    Four,
    Sixteen,
}

impl Width {
    pub(super) const ALL: [Self; 3] = [Self::Two, Self::Four, Self::Sixteen];

    pub(super) const fn of(uuid: Uuid) -> Self {
        match (uuid.as_u16(), uuid.as_u32()) {
            (Some(_), _) => Self::Two,
            (None, Some(_)) => Self::Four,
            (None, None) => Self::Sixteen,
        }
    }

    pub(super) const fn len(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Sixteen => 16,
        }
    }

    pub(super) const fn list_type(self, complete: bool) -> AdType {
        match (self, complete) {
            (Self::Two, true) => AdType::COMPLETE_SERVICES_16,
            (Self::Two, false) => AdType::INCOMPLETE_SERVICES_16,
            (Self::Four, true) => AdType::COMPLETE_SERVICES_32,
            (Self::Four, false) => AdType::INCOMPLETE_SERVICES_32,
            (Self::Sixteen, true) => AdType::COMPLETE_SERVICES_128,
            (Self::Sixteen, false) => AdType::INCOMPLETE_SERVICES_128,
        }
    }

    pub(super) const fn data_type(self) -> AdType {
        match self {
            Self::Two => AdType::SERVICE_DATA_16,
            Self::Four => AdType::SERVICE_DATA_32,
            Self::Sixteen => AdType::SERVICE_DATA_128,
        }
    }

    /// Returns the UUID's octets, least significant first.
    fn octets(self, uuid: Uuid, buffer: &mut [u8; 16]) -> &[u8] {
        *buffer = uuid.as_u128().to_le_bytes();
        // A short UUID is the upper end of the long one.
        let start = if self == Self::Sixteen { 0 } else { 12 };
        buffer.get(start..self.len().saturating_add(start)).unwrap_or_default()
    }
}

/// Returns the longest beginning of `text` that has at most `max` octets and ends between characters.
fn beginning(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// A structure's length octet counts its type too.
const DATA_MAX: usize = 254;

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn structures_are_written_as_specified() {
        let mut buffer = [0; 64];
        let mut w = AdWriter::new(&mut buffer);
        w.flags(Flags::GENERAL_DISCOVERABLE).unwrap();
        w.name("AB").unwrap();
        w.tx_power(-8).unwrap();
        w.appearance(0x0341).unwrap();
        w.manufacturer(0x0059, &hex!("abcd")).unwrap();
        w.service_data(Uuid::new_16(0xfd6f), &[1]).unwrap();
        w.service_data(Uuid::new_32(0x1234_5678), &[2]).unwrap();
        let uuids = [Uuid::new_16(0x180f), Uuid::new_32(0x1234_5678), Uuid::new_16(0x180d)];
        w.services(Width::Two, true, [&uuids, &[]], 0..9).unwrap();
        w.services(Width::Sixteen, true, [&uuids, &[]], 0..9).unwrap();
        assert_eq!(
            w.written(),
            hex!(
                "020102" "03094142" "020af8" "03194103" "05ff5900abcd" "04166ffd01" "062078563412 02"
                "05030f180d18"
            )
        );
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let mut buffer = [0; 6];
        let mut w = AdWriter::new(&mut buffer);
        w.name_or_beginning("abcß").unwrap();
        assert_eq!(w.written(), hex!("04 08 616263"));
        assert_eq!(w.name_or_beginning("x"), Err(NoRoom));
        assert_eq!(w.len(), 5);
    }

    #[test]
    fn a_structure_that_does_not_fit_writes_nothing() {
        let mut buffer = [0; 300];
        let mut w = AdWriter::new(&mut buffer);
        assert_eq!(w.structure(AdType::URI, &[&[0; 255]]), Err(NoRoom));
        assert!(w.is_empty());
        w.structure(AdType::URI, &[&[0; 254]]).unwrap();
        assert_eq!(w.room(), 42);
        assert_eq!(w.structure(AdType::URI, &[&[0; 43]]), Err(NoRoom));
        w.structure(AdType::URI, &[&[0; 42]]).unwrap();
        assert_eq!(w.structure(AdType::URI, &[]), Err(NoRoom));
    }
}
