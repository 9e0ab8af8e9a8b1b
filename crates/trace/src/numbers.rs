//! Names of assigned numbers, from the tables in `numbers/`.

use std::sync::LazyLock;

use bindrune_wire::Uuid;

type Table = LazyLock<Vec<(u128, &'static str)>>;

static COMPANIES: Table = LazyLock::new(|| numbers(include_str!("../numbers/companies.tsv")));
static SERVICES: Table = LazyLock::new(|| uuids(include_str!("../numbers/services.tsv")));
static CHARACTERISTICS: Table =
    LazyLock::new(|| uuids(include_str!("../numbers/characteristics.tsv")));
static DESCRIPTORS: Table = LazyLock::new(|| uuids(include_str!("../numbers/descriptors.tsv")));

/// Identifier for devices without a company.
const NO_COMPANY: u16 = 0xffff;

/// Returns the name of a company identifier.
#[must_use]
pub fn company(id: u16) -> Option<&'static str> {
    find(&COMPANIES, id.into()).filter(|_| id != NO_COMPANY)
}

/// Returns the name of a manufacturer, or that its identifier is assigned to none.
#[must_use]
pub fn manufacturer(id: u16) -> String {
    company(id).map_or_else(|| format!("not assigned ({id:#06x})"), str::to_owned)
}

/// Returns the name of a service.
#[must_use]
pub fn service(uuid: Uuid) -> Option<&'static str> {
    find(&SERVICES, uuid.as_u128())
}

/// Returns the name of a characteristic.
#[must_use]
pub fn characteristic(uuid: Uuid) -> Option<&'static str> {
    find(&CHARACTERISTICS, uuid.as_u128())
}

/// Returns the name of a descriptor.
#[must_use]
pub fn descriptor(uuid: Uuid) -> Option<&'static str> {
    find(&DESCRIPTORS, uuid.as_u128())
}

/// Returns the UUID of a characteristic by its name, ignoring case; `None` if several have that name.
#[must_use]
pub fn characteristic_named(name: &str) -> Option<Uuid> {
    named(&CHARACTERISTICS, name)
}

/// Returns the UUID of a service by its name, ignoring case; `None` if several have that name.
#[must_use]
pub fn service_named(name: &str) -> Option<Uuid> {
    named(&SERVICES, name)
}

fn named(table: &Table, name: &str) -> Option<Uuid> {
    let mut found = table.iter().filter(|(_, known)| known.eq_ignore_ascii_case(name));
    let &(number, _) = found.next()?;
    found.next().is_none().then_some(Uuid::new_128(number))
}

fn find(table: &Table, number: u128) -> Option<&'static str> {
    let at = table.binary_search_by_key(&number, |&(n, _)| n).ok()?;
    table.get(at).map(|&(_, name)| name)
}

fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

fn numbers(text: &'static str) -> Vec<(u128, &'static str)> {
    lines(text).filter_map(|(n, name)| Some((u128::from_str_radix(n, 16).ok()?, name))).collect()
}

fn uuids(text: &'static str) -> Vec<(u128, &'static str)> {
    lines(text).filter_map(|(n, name)| Some((n.parse::<Uuid>().ok()?.as_u128(), name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_in_the_table_and_in_order() {
        for (table, text) in [
            (&COMPANIES, include_str!("../numbers/companies.tsv")),
            (&SERVICES, include_str!("../numbers/services.tsv")),
            (&CHARACTERISTICS, include_str!("../numbers/characteristics.tsv")),
            (&DESCRIPTORS, include_str!("../numbers/descriptors.tsv")),
        ] {
            assert_eq!(table.len(), text.lines().count());
            assert!(table.is_sorted_by_key(|&(n, _)| n));
        }
    }

    #[test]
    fn names_are_found() {
        assert_eq!(company(0x0059), Some("Nordic Semiconductor ASA"));
        assert_eq!(manufacturer(0x0059), "Nordic Semiconductor ASA");
        assert_eq!(manufacturer(0xffff), "not assigned (0xffff)");
        assert_eq!(manufacturer(0xfffe), "not assigned (0xfffe)");
        assert_eq!(service(Uuid::new_16(0x180f)), Some("Battery"));
        assert_eq!(characteristic(Uuid::new_16(0x2a6e)), Some("Temperature"));
        assert_eq!(descriptor(Uuid::new_16(0x2902)), Some("Client Characteristic Configuration"));
        let uart = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
        assert_eq!(service(uart), Some("Nordic UART Service"));
        assert_eq!(service(Uuid::new_16(0xabcd)), None);
    }

    #[test]
    fn a_name_has_one_uuid_and_is_no_number() {
        assert_eq!(characteristic_named("battery level"), Some(Uuid::new_16(0x2a19)));
        assert_eq!(characteristic_named("Battery"), None);
        assert_eq!(service_named("battery"), Some(Uuid::new_16(0x180f)));
        for &(number, name) in CHARACTERISTICS.iter() {
            match characteristic_named(name) {
                Some(uuid) => assert_eq!(uuid.as_u128(), number, "{name}"),
                // Companies give some names to several of their own.
                None => assert!(!(0x2a00..=0x2cff).contains(&(number >> 96)), "{name}"),
            }
            // Otherwise a handle or a UUID could not be named.
            assert!(!name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
        }
        assert_eq!(characteristic_named("Apple Reserved"), None);
    }
}
