//! Bodies of fuzz targets; every input is valid.

use bindrune_att::Opcode;
use bindrune_wire::{Reader, Uuid, Writer};

use super::{
    Characteristic, Characteristics, ClientFeatures, Descriptors, Discovery, EnableFeatures,
    Includes, PreparedWrite, Procedure, ReadByUuid, ReadDatabaseHash, ReadLong, ReadMultiple,
    Service, ServiceChanged, Services, Subscribe, WriteLong,
};
use crate::{cccd::Cccd, table::Properties};

const UUID: Uuid = Uuid::new_16(0x2a19);
const SERVICE: Service = Service { start: 1, end: 0xfff0, uuid: UUID };

/// Runs a procedure, selected by the first octet, against a server that answers with the following octets.
pub fn client(data: &[u8]) {
    let mut server = Reader::new(data);
    let pick = server.u8().unwrap_or(0);
    let _range = ServiceChanged::from_value(data);
    match pick % 16 {
        0 => discover(Services::primary(), server, |s| (s.start, s.end)),
        1 => discover(Services::secondary(), server, |s| (s.start, s.end)),
        2 => discover(Services::primary_by_uuid(UUID), server, |s| (s.start, s.end)),
        3 => discover(Includes::of(&SERVICE), server, |i| (i.handle, i.handle)),
        4 => discover(Characteristics::of(&SERVICE), server, |c| (c.declaration, c.end)),
        5 => discover(Characteristics::by_uuid(&SERVICE, UUID), server, |c| (c.declaration, c.end)),
        6 => discover(Descriptors::within(1, 0xffff), server, |d| (d.handle, d.handle)),
        7 => read_by_uuid(server),
        8 => read_multiple(server),
        9 => read_long(server),
        10 => drive(&mut WriteLong::new(3, data), server),
        11 => drive(&mut PreparedWrite::long(3, data), server),
        12 => drive(&mut PreparedWrite::reliable(&[(3, data), (5, data), (7, &[])]), server),
        13 => drive(&mut Subscribe::new(&characteristic(), Cccd::NOTIFY), server),
        14 => drive(&mut ReadDatabaseHash::new(), server),
        _ => drive(&mut EnableFeatures::new(ClientFeatures::all()), server),
    }
}

fn characteristic() -> Characteristic {
    let properties = Properties::NOTIFY;
    Characteristic { declaration: 2, value: 3, end: 9, properties, uuid: UUID }
}

/// Pops all items after each response; first and last handles must increase.
fn discover<D: Discovery>(
    mut discovery: D,
    server: Reader<'_>,
    span: impl Fn(D::Item) -> (u16, u16),
) {
    let mut before = 0;
    rounds(&mut discovery, server, |discovery, pdu| {
        while let Some(item) = discovery.next(pdu) {
            let (first, last) = span(item);
            assert!(before < first && first <= last, "{before} {first} {last}");
            before = last;
        }
    });
}

fn read_by_uuid(server: Reader<'_>) {
    let mut before = 0;
    rounds(&mut ReadByUuid::new(1, 0xffff, UUID), server, |read, pdu| {
        while let Some(found) = read.next(pdu) {
            assert!(before < found.handle);
            before = found.handle;
        }
    });
}

fn read_multiple(server: Reader<'_>) {
    let handles = [3, 5, 7];
    for mut read in [ReadMultiple::fixed(&handles), ReadMultiple::variable(&handles)] {
        rounds(&mut read, server, |read, pdu| {
            let _values = read.values(pdu);
            while let Some(found) = read.next(pdu) {
                assert!(found.value.len() <= found.length.into());
            }
        });
    }
}

fn read_long(server: Reader<'_>) {
    let mut buffer = [0; 600];
    let mut read = ReadLong::new(3, &mut buffer);
    drive(&mut read, server);
    assert!(read.len() <= 512);
}

fn drive(procedure: &mut dyn Procedure, server: Reader<'_>) {
    rounds(procedure, server, |_, _| ());
}

/// Exchanges requests and responses until the procedure is over or the server has no octets left.
fn rounds<P: Procedure + ?Sized>(
    procedure: &mut P,
    mut server: Reader<'_>,
    mut pop: impl FnMut(&mut P, &[u8]),
) {
    let (mut tx, mut rx) = ([0; 64], [0; 256]);
    loop {
        let mut w = Writer::new(&mut tx);
        let Ok(Some(opcode)) = procedure.request(48, &mut w) else { return };
        assert!(w.len() <= 48 && w.written().first() == Some(&opcode.0));
        let Some(pdu) = answer(opcode, &mut server, &mut rx) else { return };
        let result = procedure.response(pdu);
        pop(procedure, pdu);
        if result.is_err() {
            let over = procedure.request(48, &mut Writer::new(&mut [0; 64]));
            assert_eq!(over, Ok(None), "a failed procedure is over");
        }
    }
}

/// Returns the next octets of the server, mostly after the opcode that the client waits for.
fn answer<'b>(request: Opcode, server: &mut Reader<'_>, rx: &'b mut [u8; 256]) -> Option<&'b [u8]> {
    let len = server.u8().ok()?;
    let octets = server.bytes(usize::from(len & 0x3f).min(server.remaining())).ok()?;
    let mut w = Writer::new(rx);
    match len >> 6 {
        0 => {}
        1 => w.bytes(&[Opcode::ERROR_RSP.0, request.0, 1, 0]).ok()?,
        _ => w.u8(request.response()?.0).ok()?,
    }
    w.bytes(octets).ok()?;
    let len = w.len();
    rx.get(..len)
}
