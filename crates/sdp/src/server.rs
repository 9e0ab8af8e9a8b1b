//! The server: one request, one response, and no state in between. [Vol 3] Part B, 4

use bindrune_wire::{Malformed, NoRoom, Reader, Writer};

mod request;
mod window;

use crate::{
    AttributeId, Database, ErrorCode, PduId, Port, Record, Service, Value, class,
    element::{SEQUENCE, be16, be32},
    pdu::{HEADER, MAX_CONTINUATION, Pdu},
    value::{with_header, write_header},
};
use request::{Continuation, Pattern, Ranges};
use window::Window;

/// Answers a request of a client. Writes at most `mtu` octets to `response`, and returns their number.
///
/// `mtu` is the most that the peer receives, at least 48. Returns `None` if there is no answer: for fewer than 3
/// octets, which have no transaction ID, and for responses, so that two servers never answer each other for ever.
///
/// The work is bounded by the length of the request and of the database. The response is made anew for each part of it,
/// so a client that asks for many parts costs no memory. [Vol 3] Part B, 4.3
#[must_use]
pub fn handle_request(
    database: &Database<'_>,
    request: &[u8],
    mtu: usize,
    response: &mut [u8],
) -> Option<usize> {
    let pdu = Pdu::split(request).filter(|pdu| !is_response(pdu.id))?;
    let end = mtu.min(response.len());
    let mut w = Writer::new(response.get_mut(..end)?);
    let [high, low] = pdu.transaction.to_be_bytes();
    w.bytes(&[0, high, low, 0, 0]).ok()?;
    let id = match answer(database, &pdu, &mut w) {
        Ok(()) => PduId(pdu.id.0.wrapping_add(1)),
        Err(code) => {
            w.truncate(HEADER);
            w.bytes(&code.0.to_be_bytes()).ok()?;
            PduId::ERROR_RESPONSE
        }
    };
    let [high, low] = u16::try_from(w.len().saturating_sub(HEADER)).ok()?.to_be_bytes();
    if let [first, _, _, length @ ..] = w.written_mut()
        && let Some(length) = length.first_chunk_mut()
    {
        *first = id.0;
        *length = [high, low];
    }
    Some(w.len())
}

const fn is_response(id: PduId) -> bool {
    matches!(
        id,
        PduId::ERROR_RESPONSE
            | PduId::SERVICE_SEARCH_RESPONSE
            | PduId::SERVICE_ATTRIBUTE_RESPONSE
            | PduId::SERVICE_SEARCH_ATTRIBUTE_RESPONSE
    )
}

impl From<Malformed> for ErrorCode {
    fn from(_: Malformed) -> Self {
        Self::INVALID_SYNTAX
    }
}

impl From<NoRoom> for ErrorCode {
    fn from(_: NoRoom) -> Self {
        Self::INSUFFICIENT_RESOURCES
    }
}

/// Longest encoded record of the server itself, in octets.
const OWN_RECORD: usize = 40;

fn answer(database: &Database<'_>, pdu: &Pdu<'_>, w: &mut Writer<'_>) -> Result<(), ErrorCode> {
    let mut r = Reader::new(pdu.parameters.ok_or(ErrorCode::INVALID_PDU_SIZE)?);
    let mut memory = [0; OWN_RECORD];
    let own = own_record(database.state(), &mut memory)?;
    let server = Server { database, own };
    match pdu.id {
        PduId::SERVICE_SEARCH_REQUEST => server.search(&mut r, w),
        PduId::SERVICE_ATTRIBUTE_REQUEST => server.attributes(&mut r, w),
        PduId::SERVICE_SEARCH_ATTRIBUTE_REQUEST => server.search_attributes(&mut r, w),
        _ => Err(ErrorCode::INVALID_SYNTAX),
    }
}

/// Writes the record of the server itself. [Vol 3] Part B, 5.2
fn own_record(state: u32, memory: &mut [u8]) -> Result<Record<'_>, ErrorCode> {
    const VERSIONS: Value<'_> = Value::Sequence(&[Value::U16(0x0100)]);
    let attributes = [
        (AttributeId::VERSION_NUMBER_LIST, VERSIONS),
        (AttributeId::SERVICE_DATABASE_STATE, Value::U32(state)),
    ];
    let service = Service::new(&[class::SERVICE_DISCOVERY_SERVER], Port::None)
        .browse_groups(&[])
        .attributes(&attributes);
    let len = service.encode(0, memory)?;
    Ok(Record::parse(memory.get(..len).unwrap_or_default())?)
}

struct Server<'a> {
    database: &'a Database<'a>,
    own: Record<'a>,
}

impl<'a> Server<'a> {
    fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        core::iter::once(self.own).chain(self.database.records())
    }

    fn matches(&self, pattern: Pattern<'a>) -> impl Iterator<Item = Record<'a>> + use<'a> {
        self.records().filter(move |record| pattern.uuids().all(|uuid| record.contains(uuid)))
    }

    /// Answers a Service Search Request. [Vol 3] Part B, 4.5
    fn search(&self, r: &mut Reader<'a>, w: &mut Writer<'_>) -> Result<(), ErrorCode> {
        let pattern = Pattern::read(r)?;
        let max = usize::from(be16(r)?);
        if max == 0 {
            return Err(ErrorCode::INVALID_SYNTAX);
        }
        let continuation = Continuation::new(self.database.state(), &[pattern.octets()]);
        let offset = continuation.read(r)?;
        let handles = || self.matches(pattern).filter_map(|record| record.handle()).take(max);
        let total = handles().count();
        let left = total.checked_sub(offset).filter(|&left| left > 0 || offset == 0);
        let left = left.ok_or(ErrorCode::INVALID_CONTINUATION)?;
        let count = part(left.saturating_mul(4), w.room().saturating_sub(4), usize::MAX) / 4;
        if count == 0 && left > 0 {
            return Err(ErrorCode::INSUFFICIENT_RESOURCES);
        }
        write_u16(w, total)?;
        write_u16(w, count)?;
        for handle in handles().skip(offset).take(count) {
            w.bytes(&handle.to_be_bytes())?;
        }
        continuation.write(w, offset.saturating_add(count), total)
    }

    /// Answers a Service Attribute Request. [Vol 3] Part B, 4.6
    fn attributes(&self, r: &mut Reader<'a>, w: &mut Writer<'_>) -> Result<(), ErrorCode> {
        let handle = be32(r)?;
        let max = read_max(r)?;
        let ranges = Ranges::read(r)?;
        let octets = [&handle.to_be_bytes(), ranges.octets()];
        let continuation = Continuation::new(self.database.state(), &octets);
        let offset = continuation.read(r)?;
        let record = self.records().find(|record| record.handle() == Some(handle));
        let record = record.ok_or(ErrorCode::INVALID_RECORD_HANDLE)?;
        let total = with_header(list_len(record, ranges));
        respond(w, &continuation, offset, max, total, |window| put_list(window, record, ranges))
    }

    /// Answers a Service Search Attribute Request. Records without one of the attributes are left out. [Vol 3] Part B,
    /// 4.7
    fn search_attributes(&self, r: &mut Reader<'a>, w: &mut Writer<'_>) -> Result<(), ErrorCode> {
        let pattern = Pattern::read(r)?;
        let max = read_max(r)?;
        let ranges = Ranges::read(r)?;
        let octets = [pattern.octets(), ranges.octets()];
        let continuation = Continuation::new(self.database.state(), &octets);
        let offset = continuation.read(r)?;
        let lens = self.matches(pattern).map(|record| list_len(record, ranges));
        let body = lens.filter(|&len| len > 0).map(with_header).fold(0, usize::saturating_add);
        respond(w, &continuation, offset, max, with_header(body), |window| {
            put_header(window, body)?;
            let records = self.matches(pattern).filter(|record| list_len(*record, ranges) > 0);
            records.into_iter().try_for_each(|record| put_list(window, record, ranges))
        })
    }
}

/// Reads MaximumAttributeByteCount. [Vol 3] Part B, 4.6.1
fn read_max(r: &mut Reader<'_>) -> Result<usize, ErrorCode> {
    const LEAST: u16 = 7;
    match be16(r)? {
        0..LEAST => Err(ErrorCode::INVALID_SYNTAX),
        max => Ok(max.into()),
    }
}

/// Returns the total length of those attributes of a record that are in the ranges, in octets.
fn list_len(record: Record<'_>, ranges: Ranges<'_>) -> usize {
    let mut len = 0usize;
    ranges.each(record, |octets| len = len.saturating_add(octets.len()));
    len
}

fn put_list(
    window: &mut Window<'_, '_>,
    record: Record<'_>,
    ranges: Ranges<'_>,
) -> Result<(), NoRoom> {
    put_header(window, list_len(record, ranges))?;
    let mut result = Ok(());
    ranges.each(record, |octets| {
        if result.is_ok() {
            result = window.put(octets);
        }
    });
    result
}

fn put_header(window: &mut Window<'_, '_>, len: usize) -> Result<(), NoRoom> {
    let mut header = [0; 5];
    let mut w = Writer::new(&mut header);
    write_header(&mut w, SEQUENCE, len)?;
    window.put(w.written())
}

/// Writes the part of an attribute list that begins at `offset`; `put` writes the whole list of `total` octets.
fn respond(
    w: &mut Writer<'_>,
    continuation: &Continuation,
    offset: usize,
    max: usize,
    total: usize,
    put: impl FnOnce(&mut Window<'_, '_>) -> Result<(), NoRoom>,
) -> Result<(), ErrorCode> {
    let left = total.checked_sub(offset).filter(|&left| left >= LEAST_PART);
    let left = left.ok_or(ErrorCode::INVALID_CONTINUATION)?;
    let mut count = part(left, w.room().saturating_sub(2), max);
    if left.saturating_sub(count) == 1 {
        count = count.saturating_sub(1);
    }
    if count < LEAST_PART {
        return Err(ErrorCode::INSUFFICIENT_RESOURCES);
    }
    write_u16(w, count)?;
    put(&mut Window::new(w, offset, count))?;
    continuation.write(w, offset.saturating_add(count), total)
}

/// The least AttributeListByteCount. [Vol 3] Part B, 4.6.2
const LEAST_PART: usize = 2;

/// Returns how many of `left` octets fit beside the continuation state.
fn part(left: usize, room: usize, max: usize) -> usize {
    if left <= max && left < room {
        return left;
    }
    let beside = room.saturating_sub(Continuation::LEN).saturating_sub(1);
    left.min(max).min(beside)
}

fn write_u16(w: &mut Writer<'_>, value: usize) -> Result<(), ErrorCode> {
    let value = u16::try_from(value).map_err(|_| ErrorCode::INSUFFICIENT_RESOURCES)?;
    Ok(w.bytes(&value.to_be_bytes())?)
}

const _: () = assert!(Continuation::LEN <= MAX_CONTINUATION);

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
