use hex_literal::hex;

use super::World;

#[test]
fn primary_services_are_listed_by_the_length_of_their_uuids() {
    let mut world = World::new();
    assert_eq!(
        world.asks(&hex!("10 0100 ffff 0028")),
        hex!("11 06 0100 0900 0018 0a00 1100 0118 1200 2000 0f18")
    );
    assert_eq!(
        world.asks(&hex!("10 2100 ffff 0028")),
        hex!("11 14 2100 2600 b1000000000000000000000000000000")[..21 + 1]
    );
    assert_eq!(world.asks(&hex!("10 2700 ffff 0028")), hex!("11 06 2800 2800 1f18"));
    assert_eq!(world.asks(&hex!("10 2900 ffff 0028")), hex!("01 10 2900 0a"));
    assert_eq!(world.asks(&hex!("10 0100 ffff 0128")), hex!("11 06 2700 2700 10ff"));
}

#[test]
fn only_services_are_groups() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("10 0100 ffff 0328")), hex!("01 10 0100 10"));
    let long = hex!("10 0100 0500 fb349b5f80000080 0010000000280000");
    assert_eq!(world.asks(&long), hex!("11 06 0100 0900 0018"));
}

#[test]
fn a_service_is_found_by_either_form_of_its_uuid() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("06 0100 ffff 0028 0f18")), hex!("07 1200 2000"));
    let long = hex!("06 0100 ffff 0028 fb349b5f80000080001000000f180000");
    assert_eq!(world.asks(&long), hex!("07 1200 2000"));
    let own = hex!("06 0100 ffff 0028 b1000000000000000000000000000000");
    assert_eq!(world.asks(&own), hex!("07 2100 2600"));
    assert_eq!(world.asks(&hex!("06 1300 ffff 0028 0f18")), hex!("01 06 1300 0a"));
    assert_eq!(world.asks(&hex!("06 0100 ffff 0028 0f180000")), hex!("01 06 0100 0a"));
}

#[test]
fn only_readable_values_are_found() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("06 0100 ffff 192a 64")), hex!("07 1400 1400"));
    assert_eq!(world.asks(&hex!("06 0100 ffff 03ff 736563726574")), hex!("01 06 0100 0a"));
    assert_eq!(world.asks(&hex!("06 0100 ffff 01ff")), hex!("01 06 0100 0a"));
    // A characteristic declaration opens a group. [Vol 3] Part G, 2.5.3
    assert_eq!(world.asks(&hex!("06 0100 ffff 0328 12 1400 192a")), hex!("07 1300 1500"));
    // The three CCCDs of the application and that of Service Changed.
    assert_eq!(
        world.asks(&hex!("06 0100 ffff 0229 0000")),
        hex!("07 0d00 0d00 1500 1500 1a00 1a00 2000 2000")
    );
}

#[test]
fn characteristics_and_includes_are_read_by_type() {
    let mut world = World::new();
    assert_eq!(
        world.asks(&hex!("08 1200 2000 0328")),
        hex!("09 07 1300 12 1400 192a 1600 0e 1700 01ff 1800 ae 1900 02ff")[..23]
    );
    assert_eq!(world.asks(&hex!("08 2100 2600 0228")), hex!("09 08 2200 1200 2000 0f18"));
    assert_eq!(
        world.asks(&hex!("08 2100 2600 0328")),
        hex!("09 15 2300 0c 2400 b2000000000000000000000000000000")
    );
    assert_eq!(world.asks(&hex!("08 2500 2600 0328")), hex!("09 07 2500 0a 2600 04ff"));
    assert_eq!(world.asks(&hex!("08 1400 1500 0328")), hex!("01 08 1400 0a"));
}

#[test]
fn descriptors_are_listed_by_form() {
    let mut world = World::new();
    assert_eq!(
        world.asks(&hex!("04 1900 1d00")),
        hex!("05 01 1900 02ff 1a00 0229 1b00 0029 1c00 0129 1d00 0429")
    );
    assert_eq!(
        world.asks(&hex!("04 2400 ffff")),
        hex!("05 02 2400 b2000000000000000000000000000000")
    );
    assert_eq!(world.asks(&hex!("04 2300 ffff")), hex!("05 01 2300 0328"));
    assert_eq!(world.asks(&hex!("04 2900 ffff")), hex!("01 04 2900 0a"));
}

/// Q26. [Vol 3] Part F, 3.4.3.1
#[test]
fn ranges_that_begin_at_0_or_are_backwards_are_invalid() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("04 0000 ffff")), hex!("01 04 0000 01"));
    assert_eq!(world.asks(&hex!("04 0500 0400")), hex!("01 04 0500 01"));
    assert_eq!(world.asks(&hex!("06 0500 0400 0028 0018")), hex!("01 06 0500 01"));
    assert_eq!(world.asks(&hex!("08 0000 0400 0328")), hex!("01 08 0000 01"));
    assert_eq!(world.asks(&hex!("10 0500 0400 0328")), hex!("01 10 0500 01"));
}

#[test]
fn the_bearer_answers_an_mtu_exchange() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("02 0000")), hex!("01 02 0000 06"));
}
