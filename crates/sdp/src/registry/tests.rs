use std::vec::Vec;

use super::*;
use crate::{Port, class};

fn service(name: &str) -> Service<'_> {
    Service::new(&[class::SERIAL_PORT], Port::L2cap(0x1001)).name(name)
}

fn content(registry: &Registry<'_>) -> Vec<(u32, std::string::String)> {
    let records = registry.database().records();
    records.map(|r| (r.handle().unwrap(), std::format!("{}", r.name().unwrap()))).collect()
}

#[test]
fn records_are_added_removed_and_replaced_in_the_order_of_handles() {
    let mut memory = [0; 400];
    let mut registry = Registry::new(&mut memory);
    for name in ["a", "b", "c"] {
        registry.add(&service(name)).unwrap();
    }
    let state = registry.database().state();
    assert!(registry.remove(FIRST_HANDLE + 1) && !registry.remove(FIRST_HANDLE + 1));
    assert_ne!(registry.database().state(), state);
    assert_eq!(registry.replace(FIRST_HANDLE, &service("longer")), Ok(true));
    assert_eq!(registry.replace(FIRST_HANDLE + 9, &service("d")), Ok(false));
    assert_eq!(registry.add(&service("d")), Ok(FIRST_HANDLE + 3));
    let all = [(0, "longer"), (2, "c"), (3, "d")];
    assert_eq!(content(&registry), all.map(|(n, name)| (FIRST_HANDLE + n, name.into())));
    registry.clear();
    assert_eq!(content(&registry), []);
    assert_eq!(registry.add(&service("e")), Ok(FIRST_HANDLE + 4), "handles are not used again");
}

#[test]
fn a_full_registry_changes_nothing() {
    let mut memory = [0; 120];
    let mut registry = Registry::new(&mut memory);
    registry.add(&service("a")).unwrap();
    let before = (registry.database().state(), content(&registry));
    let long = "x".repeat(100);
    assert_eq!(registry.add(&service(&long)), Err(NoRoom));
    assert_eq!(registry.replace(FIRST_HANDLE, &service(&long)), Err(NoRoom));
    assert_eq!((registry.database().state(), content(&registry)), before);
    assert_eq!(registry.replace(FIRST_HANDLE, &service("b")), Ok(true));
    assert_eq!(content(&registry), [(FIRST_HANDLE, "b".into())]);
}

#[test]
fn the_last_handle_is_not_used() {
    let mut memory = [0; 120];
    let mut registry = Registry::new(&mut memory);
    registry.next_handle = u32::MAX;
    assert_eq!(registry.add(&service("a")), Err(NoRoom));
    assert_eq!(registry.database().records().count(), 0);
}
