use bindrune::{Config, Host, Resources};

use super::*;

fn host() -> &'static Host {
    type Memory = Resources<1, 0, 10, 4, 264, 4096>;
    let memory: &'static mut Memory = Box::leak(Box::new(Memory::new()));
    Box::leak(Box::new(Host::new(memory, Config::new("table")).unwrap()))
}

const LEVEL: Uuid = Uuid::new_16(0x2a19);
const READ_NOTIFY: u8 = 0x12;

#[test]
fn handles_are_those_of_the_host() {
    let gatt = host().gatt();
    let mut table = Table::new(gatt).unwrap();
    let first = table.first;
    assert_eq!(table.add_service(1, Uuid::new_16(0x180f)), Ok(first));
    assert_eq!(table.add_characteristic(0, 0x02, permissions::READ, LEVEL), Ok(first + 1));
    let battery = first + 3;
    assert_eq!(table.add_service(0, Uuid::new_128(7)), Ok(battery));
    assert_eq!(table.add_include(first), Ok(battery + 1));
    let level = table.add_characteristic(battery, READ_NOTIFY, permissions::READ, LEVEL);
    assert_eq!(level, Ok(battery + 2));
    // The configuration is there already; another descriptor follows it.
    assert_eq!(table.add_descriptor(0, 3, Uuid::new_16(0x2902)), Ok(battery + 4));
    assert_eq!(table.add_descriptor(battery + 2, 3, Uuid::new_16(0xaabb)), Ok(battery + 5));
    let extended = table.add_characteristic(0, 0x8a, 3, Uuid::new_16(0x2a1a)).unwrap();
    assert_eq!(table.add_descriptor(0, 3, Uuid::new_16(0x2900)), Ok(extended + 2));
    assert_eq!(table.start(gatt), Ok((first, 12)));
    assert_eq!((table.end_of(first), table.end_of(battery)), (first + 2, extended + 2));
    // A second start, and later additions, are refused.
    assert_eq!(table.start(gatt), Err(Status::FAIL));
    assert_eq!(table.add_service(0, LEVEL), Err(Status::FAIL));
    table.reset(gatt);
    assert_eq!(table.start(gatt), Ok((first, 0)));
}

#[test]
fn additions_out_of_order_are_refused() {
    let mut table = Table::new(host().gatt()).unwrap();
    assert_eq!(table.add_characteristic(0, 2, 1, LEVEL), Err(Status::FAIL));
    assert_eq!(table.add_descriptor(0, 1, LEVEL), Err(Status::FAIL));
    let service = table.add_service(0, LEVEL).unwrap();
    assert_eq!(table.add_include(service), Err(Status::FAIL));
    assert_eq!(table.add_characteristic(service + 1, 2, 1, LEVEL), Err(Status::FAIL));
    assert_eq!(table.add_service(2, LEVEL), Err(Status::FAIL));
    let added = (0..300).map_while(|_| table.add_service(0, LEVEL).ok()).count();
    assert_eq!(added, 254);
}

#[test]
fn peers_read_and_write_within_permissions_and_limits() {
    let gatt = host().gatt();
    let mut table = Table::new(gatt).unwrap();
    table.add_service(0, Uuid::new_16(0x180f)).unwrap();
    let level = table.add_characteristic(0, 0x0a, permissions::READ | permissions::WRITE, LEVEL);
    let value = level.unwrap() + 1;
    table.named(0).unwrap().1.value = vec![1, 2, 3];
    let secret = table.add_characteristic(0, 0x0a, 0, LEVEL).unwrap() + 1;
    table.start(gatt).unwrap();
    assert_eq!(table.read(value), Ok(&[1, 2, 3][..]));
    assert_eq!(table.write(value, 1, &[9]), Ok(()));
    assert_eq!(table.read(value), Ok(&[1, 9][..]));
    assert_eq!(table.write(value, 3, &[9]), Err(ErrorCode::INVALID_OFFSET));
    let too_long = Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
    assert_eq!(table.write(value, 0, &[9; 4]), too_long);
    assert_eq!(table.read(secret), Err(ErrorCode::READ_NOT_PERMITTED));
    assert_eq!(table.write(secret, 0, &[]), Err(ErrorCode::WRITE_NOT_PERMITTED));
    assert_eq!(table.read(secret + 1), Err(ErrorCode::INVALID_HANDLE));
}
