use core::fmt;

use bindrune_wire::{NoRoom, Uuid};

use super::{AdData, AdType, AdWriter, Flags, LEGACY_DATA_MAX, write::Width};
use crate::{Advertisement, AdvertisementKind, Device, Discoverable};

/// An advertisement whose data does not fit, with the type of the first structure that has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(pub AdType);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the advertisement has no room for {:?}", self.0)
    }
}

impl core::error::Error for TooLong {}

#[cfg(feature = "defmt")]
impl defmt::Format for TooLong {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "TooLong(0x{=u8:02x})", self.0.0);
    }
}

/// Writes the contents of an advertisement into the advertising data and, if they do not fit, into the scan response.
/// Returns the number of octets used in each.
///
/// With legacy PDUs, at most [`LEGACY_DATA_MAX`] octets of each buffer are used. The scan response is used only if the
/// PDU has one; scannable extended PDUs have only a scan response. [Vol 6] Part B, 4.4.2
///
/// Order: flags, services, appearance, service data, manufacturer data, transmit power, the user's structures, the
/// name. If the advertising data has no room for a structure, it goes to the scan response; a list of services is split
/// over both. If the name does not fit in the advertising data, the beginning that fits goes there, for passive
/// scanners, and the scan response has the whole name, or a longer beginning if it has room for one.
///
/// # Errors
///
/// [`TooLong`] with the first structure that has no room.
pub fn lay_out(
    advertisement: &Advertisement<'_>,
    device: Device<'_>,
    advertising: &mut [u8],
    scan_response: &mut [u8],
) -> Result<(usize, usize), TooLong> {
    let (first, second) = rooms(advertisement);
    let mut sheet = Sheet {
        first: AdWriter::new(cut(advertising, first)),
        second: AdWriter::new(cut(scan_response, second)),
    };
    if let Some(exactly) = advertisement.exactly {
        sheet.first.raw(exactly).map_err(|NoRoom| too_long(exactly))?;
    } else {
        sheet.compose(advertisement, device)?;
    }
    let response = advertisement.scan_response.unwrap_or_default();
    sheet.second.raw(response).map_err(|NoRoom| too_long(response))?;
    Ok((sheet.first.len(), sheet.second.len()))
}

impl Advertisement<'_> {
    /// Returns the maximum length of the PDUs' data in octets: of the data that does not fit, if the user wrote that;
    /// otherwise of all.
    #[must_use]
    pub fn data_room(&self) -> usize {
        let (first, second) = rooms(self);
        match self.exactly {
            Some(octets) if octets.len() > first => first,
            Some(_) => second,
            None => first.saturating_add(second),
        }
    }
}

impl<'a> Advertisement<'a> {
    /// Returns the part of [`Self::name`] that an active scanner finds: all of it, or its beginning if there is no room
    /// for more. `memory` is as long as the host's for one advertisement, 62 bytes without extended advertising; its
    /// contents are overwritten.
    ///
    /// # Errors
    ///
    /// [`TooLong`] with the first structure that has no room.
    pub fn shown_name(&self, memory: &mut [u8]) -> Result<Option<&'a str>, TooLong> {
        let (first, second) = self.split(memory);
        let (first_len, second_len) = lay_out(self, Device::UNNAMED, first, second)?;
        let name = self.name.unwrap_or_default();
        let shown = |data: &[u8], len: usize| {
            let found = AdData::new(data.get(..len).unwrap_or_default()).name();
            let own = found.filter(|found| name.as_bytes().starts_with(found.octets()));
            own.map_or(0, |own| own.octets().len())
        };
        let len = shown(first, first_len).max(shown(second, second_len));
        Ok(name.get(..len).filter(|name| !name.is_empty()))
    }

    /// Divides the memory of an advertising set between advertising data and scan response.
    pub(crate) fn split<'m>(&self, memory: &'m mut [u8]) -> (&'m mut [u8], &'m mut [u8]) {
        let place = match (self.parameters.extended, self.parameters.kind) {
            (None, _) => LEGACY_DATA_MAX.min(memory.len()),
            (Some(_), AdvertisementKind::Scannable) => 0,
            (Some(_), _) => memory.len(),
        };
        memory.split_at_mut_checked(place).unwrap_or_default()
    }
}

/// Returns the room of an advertisement's PDUs in octets, without and with the scan response.
const fn rooms(advertisement: &Advertisement<'_>) -> (usize, usize) {
    match (advertisement.parameters.kind, advertisement.parameters.extended.is_some()) {
        (AdvertisementKind::Directed { .. }, false) => (0, 0),
        (AdvertisementKind::NonConnectable, false) => (LEGACY_DATA_MAX, 0),
        (AdvertisementKind::Connectable | AdvertisementKind::Scannable, false) => {
            (LEGACY_DATA_MAX, LEGACY_DATA_MAX)
        }
        (AdvertisementKind::Scannable, true) => (0, usize::MAX),
        (_, true) => (usize::MAX, 0),
    }
}

fn cut(buffer: &mut [u8], max: usize) -> &mut [u8] {
    let len = buffer.len().min(max);
    buffer.get_mut(..len).unwrap_or_default()
}

/// Returns the error for octets that are AD structures already, with the type of the first one.
fn too_long(structures: &[u8]) -> TooLong {
    TooLong(AdType(structures.get(1).copied().unwrap_or_default()))
}

/// Writes a part of an advertisement's contents.
type Write = fn(&mut Sheet<'_>, &Advertisement<'_>) -> Result<(), TooLong>;

/// The parts of an advertisement beside flags and name. The methods that add them install the functions that write
/// them, so a program contains only what it uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compose {
    pub(crate) services: Option<Write>,
    pub(crate) others: Option<Write>,
}

impl Compose {
    pub(crate) const NOTHING: Self = Self { services: None, others: None };
}

/// The advertising data and the scan response of an advertisement.
pub(crate) struct Sheet<'a> {
    first: AdWriter<'a>,
    second: AdWriter<'a>,
}

impl Sheet<'_> {
    fn compose(&mut self, ad: &Advertisement<'_>, device: Device<'_>) -> Result<(), TooLong> {
        if let Some(flags) = flags(ad) {
            self.first.flags(flags).map_err(|NoRoom| TooLong(AdType::FLAGS))?;
        }
        if let Some(services) = ad.compose.services {
            services(self, ad)?;
        }
        if let Some(others) = ad.compose.others {
            others(self, ad)?;
        }
        let reserved = ad.scan_response.unwrap_or_default().len();
        let shown = !ad.anonymous && !matches!(ad.discoverable, Discoverable::No);
        if shown && ad.appearance.is_none() && device.appearance != 0 {
            // Contents that the host adds take no room from those of the user.
            let room = self.first.room() >= 2 || self.second.room() >= reserved.saturating_add(4);
            let _left_out = room.then(|| self.appearance(device.appearance));
        }
        match ad.name {
            Some(name) => self.name(name, reserved),
            None if shown && !device.name.is_empty() => {
                let _left_out = self.name(device.name, reserved);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn appearance(&mut self, appearance: u16) -> Result<(), TooLong> {
        self.either(AdType::APPEARANCE, |w| w.appearance(appearance))
    }

    /// Writes one structure where it fits.
    fn either(
        &mut self,
        ad_type: AdType,
        write: impl Fn(&mut AdWriter<'_>) -> Result<(), NoRoom>,
    ) -> Result<(), TooLong> {
        write(&mut self.first)
            .or_else(|NoRoom| write(&mut self.second))
            .map_err(|NoRoom| TooLong(ad_type))
    }

    /// Writes one list, if the advertising data or the scan response takes all of it; otherwise one list in each.
    fn services(&mut self, width: Width, services: [&[Uuid]; 2]) -> Result<(), TooLong> {
        let all = 0..usize::MAX;
        for w in [&mut self.first, &mut self.second] {
            if w.services(width, true, services, all.clone()).is_ok() {
                return Ok(());
            }
        }
        let head = self.first.room().checked_div(width.len()).unwrap_or_default();
        self.first
            .services(width, false, services, 0..head)
            .and_then(|()| self.second.services(width, false, services, head..usize::MAX))
            .map_err(|NoRoom| TooLong(width.list_type(false)))
    }

    /// Writes the name, and keeps `reserved` octets of the scan response for the user's structures.
    fn name(&mut self, name: &str, reserved: usize) -> Result<(), TooLong> {
        let room = self.second.room().saturating_sub(reserved);
        let first_room = self.first.room();
        let first = self.first.name_or_beginning(name);
        if name.len() <= first_room || (first.is_ok() && room <= first_room) {
            return Ok(());
        }
        let second = self.second.name_within(name, room);
        first.or(second).map_err(|NoRoom| TooLong(AdType::COMPLETE_LOCAL_NAME))
    }
}

/// Writes the services.
pub(crate) fn write_services(sheet: &mut Sheet<'_>, ad: &Advertisement<'_>) -> Result<(), TooLong> {
    if ad.too_many_services {
        return Err(TooLong(AdType::INCOMPLETE_SERVICES_16));
    }
    Width::ALL.into_iter().try_for_each(|width| sheet.services(width, ad.all_services()))
}

/// Writes everything but flags, services and name.
pub(crate) fn write_others(sheet: &mut Sheet<'_>, ad: &Advertisement<'_>) -> Result<(), TooLong> {
    if let Some(appearance) = ad.appearance {
        sheet.appearance(appearance)?;
    }
    if let Some((service, data)) = ad.service_data {
        let ad_type = Width::of(service).data_type();
        sheet.either(ad_type, |w| w.service_data(service, data))?;
    }
    if let Some((company, data)) = ad.manufacturer {
        sheet.either(AdType::MANUFACTURER_DATA, |w| w.manufacturer(company, data))?;
    }
    if let Some(dbm) = ad.tx_power {
        sheet.either(AdType::TX_POWER_LEVEL, |w| w.tx_power(dbm))?;
    }
    let structures = ad.data.unwrap_or_default();
    sheet.first.raw(structures).map_err(|NoRoom| too_long(structures))
}

/// Returns the flags of an advertisement. They may be left out if none is needed, and a scan response never has them.
fn flags(ad: &Advertisement<'_>) -> Option<Flags> {
    let mode = match ad.discoverable {
        Discoverable::No => Flags::empty(),
        Discoverable::Limited => Flags::LIMITED_DISCOVERABLE,
        Discoverable::General => Flags::GENERAL_DISCOVERABLE,
    };
    let has_first = rooms(ad).0 > 0;
    match ad.parameters.kind {
        AdvertisementKind::Connectable => Some(mode | Flags::BR_EDR_NOT_SUPPORTED),
        AdvertisementKind::Scannable | AdvertisementKind::NonConnectable if !mode.is_empty() => {
            Some(mode | Flags::BR_EDR_NOT_SUPPORTED)
        }
        AdvertisementKind::Scannable
        | AdvertisementKind::NonConnectable
        | AdvertisementKind::Directed { .. } => None,
    }
    .filter(|_| has_first)
}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use hex_literal::hex;

    use super::*;

    fn laid_out(ad: &Advertisement<'_>) -> Result<(Vec<u8>, Vec<u8>), TooLong> {
        shown(ad, Device::UNNAMED)
    }

    fn shown(ad: &Advertisement<'_>, device: Device<'_>) -> Result<(Vec<u8>, Vec<u8>), TooLong> {
        let (mut first, mut second) = (vec![0; 400], vec![0; 400]);
        let (a, b) = lay_out(ad, device, &mut first, &mut second)?;
        first.truncate(a);
        second.truncate(b);
        Ok((first, second))
    }

    const BATTERY: Uuid = Uuid::new_16(0x180f);

    #[test]
    fn a_peripheral_has_flags_services_and_name() {
        let ad = Advertisement::connectable().service(BATTERY).name("Belt");
        let (first, second) = laid_out(&ad).unwrap();
        assert_eq!(first, hex!("020106 03030f18 050942656c74"));
        assert!(second.is_empty());
        let limited = Advertisement::connectable().limited();
        assert_eq!(laid_out(&limited).unwrap().0, hex!("020105"));
        assert!(laid_out(&Advertisement::non_connectable()).unwrap().0.is_empty());
    }

    #[test]
    fn the_device_name_is_shown_if_the_advertisement_sets_none_and_has_room() {
        let lamp = Device { name: "Lamp", appearance: 0x0341 };
        let own = |ad: Advertisement<'static>| shown(&ad, lamp);
        let both = (hex!("020106 03030f18 03194103 05094c616d70").to_vec(), vec![]);
        assert_eq!(own(Advertisement::connectable().service(BATTERY)), Ok(both));
        let said = Advertisement::connectable().name("x").appearance(0x0342);
        assert_eq!(own(said).unwrap().0, hex!("020106 03194203 020978"));
        let none = [
            Advertisement::connectable().without_name(),
            Advertisement::connectable().discoverable(Discoverable::No),
            Advertisement::non_connectable(),
            Advertisement::scannable().without_name().discoverable(Discoverable::General),
        ];
        for ad in none {
            assert_eq!(own(ad), laid_out(&ad));
        }
        // Full data stays unchanged, and the user's structures in the scan response keep their room.
        let full = Advertisement::connectable().data(&[7; 28]).scan_response(&[7; 31]);
        assert_eq!(own(full), laid_out(&full));
        let nearly = Advertisement::connectable().data(&[7; 25]).scan_response(&[7; 22]);
        let (first, second) = own(nearly).unwrap();
        assert_eq!((first.len(), second.len()), (3 + 25 + 3, 22 + 4 + 5));
    }

    #[test]
    fn structures_that_do_not_fit_go_to_the_scan_response() {
        let name = "A name of twenty-four cc";
        let ad =
            Advertisement::connectable().service(BATTERY).manufacturer(0x59, &[7; 4]).name(name);
        let (first, second) = laid_out(&ad).unwrap();
        assert_eq!(first[..15], hex!("020106 03030f18 07ff5900 07070707"));
        assert_eq!(AdData::new(&second).name().unwrap().text(), Some(name));

        let beacon = Advertisement::non_connectable().manufacturer(0x59, &[7; 26]).name(name);
        assert_eq!(laid_out(&beacon), Err(TooLong(AdType::COMPLETE_LOCAL_NAME)));
        let beacon = Advertisement::non_connectable().manufacturer(0x59, &[7; 28]);
        assert_eq!(laid_out(&beacon), Err(TooLong(AdType::MANUFACTURER_DATA)));
    }

    #[test]
    fn a_long_list_is_spread_over_both() {
        let many: Vec<_> = (0..20).map(|i| Uuid::new_16(0x1800 + i)).collect();
        let ad = Advertisement::connectable().services(&many);
        let (first, second) = laid_out(&ad).unwrap();
        assert_eq!((first[3], first[4], second[0], second[1]), (27, 2, 15, 2));
        let both: Vec<u8> = [first, second].concat();
        assert_eq!(AdData::new(&both).services().collect::<Vec<_>>(), many);

        let too_many: Vec<_> = (0..28).map(|i| Uuid::new_16(0x1800 + i)).collect();
        let ad = Advertisement::connectable().services(&too_many);
        assert_eq!(laid_out(&ad), Err(TooLong(AdType::INCOMPLETE_SERVICES_16)));
    }

    #[test]
    fn a_passive_scanner_gets_the_beginning_of_a_name_and_an_active_one_all_of_it() {
        let name = "A name of twenty-four cc";
        let ad = Advertisement::connectable().service(BATTERY).manufacturer(0x59, &[7; 4]);
        let (first, second) = laid_out(&ad.name(name)).unwrap();
        let passive = AdData::new(&first).name().unwrap();
        assert_eq!((passive.text(), passive.is_complete()), (Some(&name[..14]), false));
        let both = [first, second].concat();
        let active = AdData::new(&both).name().unwrap();
        assert_eq!((active.text(), active.is_complete()), (Some(name), true));
        // There is no room for even one character: only the scan response has the name.
        let (first, second) = laid_out(&ad.data(&[13; 14]).name(name)).unwrap();
        assert_eq!(first.len(), 29);
        assert_eq!(AdData::new(&second).name().unwrap().text(), Some(name));
    }

    #[test]
    fn a_name_that_fits_nowhere_is_shortened() {
        let name = "This name has more octets than any legacy PDU";
        let services = [Uuid::new_16(0x180f), Uuid::new_128(7)];
        let response = hex!("040af80000");
        let plain = Advertisement::connectable().name(name);
        // Octets of the name in the advertising data, and in the scan response if it has more.
        for (ad, first_len, second_len) in [
            (plain, 26, 29),
            (plain.scan_response(&response), 26, 0),
            (plain.services(&services), 4, 29),
            (plain.services(&services).scan_response(&response), 4, 24),
            (plain.data(&[13; 14]).manufacturer(0x59, &[7; 8]), 0, 29),
        ] {
            let (first, second) = laid_out(&ad).unwrap();
            assert!(first.len() <= LEGACY_DATA_MAX && second.len() <= LEGACY_DATA_MAX);
            let own = ad.scan_response.unwrap_or_default();
            let (second, kept) = second.split_at(second.len() - own.len());
            assert_eq!(kept, own);
            for (data, len) in [(&first[..], first_len), (second, second_len)] {
                let shown = AdData::new(data).name();
                assert_eq!(shown.and_then(|n| n.text()).unwrap_or_default(), &name[..len]);
                assert!(!shown.is_some_and(|n| n.is_complete()));
            }
            let both = [&first[..], second].concat();
            let longest = first_len.max(second_len);
            assert_eq!(AdData::new(&both).name().unwrap().text(), Some(&name[..longest]));
            let shown = ad.shown_name(&mut [0; 2 * LEGACY_DATA_MAX]).unwrap();
            assert_eq!(shown, Some(&name[..longest]));
        }
        assert_eq!(plain.shown_name(&mut [0; 3]), Err(TooLong(AdType::COMPLETE_LOCAL_NAME)));
        let whole = plain.extended().shown_name(&mut [0; 100]);
        assert_eq!(whole, Ok(Some(name)));
        assert_eq!(plain.exactly(&[]).shown_name(&mut [0; 100]), Ok(None));
        assert_eq!(Advertisement::connectable().shown_name(&mut [0; 100]), Ok(None));
    }

    #[test]
    fn extended_pdus_have_one_place() {
        let long = [7; 200];
        let ad = Advertisement::connectable().extended().manufacturer(0x59, &long).name("x");
        let (first, second) = laid_out(&ad).unwrap();
        assert_eq!((first.len(), second.len()), (3 + 204 + 3, 0));
        let scannable = Advertisement::scannable().extended().manufacturer(0x59, &long);
        let (first, second) = laid_out(&scannable).unwrap();
        assert_eq!((first.len(), second.len()), (0, 204));
    }

    #[test]
    fn octets_of_the_user_are_unchanged() {
        let ad = Advertisement::connectable()
            .name("x")
            .exactly(&hex!("020104"))
            .scan_response(&hex!("0309 4142"));
        assert_eq!(laid_out(&ad).unwrap(), (hex!("020104").to_vec(), hex!("03094142").to_vec()));
        let ad = Advertisement::connectable().data(&hex!("020af8"));
        assert_eq!(laid_out(&ad).unwrap().0, hex!("020106 020af8"));
        let long = [9; 32];
        assert_eq!(laid_out(&Advertisement::connectable().exactly(&long)), Err(TooLong(AdType(9))));
    }
}
