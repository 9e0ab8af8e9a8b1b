use core::{fmt, slice::ChunksExact};

use bindrune_wire::{Malformed, Reader, Uuid};

use super::{AdType, Flags};

/// Advertising data of a peer, of any content.
///
/// Every query uses the complete structures only. [`Self::is_malformed`] returns whether the data ended inside a
/// structure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AdData<'a>(&'a [u8]);

impl<'a> AdData<'a> {
    /// Creates it from advertising data, a scan response, or both in sequence.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Returns the octets unchanged.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// Returns all structures in order.
    #[must_use]
    pub const fn structures(&self) -> Structures<'a> {
        Structures { rest: Reader::new(self.0) }
    }

    /// Returns whether a structure's length goes beyond the end of the data.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.structures().any(|s| s.is_err())
    }

    /// Returns the length of all complete structures in octets: the rest is padding, or malformed.
    #[must_use]
    pub fn whole_len(&self) -> usize {
        self.whole().fold(0, |sum: usize, s| sum.saturating_add(s.data.len()).saturating_add(2))
    }

    /// Returns the data of the first structure of one type.
    #[must_use]
    pub fn find(&self, ad_type: AdType) -> Option<&'a [u8]> {
        self.all(ad_type).next()
    }

    /// Returns the flags, or `None` if there is no such structure. Missing octets are 0, so an empty structure has no
    /// flag set. Core Specification Supplement, Part A, 1.3
    #[must_use]
    pub fn flags(&self) -> Option<Flags> {
        let octets = self.find(AdType::FLAGS)?;
        Some(Flags::from_bits_retain(octets.first().copied().unwrap_or_default()))
    }

    /// Returns the local name: the complete one if present, otherwise the longest shortened one. A device may advertise
    /// a short beginning, and a longer one in the scan response.
    #[must_use]
    pub fn name(&self) -> Option<Name<'a>> {
        let complete = self.find(AdType::COMPLETE_LOCAL_NAME);
        let shortened = || self.all(AdType::SHORTENED_LOCAL_NAME).max_by_key(|name| name.len());
        let octets = complete.or_else(shortened)?;
        Some(Name { octets, complete: complete.is_some() })
    }

    /// Returns the UUIDs of all service lists, complete or not.
    #[must_use]
    pub const fn services(&self) -> Services<'a> {
        Services { structures: self.structures(), list: None }
    }

    /// Returns company identifier and data of each manufacturer structure.
    #[must_use]
    pub const fn manufacturer(&self) -> Manufacturer<'a> {
        Manufacturer { structures: self.structures() }
    }

    /// Returns service and data of each service data structure.
    #[must_use]
    pub const fn service_data(&self) -> ServiceData<'a> {
        ServiceData { structures: self.structures() }
    }

    /// Returns the appearance. Skips a structure that is too short.
    #[must_use]
    pub fn appearance(&self) -> Option<u16> {
        self.all(AdType::APPEARANCE).find_map(|data| Reader::new(data).u16().ok())
    }

    /// Returns the transmit power in dBm. Skips a structure that is too short.
    #[must_use]
    pub fn tx_power(&self) -> Option<i8> {
        self.all(AdType::TX_POWER_LEVEL).find_map(|data| Reader::new(data).i8().ok())
    }

    fn all(&self, ad_type: AdType) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.whole().filter(move |s| s.ad_type == ad_type).map(|s| s.data)
    }

    fn whole(&self) -> impl Iterator<Item = Structure<'a>> + use<'a> {
        self.structures().map_while(Result::ok)
    }
}

impl fmt::Debug for AdData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.structures()).finish()
    }
}

/// One AD structure. [Vol 3] Part C, 11
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure<'a> {
    /// The type.
    pub ad_type: AdType,
    /// The octets after the type.
    pub data: &'a [u8],
}

/// The structures of advertising data, in order.
///
/// Ends at the end of the data, at a structure of length 0 (early termination), or with one [`Malformed`] if a
/// structure goes beyond the end.
#[derive(Clone, Debug)]
pub struct Structures<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for Structures<'a> {
    type Item = Result<Structure<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let len = self.rest.u8().ok()?;
        if len == 0 {
            self.rest.rest();
            return None;
        }
        match self.rest.bytes(len.into()).map(<[u8]>::split_first) {
            Ok(split) => split.map(|(&t, data)| Ok(Structure { ad_type: AdType(t), data })),
            Err(malformed) => {
                self.rest.rest();
                Some(Err(malformed))
            }
        }
    }
}

/// A device's advertised name: octets that should be UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    octets: &'a [u8],
    complete: bool,
}

impl<'a> Name<'a> {
    /// Returns the octets unchanged.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Returns the text, if the octets are UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        core::str::from_utf8(self.octets).ok()
    }

    /// Returns false if only the beginning of the name was advertised.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}

impl fmt::Display for Name<'_> {
    /// Writes the text, with U+FFFD for octets that are not UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.octets.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"{}", if self.complete { "" } else { ".." })
    }
}

/// The UUIDs of all service lists. Incomplete UUIDs at the end of a list are ignored.
#[derive(Clone, Debug)]
pub struct Services<'a> {
    structures: Structures<'a>,
    list: Option<ChunksExact<'a, u8>>,
}

impl Iterator for Services<'_> {
    type Item = Uuid;

    fn next(&mut self) -> Option<Uuid> {
        loop {
            if let Some(octets) = self.list.as_mut().and_then(Iterator::next) {
                return Uuid::from_le_bytes(octets).ok();
            }
            let Structure { ad_type, data } = self.structures.next()?.ok()?;
            self.list = match ad_type {
                AdType::INCOMPLETE_SERVICES_16 | AdType::COMPLETE_SERVICES_16 => Some(2),
                AdType::INCOMPLETE_SERVICES_32 | AdType::COMPLETE_SERVICES_32 => Some(4),
                AdType::INCOMPLETE_SERVICES_128 | AdType::COMPLETE_SERVICES_128 => Some(16),
                _ => None,
            }
            .map(|size| data.chunks_exact(size));
        }
    }
}

/// Company identifier and data of each manufacturer structure. A structure too short for its identifier is skipped.
#[derive(Clone, Debug)]
pub struct Manufacturer<'a> {
    structures: Structures<'a>,
}

impl<'a> Iterator for Manufacturer<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.structures.by_ref().map_while(Result::ok).find_map(|s| {
            let mut r = Reader::new(s.data);
            match s.ad_type {
                AdType::MANUFACTURER_DATA => Some((r.u16().ok()?, r.rest())),
                _ => None,
            }
        })
    }
}

/// Service and data of each service data structure. A structure too short for its UUID is skipped.
#[derive(Clone, Debug)]
pub struct ServiceData<'a> {
    structures: Structures<'a>,
}

impl<'a> Iterator for ServiceData<'a> {
    type Item = (Uuid, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.structures.by_ref().map_while(Result::ok).find_map(|s| {
            let size = match s.ad_type {
                AdType::SERVICE_DATA_16 => 2,
                AdType::SERVICE_DATA_32 => 4,
                AdType::SERVICE_DATA_128 => 16,
                _ => return None,
            };
            let (uuid, data) = s.data.split_at_checked(size)?;
            Some((Uuid::from_le_bytes(uuid).ok()?, data))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{string::ToString, vec, vec::Vec};

    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_query_finds_its_structure() {
        let octets = hex!(
            "02 01 06" "05 03 0f18 0d18" "05 ff 5900 abcd" "05 16 6ffd 0102" "03 19 4103" "02 0a f8" "03 09 4142"
            "11 07 9ecadc240ee5a9e093f3a3b50100406e"
        );
        let ad = AdData::new(&octets);
        assert_eq!(ad.flags(), Some(Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED));
        let services: Vec<_> = ad.services().collect();
        assert_eq!(
            services,
            [
                Uuid::new_16(0x180f),
                Uuid::new_16(0x180d),
                Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e)
            ]
        );
        assert_eq!(ad.manufacturer().collect::<Vec<_>>(), [(0x0059, &hex!("abcd")[..])]);
        assert_eq!(
            ad.service_data().collect::<Vec<_>>(),
            [(Uuid::new_16(0xfd6f), &hex!("0102")[..])]
        );
        assert_eq!((ad.appearance(), ad.tx_power()), (Some(0x0341), Some(-8)));
        assert_eq!(ad.name().map(|n| (n.text(), n.is_complete())), Some((Some("AB"), true)));
        assert!(!ad.is_malformed() && ad.whole_len() == octets.len());
    }

    /// Row D01.
    #[test]
    fn a_structure_of_length_zero_ends_the_data() {
        let ad = AdData::new(&hex!("00 02 01 06"));
        assert_eq!((ad.structures().count(), ad.is_malformed(), ad.whole_len()), (0, false, 0));
    }

    /// Rows D02 and D04.
    #[test]
    fn a_structure_beyond_the_end_is_flagged_and_the_others_are_returned() {
        let short = AdData::new(&hex!("05 09 4142"));
        assert!(short.is_malformed() && short.name().is_none());
        let tail = AdData::new(&hex!("02 01 06 ff"));
        assert!(tail.is_malformed() && tail.flags().is_some());
        let found: Vec<_> = tail.structures().collect();
        assert_eq!(found.last(), Some(&Err(Malformed::Truncated)));
        assert_eq!((found.len(), tail.whole_len()), (2, 3));
    }

    /// Row D05.
    #[test]
    fn a_name_that_is_not_utf_8_is_shown_with_replacements() {
        let name = AdData::new(&hex!("05 09 41 fffe 42")).name().unwrap();
        assert_eq!((name.text(), name.to_string()), (None, "A\u{fffd}\u{fffd}B".to_string()));
    }

    /// Rows D06 and D08.
    #[test]
    fn a_ragged_or_short_structure_loses_only_its_tail() {
        let list = AdData::new(&hex!("04 02 aabbcc"));
        assert_eq!(list.services().collect::<Vec<_>>(), [Uuid::new_16(0xbbaa)]);
        let short = AdData::new(&hex!("02 ff 59" "02 16 0f" "01 01" "02 19 00" "04 ff 5900 01"));
        assert_eq!(short.manufacturer().collect::<Vec<_>>(), [(0x0059, &[1][..])]);
        assert_eq!((short.appearance(), short.service_data().count()), (None, 0));
        assert_eq!(AdData::new(&hex!("07 31 010203040506")).structures().count(), 1);
    }

    /// Trailing octets of 0 are left out. Core Specification Supplement, Part A, 1.3
    #[test]
    fn empty_flags_have_no_flag_set() {
        assert_eq!(AdData::new(&hex!("01 01")).flags(), Some(Flags::empty()));
        assert_eq!(AdData::new(&hex!("03 01 04 80")).flags(), Some(Flags::BR_EDR_NOT_SUPPORTED));
        assert_eq!(AdData::new(&hex!("02 0a 00")).flags(), None);
    }

    #[test]
    fn an_empty_structure_hides_no_later_one() {
        let ad = AdData::new(
            &hex!("01 19" "02 19 00" "03 19 4103" "01 0a" "02 0a f8" "01 ff" "04 ff 5900 01"),
        );
        assert_eq!((ad.appearance(), ad.tx_power()), (Some(0x0341), Some(-8)));
        assert_eq!(ad.manufacturer().collect::<Vec<_>>(), [(0x0059, &[1][..])]);
        let name = AdData::new(&hex!("01 09")).name().unwrap();
        assert_eq!((name.text(), name.is_complete()), (Some(""), true));
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            crate::fuzz::ad_data(&octets);
        }

        #[test]
        fn whole_structures_are_read_back(
            parts in proptest::collection::vec(
                (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..20)), 0..8)
        ) {
            let mut octets = vec![];
            for (ad_type, data) in &parts {
                octets.extend([data.len() as u8 + 1, *ad_type]);
                octets.extend(data);
            }
            let ad = AdData::new(&octets);
            let read: Vec<_> = ad.structures().map(|s| s.map(|s| (s.ad_type.0, s.data.to_vec())).unwrap()).collect();
            prop_assert_eq!(read, parts);
            prop_assert_eq!(ad.whole_len(), octets.len());
        }
    }
}
