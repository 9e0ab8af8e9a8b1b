use std::vec::Vec;

use bindrune_wire::{Level, Uuid};

use super::*;

static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
static TEXT: Descriptor = Descriptor::new(Uuid::new_16(0xff20)).read().write().value(b"ab");
static COMMAND: Characteristic = Characteristic::new(Uuid::new_16(0xff01))
    .write()
    .permission(Level::Encrypted)
    .user_description("command")
    .reliable_write()
    .descriptors(&[&TEXT]);
static BUFFER: Characteristic = Characteristic::new(Uuid::new_16(0xff02)).write().append(1000);
static STRANGER: Characteristic = Characteristic::new(Uuid::new_16(0x2a19)).read().value(&[100]);
static FIRST: Service = Service::primary(Uuid::new_16(0x180f), &[&LEVEL, &COMMAND]);
static SERVICES: &[Service] = &[
    FIRST,
    Service::secondary(Uuid::new_16(0xff00), &[]),
    Service::primary(Uuid::new_16(0xff10), &[&BUFFER]).includes(&[&FIRST]),
];
const ARENA: usize = arena_for(SERVICES);

#[test]
fn handles_are_laid_out_in_order_with_implied_descriptors() {
    let table = Table::new(SERVICES, false).unwrap();
    let handles: Vec<_> = table.entries().map(|entry| entry.handle).collect();
    assert_eq!(handles, (1..=table.last_handle()).collect::<Vec<_>>());
    let types: Vec<_> = table
        .range(table.first_app_handle(), u16::MAX)
        .map(|entry| entry.attribute.uuid().as_u16().unwrap())
        .collect();
    let expected = [
        0x2800, 0x2803, 0x2a19, 0x2902, 0x2803, 0xff01, 0x2900, 0x2901, 0xff20, 0x2801, 0x2800,
        0x2802, 0x2803, 0xff02,
    ];
    assert_eq!(types, expected);
}

#[test]
fn an_attribute_is_found_by_handle_and_by_identity() {
    let table = Table::new(SERVICES, false).unwrap();
    for entry in table.entries() {
        let found = table.entry(entry.handle).unwrap();
        assert_eq!((found.handle, found.at), (entry.handle, entry.at));
    }
    assert!(table.entry(0).is_none() && table.entry(table.last_handle() + 1).is_none());
    let first = table.first_app_handle();
    assert_eq!(table.handle_of(&LEVEL), Some(first + 2));
    assert_eq!(table.handle_of(&COMMAND), Some(first + 5));
    assert_eq!(table.handle_of(&STRANGER), None);
    assert_eq!(table.handle_of_descriptor(&TEXT), Some(first + 8));
    assert_eq!(table.service(&FIRST), Some((first, first + 8)));
    assert_eq!(table.services().count(), 5);
}

/// A lookup that skips by counts finds the same as a walk over every attribute.
#[test]
fn direct_lookups_find_what_a_walk_finds() {
    let table = Table::new(SERVICES, true).unwrap();
    let all: Vec<_> = table.entries().collect();
    let places = |entries: &[Entry]| entries.iter().map(|e| (e.handle, e.at)).collect::<Vec<_>>();
    for start in 0..=table.last_handle() + 1 {
        let from: Vec<_> = table.range(start, u16::MAX).collect();
        let walked: Vec<_> = all.iter().copied().filter(|e| e.handle >= start).collect();
        assert_eq!(places(&from), places(&walked), "{start}");
    }
    let values: Vec<_> = all.iter().copied().filter(|e| e.attribute.target().is_some()).collect();
    let found: Vec<_> = (0..).map_while(|index| table.value_at(index)).collect();
    assert_eq!(places(&found), places(&values));
    let is_cccd = |e: &Entry| matches!(e.attribute, Attribute::Cccd(_));
    let walked: Vec<_> = all.iter().copied().filter(is_cccd).collect();
    let found: Vec<_> = table.cccds().map(|(entry, _)| entry).collect();
    assert_eq!(places(&found), places(&walked));
    for (entry, c) in table.cccds() {
        assert_eq!(places(&[table.cccd_entry(c).unwrap()]), places(&[entry]));
    }
    assert!(table.cccd_entry(&COMMAND).is_none() && table.cccd_entry(&STRANGER).is_none());
    let is_service = |e: &Entry| matches!(e.attribute, Attribute::Service(_));
    let walked: Vec<_> =
        all.iter().filter(|e| is_service(e)).map(|e| (e.handle, e.group_end())).collect();
    let found: Vec<_> = table.services().map(|(_, start, end)| (start, end)).collect();
    assert_eq!(found, walked);
    let sum = all.iter().fold(Extent::ZERO, |sum, e| sum.plus(e.attribute.extent()));
    assert_eq!(sum, *table.extent());
}

#[test]
fn held_values_lie_where_a_walk_finds_them() {
    let table = Table::new(SERVICES, true).unwrap();
    for (all, first) in [(true, 1), (false, table.first_app_handle())] {
        let walked: Vec<_> = table
            .range(first, u16::MAX)
            .filter_map(|e| Some((e.at.arena, core::ptr::from_ref(e.attribute.content()?))))
            .collect();
        let mut found = Vec::new();
        for (service, mut at) in table.in_arena(all) {
            for content in service.contents() {
                found.push((at, core::ptr::from_ref(content)));
                at += content.arena();
            }
        }
        assert_eq!(found, walked);
    }
}

#[test]
fn the_arena_holds_what_the_host_holds() {
    let name = 2 + usize::from(built_in::DEVICE_NAME_ROOM);
    assert_eq!(ARENA, name + (2 + 1) + (2 + 2) + (2 + 1000));
    assert_eq!(peer_arena_for(SERVICES, 20), 1 + 1 + 2 + 20);
}

#[test]
fn invalid_tables_are_refused() {
    static LONG: [u8; 513] = [0; 513];
    static TOO_LONG: Characteristic = Characteristic::new(Uuid::new_16(0xff01)).read().value(&LONG);
    static TOO_LONG_TABLE: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&TOO_LONG])];
    static LOST_INCLUDE: &[Service] =
        &[Service::primary(Uuid::new_16(0xff00), &[]).includes(&[&FIRST])];
    static GAP_AGAIN: &[Service] = &[Service::primary(Uuid::new_16(0x1800), &[])];
    static MANY: [&Characteristic; 22_000] = [&LEVEL; 22_000];
    static TOO_MANY: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &MANY)];
    let error = |services| Table::new(services, false).map(drop).unwrap_err();
    assert_eq!(error(TOO_LONG_TABLE), TableError::ValueTooLong);
    assert_eq!(error(LOST_INCLUDE), TableError::UnknownInclude);
    assert_eq!(error(GAP_AGAIN), TableError::BuiltInService);
    assert_eq!(error(TOO_MANY), TableError::TooManyAttributes);
}
