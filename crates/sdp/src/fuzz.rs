//! Bodies of fuzz targets; every input is valid.

use bindrune_wire::{Interest, Uuid, Writer};

use crate::{
    Answer, AttributeId, AttributeRange, Client, Element, Elements, MAX_DEPTH, Port, Profile,
    Record, Records, Registry, Service, class, handle_request, protocol,
};

static SERVICES: [Service<'static>; 3] = [
    Service::new(&[class::SERIAL_PORT], Port::Rfcomm(3))
        .profiles(&[Profile::new(class::SERIAL_PORT, 0x0102)])
        .name("Console")
        .provider("provider"),
    Service::new(&[Uuid::new_128(0x6e40_0001 << 96)], Port::L2cap(0x1001)).record_state(1),
    Service::new(&[class::PNP_INFORMATION], Port::None).browse_groups(&[]),
];

/// Parses `data` as an element, a record and results. An element that is written has the same meaning.
pub fn element(data: &[u8]) {
    let mut buffer = [0; 1024];
    let data = data.get(..buffer.len()).unwrap_or(data);
    if let Ok(element) = Element::parse(data) {
        let mut w = Writer::new(&mut buffer);
        assert!(element.write(&mut w).is_ok() && w.len() <= data.len());
        assert_eq!(Element::parse(w.written()), Ok(element));
    }
    let elements = Elements::new(data);
    assert!(elements.count() <= data.len());
    if elements.check().is_ok() {
        assert!(depth(elements) <= MAX_DEPTH);
    }
    let _ = elements.contains(protocol::L2CAP);
    if let Ok(records) = Records::parse(data) {
        assert!(records.malformed() <= data.len());
        records.for_each(|record| walk(&record));
    }
    if let Ok(record) = Record::parse(data) {
        walk(&record);
    }
}

fn depth(elements: Elements<'_>) -> usize {
    let inner = elements.filter_map(|element| element.elements());
    inner.map(|inner| depth(inner).saturating_add(1)).max().unwrap_or_default()
}

fn walk(record: &Record<'_>) {
    let len = record.octets().len();
    let counts = [
        record.attributes().count(),
        record.classes().count(),
        record.browse_groups().count(),
        record.protocols().count(),
        record.profiles().count(),
    ];
    assert!(counts.iter().all(|&count| count <= len));
    let texts = [record.name(), record.description(), record.provider()];
    assert!(texts.iter().flatten().all(|text| text.as_bytes().len() < len));
    assert!(record.classes().all(|uuid| record.contains(uuid)));
    let _ = (record.port(), record.handle(), record.service_id(), record.is_public());
}

/// Plays `data` to a server as requests, with changes of its records between them. Then a good client finds all
/// records.
pub fn server(data: &[u8]) {
    let mut memory = [0; 512];
    let mut registry = Registry::new(&mut memory);
    for service in &SERVICES {
        assert!(registry.add(service).is_ok());
    }
    let mut response = [0; 256];
    let mut rest = data;
    while let Some((&[operation, len], tail)) = rest.split_first_chunk() {
        let (pdu, tail) = tail.split_at(usize::from(len).min(tail.len()));
        rest = tail;
        let mtu = match operation & 0x07 {
            0 => {
                let handle = pdu.first().copied().unwrap_or_default();
                registry.remove(u32::from(handle).saturating_add(crate::FIRST_HANDLE));
                continue;
            }
            1 => {
                let _ = SERVICES.get(usize::from(len)).map(|service| registry.add(service));
                continue;
            }
            2 => usize::from(operation),
            _ => 48,
        };
        let written = handle_request(&registry.database(), pdu, mtu, &mut response);
        if let Some(len) = written {
            let (&id, transaction) = (pdu.first().unwrap_or(&0), pdu.get(1..3));
            assert!(len <= mtu && (7..=response.len()).contains(&len));
            assert!(response.first().is_some_and(|&r| r == 1 || r == id.wrapping_add(1)));
            assert_eq!(response.get(1..3), transaction);
            follow(&registry, pdu, response.get(..len).unwrap_or_default());
        }
    }
    finds_all(&registry);
}

/// Repeats a request with the continuation states of its responses, until the end.
fn follow(registry: &Registry<'_>, request: &[u8], first: &[u8]) {
    let (mut request_memory, mut response) = ([0; 300], [0; 48]);
    let mut last = first.len().checked_sub(9).and_then(|at| first.get(at..)).unwrap_or_default();
    let Some((0, body)) = request.split_last() else { return };
    let mut memory = [0; 9];
    for _ in 0..1000 {
        if last.first() != Some(&8) || first.first() == Some(&1) {
            return;
        }
        let mut w = Writer::new(&mut request_memory);
        if w.bytes(body).and_then(|()| w.bytes(last)).is_err() {
            return;
        }
        let len = w.len().saturating_sub(5);
        if let Some(field) = w.written_mut().get_mut(3..5) {
            field.copy_from_slice(&u16::try_from(len).unwrap_or_default().to_be_bytes());
        }
        let written = handle_request(&registry.database(), w.written(), 48, &mut response);
        let written = written.and_then(|len| response.get(..len)).unwrap_or_default();
        let state = written.len().checked_sub(9).and_then(|at| written.get(at..));
        memory.copy_from_slice(state.unwrap_or(&[0; 9]));
        last = &memory;
    }
    assert!(last.is_empty(), "a response ends");
}

fn finds_all(registry: &Registry<'_>) {
    let (mut results, mut len) = ([0; 1024], 0usize);
    let mut client = Client::new(48);
    assert!(
        client
            .search_attributes(&[class::PUBLIC_BROWSE_ROOT], &[AttributeRange::ALL], 1024)
            .is_ok()
    );
    while client.is_busy() {
        let (mut request, mut response) = ([0; 48], [0; 48]);
        let mut w = Writer::new(&mut request);
        assert!(client.poll_transmit(&mut w));
        let written = handle_request(&registry.database(), w.written(), 48, &mut response);
        let answer = client.handle_response(response.get(..written.unwrap_or(0)).unwrap_or(&[]));
        let part = match answer {
            Answer::More(part) | Answer::Complete(part) => part,
            Answer::Ignored | Answer::Failed(_) => &[],
        };
        assert!(!part.is_empty(), "{answer:?}");
        let mut w = Writer::new(results.get_mut(len..).unwrap_or_default());
        assert!(w.bytes(part).is_ok());
        len = len.saturating_add(part.len());
    }
    let records = Records::parse(results.get(..len).unwrap_or_default());
    let public = registry.database().records().filter(Record::is_public).count();
    assert!(records.is_ok_and(|r| r.malformed() == 0 && r.count() == public));
}

/// Plays `data` to a client as responses and calls. Then a new transaction works.
pub fn client(data: &[u8]) {
    const LIMIT: usize = 256;
    let mut client = Client::new(64);
    let (mut transaction, mut received) = ([0; 2], 0usize);
    let mut rest = data;
    while let Some((&operation, tail)) = rest.split_first() {
        rest = tail;
        let ranges = [AttributeRange::new(AttributeId(0), AttributeId(operation.into()))];
        let started = match operation & 0x07 {
            0 => client.service_search(&[protocol::L2CAP], 64),
            1 => client.attributes(operation.into(), &ranges, LIMIT),
            2 => client.search_attributes(&[protocol::L2CAP], &ranges, LIMIT),
            3 => {
                client.cancel();
                continue;
            }
            _ => {
                let (pdu, tail) = rest.split_at(usize::from(operation >> 2).min(rest.len()));
                rest = tail;
                transmit(&mut client, &mut transaction);
                received = received.saturating_add(respond(&mut client, pdu, transaction));
                assert!(received <= LIMIT);
                continue;
            }
        };
        if started.is_ok() {
            received = 0;
        }
    }
    client.cancel();
    assert!(client.service_search(&[protocol::L2CAP], 1).is_ok());
    transmit(&mut client, &mut transaction);
    let [a, b] = transaction;
    let good = [3, a, b, 0, 9, 0, 1, 0, 1, 0, 1, 0, 0, 0];
    assert_eq!(client.handle_response(&good), Answer::Complete(&[0, 1, 0, 0]));
}

fn transmit(client: &mut Client, transaction: &mut [u8; 2]) {
    let mut buffer = [0; 64];
    let mut w = Writer::new(&mut buffer);
    let pending = client.interest() != Interest::None;
    assert_eq!(client.poll_transmit(&mut w), pending, "interest and transmit agree");
    if let Some(sent) = w.written().get(1..).and_then(|octets| octets.first_chunk()) {
        *transaction = *sent;
    }
}

/// Gives `pdu` to the client, and returns the length of the part in it. If its first octet is odd, the transaction and
/// the length are made right.
fn respond(client: &mut Client, pdu: &[u8], transaction: [u8; 2]) -> usize {
    let mut buffer = [0; 80];
    let mut w = Writer::new(&mut buffer);
    let len = u8::try_from(pdu.len().saturating_sub(1)).unwrap_or_default();
    let pdu = match pdu.split_first() {
        Some((&id, parameters)) if id & 1 == 1 => {
            let [a, b] = transaction;
            let head = w.bytes(&[id & 0x07, a, b, 0, len]);
            assert!(head.and_then(|()| w.bytes(parameters)).is_ok());
            w.written()
        }
        _ => pdu,
    };
    match client.handle_response(pdu) {
        Answer::More(part) | Answer::Complete(part) => part.len(),
        Answer::Ignored | Answer::Failed(_) => 0,
    }
}

#[cfg(test)]
mod tests;
