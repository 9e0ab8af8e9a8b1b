use bindrune_wire::{Malformed, Uuid};

use super::*;
use crate::table::Properties;

const NUS: Uuid = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
const NOT_FOUND: ClientError = ClientError::NotFound;
const RANGE: ClientError = ClientError::Violation(Violation::Range);
const ORDER: ClientError = ClientError::Violation(Violation::Order);
const RESPONSE: ClientError = ClientError::Violation(Violation::Response);

const fn malformed(malformed: Malformed) -> ClientError {
    ClientError::Violation(Violation::Malformed(malformed))
}

fn service(start: u16, end: u16, uuid: u16) -> Service {
    Service { start, end, uuid: Uuid::new_16(uuid) }
}

fn popped<D: Discovery>(discovery: &mut D, pdu: &[u8]) -> Vec<D::Item> {
    core::iter::from_fn(|| discovery.next(pdu)).collect()
}

/// GATT/CL/GAD/BV-01-C
#[test]
fn all_primary_services() {
    let mut s = Services::primary();
    let pdu = hex!("11 06 0100 0500 0018 0600 0600 0118");
    trace(&mut s, &[(&hex!("10 0100 ffff 0028"), &pdu)]);
    assert_eq!(popped(&mut s, &pdu), [service(1, 5, 0x1800), service(6, 6, 0x1801)]);
    let pdu = hex!("11 14 0a00 ffff 9ecadc240ee5a9e093f3a3b50100406e");
    trace(&mut s, &[(&hex!("10 0700 ffff 0028"), &pdu)]);
    assert_eq!(popped(&mut s, &pdu), [Service { start: 10, end: 0xffff, uuid: NUS }]);
    is_over(&mut s);
}

#[test]
fn attribute_not_found_ends_a_discovery() {
    let mut s = Services::primary();
    trace(&mut s, &[(&hex!("10 0100 ffff 0028"), &hex!("01 10 0100 0a"))]);
    assert_eq!(popped(&mut s, &hex!("01 10 0100 0a")), []);
    is_over(&mut s);
    let att = ClientError::Att { code: ErrorCode::INSUFFICIENT_ENCRYPTION, handle: 1 };
    refuses(&Services::primary(), &[(&hex!("01 10 0100 0f"), att)]);
}

#[test]
fn a_server_without_secondary_services_may_say_so() {
    let mut s = Services::secondary();
    trace(&mut s, &[(&hex!("10 0100 ffff 0128"), &hex!("01 10 0100 10"))]);
    is_over(&mut s);
}

/// GATT/CL/GAD/BV-02-C
#[test]
fn services_by_uuid() {
    let mut s = Services::primary_by_uuid(Uuid::new_16(0x180f));
    let pdu = hex!("07 1000 1300 2000 2300");
    trace(&mut s, &[(&hex!("06 0100 ffff 0028 0f18"), &pdu)]);
    assert_eq!(s.next(&pdu), Some(service(0x10, 0x13, 0x180f)));
    assert_eq!(s.next(&pdu), Some(service(0x20, 0x23, 0x180f)));
    assert_eq!(s.next(&pdu), None);
    trace(&mut s, &[(&hex!("06 2400 ffff 0028 0f18"), &hex!("01 06 2400 0a"))]);
    is_over(&mut s);
    let mut s = Services::primary_by_uuid(NUS);
    assert_eq!(
        request(&mut s).unwrap(),
        hex!("06 0100 ffff 0028 9ecadc240ee5a9e093f3a3b50100406e")
    );
}

#[test]
fn a_lost_response_is_asked_for_again() {
    let mut s = Services::primary();
    let pdu = hex!("11 06 0100 0500 0018 0600 0600 0118");
    trace(&mut s, &[(&hex!("10 0100 ffff 0028"), &pdu)]);
    assert_eq!(s.next(&pdu), Some(service(1, 5, 0x1800)));
    assert_eq!(s.next(&[]), None);
    let pdu = hex!("11 06 0600 0600 0118");
    trace(&mut s, &[(&hex!("10 0600 ffff 0028"), &pdu)]);
    assert_eq!(popped(&mut s, &pdu), [service(6, 6, 0x1801)]);
}

/// Rows Q46, Q49 and Q51, and lists that make no progress.
#[test]
fn hostile_services() {
    let rows: [(&[u8], ClientError); 9] = [
        (&hex!("11 00"), malformed(Malformed::Value)),
        (&hex!("11 01 aa"), malformed(Malformed::Value)),
        (&hex!("11 06 0100 0500 0018 02"), malformed(Malformed::Truncated)),
        (&hex!("11 07 0100 0500 001802"), malformed(Malformed::Value)),
        (&hex!("11 06 0500 0100 0018"), RANGE),
        (&hex!("11 06 0000 0100 0018"), ORDER),
        (&hex!("11 06 0100 0500 0018 0500 0700 0118"), ORDER),
        (&hex!("13"), RESPONSE),
        (&hex!("07 0100 0500"), RESPONSE),
    ];
    refuses(&Services::primary(), &rows);
    let mut s = Services::primary();
    let pdu = hex!("11 06 0100 0500 0018");
    trace(&mut s, &[(&hex!("10 0100 ffff 0028"), &pdu)]);
    popped(&mut s, &pdu);
    request(&mut s).unwrap();
    assert_eq!(s.response(&pdu), Err(ORDER), "the same services again");
    assert_eq!(popped(&mut s, &pdu), []);
    is_over(&mut s);
}

/// GATT/CL/GAD/BV-04-C
#[test]
fn characteristics_end_where_the_next_begins() {
    let mut c = Characteristics::of(&service(1, 9, 0x1800));
    let pdu = hex!("09 07 0200 02 0300 002a 0400 12 0500 012a");
    trace(&mut c, &[(&hex!("08 0200 0900 0328"), &pdu)]);
    let name = Characteristic {
        declaration: 2,
        value: 3,
        end: 3,
        properties: Properties::READ,
        uuid: Uuid::new_16(0x2a00),
    };
    assert_eq!(popped(&mut c, &pdu), [name]);
    let last = hex!("09 07 0800 02 0900 022a");
    trace(&mut c, &[(&hex!("08 0600 0900 0328"), &last)]);
    let found = popped(&mut c, &last);
    let spans: Vec<_> = found.iter().map(|c| (c.declaration, c.value, c.end)).collect();
    assert_eq!(spans, [(4, 5, 7), (8, 9, 9)]);
    assert_eq!(found[0].properties, Properties::READ | Properties::NOTIFY);
    is_over(&mut c);
}

/// GATT/CL/GAD/BV-05-C
#[test]
fn characteristics_by_uuid() {
    let mut c = Characteristics::by_uuid(&service(1, 9, 0x1800), Uuid::new_16(0x2a01));
    let pdu = hex!("09 07 0200 02 0300 002a 0400 12 0500 012a");
    trace(&mut c, &[(&hex!("08 0200 0900 0328"), &pdu)]);
    assert_eq!(popped(&mut c, &pdu), []);
    let end = hex!("01 08 0600 0a");
    trace(&mut c, &[(&hex!("08 0600 0900 0328"), &end)]);
    let found = popped(&mut c, &end);
    assert_eq!((found.len(), found[0].value, found[0].end), (1, 5, 9));
    is_over(&mut c);
}

#[test]
fn a_service_of_one_handle_has_nothing_in_it() {
    is_over(&mut Characteristics::of(&service(9, 9, 0x1800)));
    is_over(&mut Characteristics::of(&service(0xffff, 0xffff, 0x1800)));
    is_over(&mut Includes::of(&service(9, 9, 0x1800)));
}

#[test]
fn hostile_characteristics() {
    let rows: [(&[u8], ClientError); 8] = [
        (&hex!("09 06 0200 02 0300 00"), malformed(Malformed::Value)),
        (&hex!("09 04 0200 02 03"), malformed(Malformed::Truncated)),
        (&hex!("09 07 0100 02 0300 002a"), ORDER),
        (&hex!("09 07 0200 02 0a00 002a"), ORDER),
        (&hex!("09 07 0200 02 0200 002a"), ORDER),
        (&hex!("09 07 0300 02 0200 002a"), RANGE),
        (&hex!("09 07 0200 02 0500 002a 0400 12 0600 012a"), ORDER),
        (&hex!("0b 00"), RESPONSE),
    ];
    refuses(&Characteristics::of(&service(1, 9, 0x1800)), &rows);
}

/// GATT/CL/GAD/BV-06-C
#[test]
fn descriptors() {
    let mut d = Descriptors::within(4, 6);
    let pdu = hex!("05 01 0400 0229 0500 0129");
    trace(&mut d, &[(&hex!("04 0400 0600"), &pdu)]);
    let found: Vec<_> = popped(&mut d, &pdu).iter().map(|d| (d.handle, d.uuid)).collect();
    assert_eq!(found, [(4, Uuid::new_16(0x2902)), (5, Uuid::new_16(0x2901))]);
    let pdu = hex!("05 02 0600 9ecadc240ee5a9e093f3a3b50100406e");
    trace(&mut d, &[(&hex!("04 0600 0600"), &pdu)]);
    assert_eq!(popped(&mut d, &pdu), [Descriptor { handle: 6, uuid: NUS }]);
    is_over(&mut d);
}

#[test]
fn no_request_if_there_is_no_room_for_descriptors() {
    let properties = Properties::READ;
    for (value, end) in [(3, 3), (0xffff, 0xffff)] {
        let uuid = NUS;
        let c = Characteristic { declaration: 2, value, end, properties, uuid };
        is_over(&mut Descriptors::of(&c));
    }
}

#[test]
fn descriptors_of_a_characteristic_end_at_the_next_declaration() {
    let c = Characteristic {
        declaration: 2,
        value: 3,
        end: 0xffff,
        properties: Properties::NOTIFY,
        uuid: NUS,
    };
    for declaration in [hex!("0028"), hex!("0128"), hex!("0228"), hex!("0328")] {
        let mut d = Descriptors::of(&c);
        let pdu = [&hex!("05 01 0400 0229 0500")[..], &declaration, &hex!("0600 0129")].concat();
        trace(&mut d, &[(&hex!("04 0400 ffff"), &pdu)]);
        let only = Descriptor { handle: 4, uuid: Uuid::new_16(0x2902) };
        assert_eq!(popped(&mut d, &pdu), [only]);
        is_over(&mut d);
    }
    let mut s = Subscribe::new(&c, crate::cccd::Cccd::NOTIFY);
    trace(
        &mut s,
        &[(&hex!("04 0400 ffff"), &hex!("05 01 0400 0028 0500 0328 0600 0029 0700 0229"))],
    );
    assert_eq!(request(&mut s), Err(NOT_FOUND), "the descriptor of another characteristic");
}

/// Row Q47.
#[test]
fn hostile_descriptors() {
    let rows: [(&[u8], ClientError); 7] = [
        (&hex!("05 03"), malformed(Malformed::Value)),
        (&hex!("05 01"), malformed(Malformed::Truncated)),
        (&hex!("05 01 0300"), malformed(Malformed::Truncated)),
        (&hex!("05 01 0300 0229"), ORDER),
        (&hex!("05 01 0700 0229"), ORDER),
        (&hex!("05 01 0500 0229 0500 0229"), ORDER),
        (&hex!("09 04 0400 0229"), RESPONSE),
    ];
    refuses(&Descriptors::within(4, 6), &rows);
}

/// GATT/CL/GAD/BV-03-C
#[test]
fn includes_of_both_uuid_lengths() {
    let mut i = Includes::of(&service(1, 9, 0x1800));
    let pdu = hex!("09 08 0200 1000 1200 0f18");
    trace(&mut i, &[(&hex!("08 0200 0900 0228"), &pdu)]);
    let short = Include { handle: 2, start: 16, end: 18, uuid: Some(Uuid::new_16(0x180f)) };
    assert_eq!(popped(&mut i, &pdu), [short]);
    let pdu = hex!("09 06 0300 2000 2900 0400 3000 3900");
    trace(&mut i, &[(&hex!("08 0300 0900 0228"), &pdu)]);
    assert_eq!(popped(&mut i, &pdu), []);
    let name = hex!("0b 9ecadc240ee5a9e093f3a3b50100406e");
    trace(&mut i, &[(&hex!("0a 2000"), &name)]);
    let long = Include { handle: 3, start: 32, end: 41, uuid: Some(NUS) };
    assert_eq!(popped(&mut i, &name), [long]);
    let pdu = hex!("09 06 0400 3000 3900");
    trace(&mut i, &[(&hex!("08 0400 0900 0228"), &pdu)]);
    assert_eq!(popped(&mut i, &pdu), []);
    let refused = hex!("01 0a 3000 05");
    trace(&mut i, &[(&hex!("0a 3000"), &refused)]);
    assert_eq!(popped(&mut i, &refused), [Include { handle: 4, start: 48, end: 57, uuid: None }]);
    trace(&mut i, &[(&hex!("08 0500 0900 0228"), &hex!("01 08 0500 0a"))]);
    is_over(&mut i);
}

#[test]
fn hostile_includes() {
    let rows: [(&[u8], ClientError); 5] = [
        (&hex!("09 05 0200 100012"), malformed(Malformed::Truncated)),
        (&hex!("09 0a 0200 1000 1200 0f18 0000"), malformed(Malformed::Trailing)),
        (&hex!("09 08 0200 1200 1000 0f18"), RANGE),
        (&hex!("09 08 0100 1000 1200 0f18"), ORDER),
        (&hex!("0b"), RESPONSE),
    ];
    refuses(&Includes::of(&service(1, 9, 0x1800)), &rows);
    let mut i = Includes::of(&service(1, 9, 0x1800));
    let pdu = hex!("09 06 0300 2000 2900");
    trace(&mut i, &[(&hex!("08 0200 0900 0228"), &pdu)]);
    assert_eq!(i.next(&pdu), None);
    request(&mut i).unwrap();
    assert_eq!(i.response(&hex!("0b 010203")), Err(malformed(Malformed::Value)));
    is_over(&mut i);
    assert_ne!(NOT_FOUND, RANGE);
}

/// A database: services with characteristics with descriptors; some have 128-bit UUIDs.
type Plan = Vec<Vec<(bool, u8)>>;

fn long(number: u16) -> Uuid {
    Uuid::new_128(NUS.as_u128() ^ u128::from(number))
}

/// Returns the database of a plan, and the items that a client must find in it.
fn database(plan: &Plan) -> (Server, Vec<Service>, Vec<Characteristic>, Vec<Descriptor>) {
    let mut server = Server::default();
    let (mut services, mut found, mut descriptors) = (Vec::new(), Vec::new(), Vec::new());
    let octets = |uuid: Uuid| {
        let mut buffer = [0; 16];
        let mut w = Writer::new(&mut buffer);
        uuid.write_att(&mut w).unwrap();
        w.written().to_vec()
    };
    let mut handle = 0;
    let mut next = || {
        handle += 1;
        handle
    };
    for characteristics in plan {
        let start = next();
        let uuid = if start % 3 == 0 { long(start) } else { Uuid::new_16(0x1800 | start) };
        let at = server.attributes.len();
        server.add(start, Uuid::new_16(0x2800), &octets(uuid));
        let mut end = start;
        for &(is_long, count) in characteristics {
            let (declaration, value) = (next(), next());
            let uuid = if is_long { long(value) } else { Uuid::new_16(0x2a00 | value) };
            let head = [&[2][..], &value.to_le_bytes(), &octets(uuid)].concat();
            server.add(declaration, Uuid::new_16(0x2803), &head);
            server.add(value, uuid, b"value");
            end = value;
            for n in 0..count {
                end = next();
                let uuid = if n == 1 { long(end) } else { Uuid::new_16(0x2902) };
                server.add(end, uuid, &[0, 0]);
                descriptors.push(Descriptor { handle: end, uuid });
            }
            let properties = Properties::READ;
            found.push(Characteristic { declaration, value, end, properties, uuid });
        }
        server.attributes[at].end = end;
        services.push(Service { start, end, uuid });
    }
    (server, services, found, descriptors)
}

proptest! {
    #[test]
    fn discovery_finds_the_database(
        plan in proptest::collection::vec(proptest::collection::vec((any::<bool>(), 0u8..4), 0..4), 0..6),
        mtu in 23u16..80,
    ) {
        let (mut server, services, characteristics, descriptors) = database(&plan);
        let found = all(Services::primary(), &mut server, mtu).0;
        prop_assert_eq!(&found, &services);
        let found: Vec<_> =
            services.iter().flat_map(|s| all(Characteristics::of(s), &mut server, mtu).0).collect();
        prop_assert_eq!(&found, &characteristics);
        let found: Vec<_> =
            found.iter().flat_map(|c| all(Descriptors::of(c), &mut server, mtu).0).collect();
        prop_assert_eq!(&found, &descriptors);
        for service in &services {
            let by_uuid = Services::primary_by_uuid(service.uuid);
            prop_assert_eq!(all(by_uuid, &mut server, mtu).0, [*service]);
        }
        for c in &characteristics {
            let around = services.iter().find(|s| s.start < c.value && c.value <= s.end).unwrap();
            let by_uuid = Characteristics::by_uuid(around, c.uuid);
            prop_assert_eq!(all(by_uuid, &mut server, mtu).0, [*c]);
            let anywhere = Characteristics::within(1, 0xffff, Some(c.uuid));
            let values = all(anywhere, &mut server, mtu).0.iter().map(|c| c.value).collect::<Vec<_>>();
            prop_assert_eq!(values, [c.value]);
        }
        // The services are not known, so their declarations lie in the range of a characteristic.
        let found = all(Characteristics::within(1, 0xffff, None), &mut server, mtu).0;
        prop_assert_eq!(found.len(), characteristics.len());
        for (found, of_service) in found.iter().zip(&characteristics) {
            prop_assert_eq!(Characteristic { end: of_service.end, ..*found }, *of_service);
        }
        let found: Vec<_> =
            found.iter().flat_map(|c| all(Descriptors::of(c), &mut server, mtu).0).collect();
        prop_assert_eq!(found, descriptors);
    }
}

/// A service that ends at its last value takes one request, and so does a service group that ends at 0xFFFF.
#[test]
fn the_fewest_round_trips() {
    let (mut server, services, ..) = database(&[[(false, 0), (false, 0)].to_vec()].to_vec());
    assert_eq!(all(Characteristics::of(&services[0]), &mut server, 64).1, 1);
    server.attributes[0].end = 0xffff;
    assert_eq!(all(Services::primary(), &mut server, 64).1, 1);
}
