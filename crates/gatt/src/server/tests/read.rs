use bindrune_att::ErrorCode;
use hex_literal::hex;

use super::{LEVEL, STORE, World};

#[test]
fn values_of_the_host_the_table_and_the_app() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 64"));
    assert_eq!(world.asks(&hex!("0a 0300")), b"\x0bunit");
    assert_eq!(world.asks(&hex!("0a 0500")), hex!("0b 4103"));
    assert_eq!(world.asks(&hex!("0a 0700")), hex!("0b ffff ffff 0000 ffff"));
    assert_eq!(world.asks(&hex!("0a 0900")), hex!("0b 00"));
    assert_eq!(world.asks(&hex!("0a 2200")), hex!("0b 1200 2000 0f18"));
    assert_eq!(world.asks(&hex!("0a 1b00")), hex!("0b 0100"));
    assert_eq!(world.asks(&hex!("0a 1c00")), b"\x0bstore");
    assert_eq!(world.asks(&hex!("0a 1700")), b"\x0bapp");
    assert_eq!(world.asked, ["23 Read { offset: 0 } []"]);
    let hash = world.server.database_hash();
    assert_eq!(world.asks(&hex!("0a 1100"))[1..], hash);
}

/// Q26.
#[test]
fn unknown_handles_are_refused() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("0a 0000")), hex!("01 0a 0000 01"));
    assert_eq!(world.asks(&hex!("0a 2900")), hex!("01 0a 2900 01"));
    assert_eq!(world.asks(&hex!("0c ffff 0000")), hex!("01 0c ffff 01"));
    assert_eq!(world.asks(&hex!("0a 0c00")), hex!("01 0a 0c00 02"));
    assert_eq!(world.asks(&hex!("0c 2400 0000")), hex!("01 0c 2400 02"));
}

/// Q28. [Vol 3] Part F, 3.4.4.5
#[test]
fn a_blob_begins_in_the_value_or_at_its_end() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("0c 1900 0600")), b"\x0dworld");
    assert_eq!(world.asks(&hex!("0c 1900 0b00")), hex!("0d"));
    assert_eq!(world.asks(&hex!("0c 1900 0c00")), hex!("01 0c 1900 07"));
    assert_eq!(world.asks(&hex!("0c 1900 ffff")), hex!("01 0c 1900 07"));
    assert_eq!(world.asks(&hex!("0c 1700 0300")), hex!("0d"));
    assert_eq!(world.asks(&hex!("0c 1700 0400")), hex!("01 0c 1700 07"));
}

#[test]
fn values_are_cut_at_the_mtu_and_at_512() {
    let mut world = World::new();
    world.app_value = (0..=255).cycle().take(600).collect();
    let all = world.app_value.clone();
    assert_eq!(world.asks(&hex!("0a 1700"))[1..], all[..22]);
    assert_eq!(world.asks(&hex!("0c 1700 1600"))[1..], all[22..44]);
    world.mtu = 517;
    assert_eq!(world.asks(&hex!("0c 1700 fe01"))[1..], all[510..512]);
    assert_eq!(world.asks(&hex!("0a 1700"))[1..], all[..512]);
    assert_eq!(world.asks(&hex!("0c 1700 0102")), hex!("01 0c 1700 07"));
}

#[test]
fn the_app_may_refuse() {
    let mut world = World::new();
    world.app_error = Some(ErrorCode(0x80));
    assert_eq!(world.asks(&hex!("0a 1700")), hex!("01 0a 1700 80"));
    assert_eq!(world.asks(&hex!("08 0100 ffff 01ff")), hex!("01 08 1700 80"));
    assert_eq!(world.asks(&hex!("20 1400 1700")), hex!("01 20 1700 80"));
}

#[test]
fn values_by_type() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("08 0100 ffff 192a")), hex!("09 03 1400 64"));
    assert_eq!(world.asks(&hex!("08 0100 ffff 01ff")), b"\x09\x05\x17\0app");
    assert_eq!(world.asks(&hex!("08 0100 ffff 03ff")), hex!("01 08 1f00 05"));
    assert_eq!(world.asks(&hex!("08 0100 ffff 052a")), hex!("01 08 0c00 02"));
    world.app_value = [7; 300].into();
    world.mtu = 400;
    let reply = world.asks(&hex!("08 0100 ffff 01ff"));
    assert_eq!((reply[1], reply.len()), (255, 2 + 255));
}

#[test]
fn several_values_are_joined() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("0e 1400 0300 1700")), b"\x0f\x64unitapp");
    assert_eq!(world.asks(&hex!("20 1400 1700 1400")), b"\x21\x01\0\x64\x03\0app\x01\0\x64");
    assert_eq!(world.asked.len(), 2);
    world.app_value = b"0123456789abcdefghijklmnopqrstuvwxyz".into();
    let mut expected = b"\x21\x24\0".to_vec();
    expected.extend(&world.app_value[..20]);
    assert_eq!(world.asks(&hex!("20 1700 1700")), expected);
}

/// Q29. [Vol 3] Part F, 3.4.4.11
#[test]
fn a_length_that_does_not_fit_is_left_out() {
    let mut world = World::new();
    world.server.write(&STORE, b"1234567890123456789").unwrap();
    let reply = world.asks(&hex!("20 1900 1400 1400"));
    assert_eq!(reply, b"\x21\x13\x001234567890123456789");
    world.server.write(&STORE, b"12345678901234567").unwrap();
    let reply = world.asks(&hex!("20 1900 1900"));
    assert_eq!(reply, b"\x21\x11\x0012345678901234567\x11\x00\x31");
}

/// Q30. [Vol 3] Part F, 3.4.4.11
#[test]
fn every_handle_counts_though_the_pdu_is_full() {
    let mut world = World::new();
    world.server.write(&STORE, &[1; 40]).unwrap();
    assert_eq!(world.asks(&hex!("20 1900 99ff")), hex!("01 20 99ff 01"));
    assert_eq!(world.asks(&hex!("0e 1700 1f00")), hex!("01 0e 1f00 05"));
    assert!(world.asked.is_empty());
}

#[test]
fn several_values_of_the_app_need_a_packet() {
    let mut world = World::new();
    assert_eq!(world.asks_with(&hex!("0e 1400 1700"), false), hex!("01 0e 1700 11"));
    assert_eq!(world.asks_with(&hex!("0e 1400 1400"), false), hex!("0f 64 64"));
}

#[test]
fn the_app_reads_and_writes_what_the_host_holds() {
    use crate::value::ValueError;
    let mut world = World::new();
    assert_eq!(world.server.write(&LEVEL, &[99]), Ok(()));
    assert_eq!(world.asks(&hex!("0a 1400")), hex!("0b 63"));
    assert_eq!(world.server.write(&LEVEL, &[1, 2]), Err(ValueError::TooLong));
    assert_eq!(world.server.write(&super::COMMAND, &[1]), Err(ValueError::NotHeld));
    let mut buffer = [0; 10];
    assert_eq!(world.server.read(&STORE, &mut buffer), Err(ValueError::BufferTooShort));
    assert_eq!(world.server.read(&LEVEL, &mut buffer), Ok(1));
    world.server.set_device_name(b"other").unwrap();
    assert_eq!(world.asks(&hex!("0a 0300")), b"\x0bother");
    assert_eq!(world.server.device_name(), b"other");
}
