//! GATT: a table that a tester describes, used by the other tester.

use bindrune::{Address, Uuid};
use bindrune_btp::{
    Bytes8, Bytes16, List8, Status,
    gatt::{Command, Event, FoundService, Response, TypeFilter, permissions},
};

use super::client::{Client, Hosts, listening};

const BATTERY: Uuid = Uuid::new_16(0x180f);
const LEVEL: Uuid = Uuid::new_16(0x2a19);
const OWN: Uuid = Uuid::new_128(0x6f0e2001_5a4d_4c8b_9a5e_b1d2c3a4e5f6);
const OPEN: u8 = permissions::READ | permissions::WRITE;

const INVALID_HANDLE: u8 = 0x01;
const READ_NOT_PERMITTED: u8 = 0x02;
const INSUFFICIENT_AUTHENTICATION: u8 = 0x05;
const INVALID_OFFSET: u8 = 0x07;
const INSUFFICIENT_AUTHORIZATION: u8 = 0x08;
const ATTRIBUTE_NOT_FOUND: u8 = 0x0a;
const INVALID_LENGTH: u8 = 0x0d;

/// Handles of the table below.
#[derive(Clone, Copy, Debug)]
struct Handles {
    battery: u16,
    own: u16,
    include: u16,
    level: u16,
    long: u16,
    secret: u16,
    descriptor: u16,
    end: u16,
}

fn characteristic(client: &mut Client, properties: u8, permissions: u8, uuid: Uuid) -> u16 {
    let add = Command::AddCharacteristic { service: 0, properties, permissions, uuid };
    match client.gatt(add) {
        Response::CharacteristicAdded { characteristic } => characteristic + 1,
        other => panic!("{other:?}"),
    }
}

fn set(client: &mut Client, attribute: u16, value: &[u8]) {
    client.gatt(Command::SetValue { attribute, value: Bytes16(value.to_vec()) });
}

fn service(client: &mut Client, kind: u8, uuid: Uuid) -> u16 {
    match client.gatt(Command::AddService { kind, uuid }) {
        Response::ServiceAdded { service } => service,
        other => panic!("{other:?}"),
    }
}

/// Describes a table, and starts the server.
fn serve(client: &mut Client) -> Handles {
    let battery = service(client, 1, BATTERY);
    let remaining = characteristic(client, 0x02, permissions::READ, LEVEL);
    set(client, 0, &[99]);
    let own = service(client, 0, OWN);
    let include = match client.gatt(Command::AddIncludedService { service: battery }) {
        Response::IncludedServiceAdded { include } => include,
        other => panic!("{other:?}"),
    };
    // Read, write, write without response, notify, indicate.
    let level = characteristic(client, 0x3e, OPEN, LEVEL);
    set(client, 0, &[1, 2]);
    let configuration =
        Command::AddDescriptor { characteristic: 0, permissions: OPEN, uuid: Uuid::new_16(0x2902) };
    let added = client.gatt(configuration);
    assert_eq!(added, Response::DescriptorAdded { descriptor: level + 1 });
    let long = characteristic(client, 0x0a, OPEN, Uuid::new_16(0xaa01));
    set(client, long, &[7; 300]);
    let encrypted = permissions::READ_ENCRYPTED | permissions::WRITE_ENCRYPTED;
    let secret = characteristic(client, 0x0a, encrypted, Uuid::new_16(0xaa02));
    set(client, 0, b"secret");
    client.gatt(Command::SetKeySize { attribute: 0, size: 16 });
    let authorized = permissions::READ_AUTHORIZED;
    let end = characteristic(client, 0x02, authorized, Uuid::new_16(0xaa03));
    let add =
        Command::AddDescriptor { characteristic: 0, permissions: OPEN, uuid: Uuid::new_16(0xaa04) };
    let Response::DescriptorAdded { descriptor } = client.gatt(add) else {
        panic!("no descriptor")
    };
    set(client, 0, b"text");
    assert_eq!((remaining, descriptor), (battery + 2, end + 1));
    let count = u8::try_from(descriptor - battery + 1).expect("a short table");
    let started = client.gatt(Command::StartServer {});
    assert_eq!(started, Response::ServerStarted { offset: battery, count });
    assert_eq!(client.command(Command::StartServer {}), Err(Status::FAIL));
    Handles { battery, own, include, level, long, secret, descriptor, end: descriptor }
}

fn read(client: &mut Client, peer: Address, handle: u16) -> (u8, Vec<u8>) {
    match client.gatt(Command::Read { peer, handle }) {
        Response::Read { att, value } => (att, value.0),
        other => panic!("{other:?}"),
    }
}

fn write(client: &mut Client, peer: Address, handle: u16, value: &[u8]) -> u8 {
    match client.gatt(Command::Write { peer, handle, value: Bytes16(value.to_vec()) }) {
        Response::Written { att } => att,
        other => panic!("{other:?}"),
    }
}

/// Waits for the report of a write.
fn changed(client: &mut Client) -> (u16, Vec<u8>) {
    client.event(|event| match event {
        bindrune_btp::Event::Gatt(Event::ValueChanged { attribute, value }) => {
            Some((*attribute, value.0.clone()))
        }
        _ => None,
    })
}

/// Waits for a notification or indication.
fn pushed(client: &mut Client) -> (u8, u16, Vec<u8>) {
    client.event(|event| match event {
        bindrune_btp::Event::Gatt(Event::Notification { kind, handle, value, .. }) => {
            Some((*kind, *handle, value.0.clone()))
        }
        _ => None,
    })
}

#[test]
fn a_table_is_discovered() {
    let mut hosts = Hosts::new("");
    let at = serve(&mut hosts.two);
    let (_, peer) = hosts.link();
    let one = &mut hosts.one;
    one.gatt(Command::ExchangeMtu { peer });
    let own = FoundService { start: at.own, end: at.end, uuid: OWN };
    let Response::Primary { services } = one.gatt(Command::DiscoverPrimary { peer }) else {
        panic!()
    };
    assert_eq!((services.0.len(), services.0.last()), (3, Some(&own)));
    let by_uuid = one.gatt(Command::DiscoverPrimaryByUuid { peer, uuid: OWN });
    assert_eq!(by_uuid, Response::PrimaryByUuid { services: List8(vec![own]) });
    let (start, end) = (at.own, at.end);
    let found = one.gatt(Command::FindIncluded { peer, start, end });
    let Response::Included { includes } = found else { panic!() };
    let battery = FoundService { start: at.battery, end: at.battery + 2, uuid: BATTERY };
    assert_eq!(includes.0.len(), 1);
    assert_eq!((includes.0[0].handle, &includes.0[0].service), (at.include, &battery));
    let found = one.gatt(Command::DiscoverCharacteristics { peer, start, end });
    let Response::Characteristics { characteristics } = found else { panic!() };
    assert_eq!(characteristics.0.len(), 4);
    assert_eq!((characteristics.0[0].value, characteristics.0[0].properties), (at.level, 0x3e));
    let uuid = Uuid::new_16(0xaa02);
    let found = one.gatt(Command::DiscoverCharacteristicsByUuid { peer, start, end, uuid });
    let Response::CharacteristicsByUuid { characteristics } = found else { panic!() };
    assert_eq!(characteristics.0.iter().map(|c| c.value).collect::<Vec<_>>(), [at.secret]);
    let found = one.gatt(Command::DiscoverDescriptors { peer, start: at.descriptor, end });
    let Response::Descriptors { descriptors } = found else { panic!() };
    assert_eq!((descriptors.0.len(), descriptors.0[0].handle), (1, at.descriptor));
}

#[test]
fn values_are_read_and_written() {
    let mut hosts = Hosts::new("");
    let at = serve(&mut hosts.two);
    let (_, peer) = hosts.link();
    let Hosts { one, two, .. } = &mut hosts;
    assert_eq!(read(one, peer, at.level), (0, vec![1, 2]));
    assert_eq!(read(one, peer, at.long), (0, vec![7; 300]));
    assert_eq!(read(one, peer, at.end + 9), (INVALID_HANDLE, vec![]));
    assert_eq!(read(one, peer, at.secret).0, INSUFFICIENT_AUTHENTICATION);
    assert_eq!(read(one, peer, at.end - 1).0, INSUFFICIENT_AUTHORIZATION);
    let long = |offset| Command::ReadLong { peer, handle: at.long, offset };
    let rest = Response::ReadLong { att: 0, value: Bytes16(vec![7; 10]) };
    assert_eq!(one.gatt(long(290)), rest);
    let beyond = Response::ReadLong { att: INVALID_OFFSET, value: Bytes16::default() };
    assert_eq!(one.gatt(long(301)), beyond);
    let by_uuid = |uuid| Command::ReadByUuid { peer, start: 1, end: 0xffff, uuid };
    let Response::ReadByUuid { att: 0, values } = one.gatt(by_uuid(LEVEL)) else { panic!() };
    let values: Vec<_> = values.0.into_iter().map(|v| (v.handle, v.value)).collect();
    let expected = [(at.battery + 2, Bytes8(vec![99])), (at.level, Bytes8(vec![1, 2]))];
    assert_eq!(values, expected);
    let none = one.gatt(by_uuid(Uuid::new_16(0x7777)));
    assert_eq!(none, Response::ReadByUuid { att: ATTRIBUTE_NOT_FOUND, values: List8::default() });
    let handles = List8(vec![at.battery + 2, at.level]);
    let multiple = one.gatt(Command::ReadMultiple { peer, handles: handles.clone() });
    assert_eq!(multiple, Response::ReadMultiple { att: 0, value: Bytes16(vec![99, 1, 2]) });
    let variable = one.gatt(Command::ReadMultipleVariable { peer, handles });
    let value = Bytes16(vec![1, 0, 99, 2, 0, 1, 2]);
    assert_eq!(variable, Response::ReadMultipleVariable { att: 0, value });

    assert_eq!(write(one, peer, at.level, &[5]), 0);
    assert_eq!(changed(two), (at.level, vec![5]));
    assert_eq!(write(one, peer, at.level, &[5; 3]), INVALID_LENGTH);
    let value = Bytes16(vec![6, 6]);
    one.gatt(Command::WriteWithoutResponse { peer, handle: at.level, value });
    assert_eq!(changed(two), (at.level, vec![6, 6]));
    let whole: Vec<u8> = (0..300u32).map(|n| n as u8).collect();
    let value = Bytes16(whole.clone());
    let written = one.gatt(Command::WriteLong { peer, handle: at.long, offset: 0, value });
    assert_eq!(written, Response::LongWritten { att: 0 });
    assert_eq!(changed(two), (at.long, whole.clone()));
    assert_eq!(read(one, peer, at.long), (0, whole));
    let value = Bytes16(vec![8]);
    let reliable = Command::ReliableWrite { peer, handle: at.level, offset: 0, value };
    assert_eq!(one.gatt(reliable), Response::ReliablyWritten { att: 0 });
    assert_eq!(changed(two), (at.level, vec![8]));
    // With encryption, the secret is open.
    one.gap(bindrune_btp::gap::Command::Pair { peer });
    assert_eq!(one.level(), 1);
    assert_eq!(read(one, peer, at.secret), (0, b"secret".to_vec()));
}

#[test]
fn values_are_notified_and_indicated() {
    let mut hosts = Hosts::new("");
    let at = serve(&mut hosts.two);
    let (_, peer) = hosts.link();
    let Hosts { one, two, .. } = &mut hosts;
    let handle = at.level + 1;
    one.gatt(Command::ConfigureNotifications { peer, on: true, handle });
    set(two, at.level, &[3]);
    assert_eq!(pushed(one), (1, at.level, vec![3]));
    one.gatt(Command::ConfigureNotifications { peer, on: false, handle });
    set(two, at.level, &[4]);
    one.gatt(Command::ConfigureIndications { peer, on: true, handle });
    set(two, at.level, &[5]);
    assert_eq!(pushed(one), (2, at.level, vec![5]), "4 was not sent");
    let none = Command::ConfigureIndications { peer, on: true, handle: 1 };
    assert_eq!(one.command(none), Err(Status::FAIL));
}

#[test]
fn a_tester_reads_its_own_table() {
    let (mut client, _program) = listening("sim", "");
    client.register();
    let at = serve(&mut client);
    let list = |uuid| Command::GetAttributes { start: 1, end: 0xffff, uuid: TypeFilter(uuid) };
    let Response::Attributes { attributes } = client.gatt(list(None)) else { panic!() };
    assert_eq!(attributes.0.len(), usize::from(at.end - at.battery) + 1);
    let Response::Attributes { attributes } = client.gatt(list(Some(LEVEL))) else { panic!() };
    let handles: Vec<_> = attributes.0.iter().map(|a| (a.handle, a.permissions)).collect();
    assert_eq!(handles, [(at.battery + 2, permissions::READ), (at.level, OPEN)]);
    let peer = Address::public([0; 6]);
    let mut value = |handle| match client.gatt(Command::GetAttributeValue { peer, handle }) {
        Response::AttributeValue { att, value } => (att, value.0),
        other => panic!("{other:?}"),
    };
    assert_eq!(value(at.battery), (0, vec![0x0f, 0x18]));
    let [low, high] = (at.battery + 2).to_le_bytes();
    assert_eq!(value(at.battery + 1), (0, vec![2, low, high, 0x19, 0x2a]));
    assert_eq!(value(at.level), (0, vec![1, 2]));
    assert_eq!(value(at.level + 1), (0, vec![0, 0]));
    let change = |operation| Command::ChangeDatabase { start: 0, end: 0, operation };
    assert_eq!(client.command(change(0)), Err(Status::FAIL));
    client.gatt(change(1));
    client.gatt(change(2));
    client.gatt(Command::ResetServer {});
    let started = client.gatt(Command::StartServer {});
    assert_eq!(started, Response::ServerStarted { offset: at.battery, count: 0 });
}

#[test]
fn what_no_peer_may_read_is_refused() {
    let mut hosts = Hosts::new("");
    service(&mut hosts.two, 0, OWN);
    // The property is there, the permission is not.
    let value = characteristic(&mut hosts.two, 0x02, 0, LEVEL);
    hosts.two.gatt(Command::StartServer {});
    let (_, peer) = hosts.link();
    assert_eq!(read(&mut hosts.one, peer, value).0, READ_NOT_PERMITTED);
    let absent = Address::public([1; 6]);
    assert_eq!(hosts.one.command(Command::Read { peer: absent, handle: value }), Err(Status::FAIL));
}
