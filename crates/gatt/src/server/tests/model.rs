//! The server against a naive model of the same table: a list of rows.

use std::{vec, vec::Vec};

use bindrune_att::Request;
use bindrune_wire::{Uuid, Writer};
use hex_literal::hex;
use proptest::{prelude::*, sample::select};

use super::World;
use crate::fuzz;

/// Result of reading a row.
#[derive(Clone, Debug)]
enum Value {
    Is(Vec<u8>),
    Fails(u8),
}

#[derive(Clone, Debug)]
struct Row {
    uuid: Vec<u8>,
    value: Value,
    group_end: usize,
}

impl Row {
    fn is(&self, uuid: Uuid) -> bool {
        Uuid::from_le_bytes(&self.uuid) == Ok(uuid)
    }
}

/// The longest value that the store may have.
const LIMIT: usize = 40;
const STORE: usize = 25;

fn rows(world: &World) -> Vec<Row> {
    let mut rows = vec![];
    let mut row = |uuid: &[u8], value: &[u8], group_end: usize| {
        let value = Value::Is(value.into());
        rows.push(Row { uuid: uuid.into(), value, group_end });
    };
    row(&hex!("0028"), &hex!("0018"), 9);
    row(&hex!("0328"), &hex!("02 0300 002a"), 3);
    row(&hex!("002a"), b"unit", 3);
    row(&hex!("0328"), &hex!("02 0500 012a"), 5);
    row(&hex!("012a"), &hex!("4103"), 5);
    row(&hex!("0328"), &hex!("02 0700 042a"), 7);
    row(&hex!("042a"), &hex!("ffff ffff 0000 ffff"), 7);
    row(&hex!("0328"), &hex!("02 0900 a62a"), 9);
    row(&hex!("a62a"), &hex!("00"), 9);
    row(&hex!("0028"), &hex!("0118"), 17);
    row(&hex!("0328"), &hex!("20 0c00 052a"), 13);
    row(&hex!("052a"), &[], 12);
    row(&hex!("0229"), &hex!("0000"), 13);
    row(&hex!("0328"), &hex!("0a 0f00 292b"), 15);
    row(&hex!("292b"), &hex!("00"), 15);
    row(&hex!("0328"), &hex!("02 1100 2a2b"), 17);
    row(&hex!("2a2b"), &world.server.database_hash(), 17);
    row(&hex!("0028"), &hex!("0f18"), 32);
    row(&hex!("0328"), &hex!("12 1400 192a"), 21);
    row(&hex!("192a"), &hex!("64"), 20);
    row(&hex!("0229"), &hex!("0000"), 21);
    row(&hex!("0328"), &hex!("0e 1700 01ff"), 23);
    row(&hex!("01ff"), b"app", 23);
    row(&hex!("0328"), &hex!("ae 1900 02ff"), 29);
    row(&hex!("02ff"), b"hello world", 25);
    row(&hex!("0229"), &hex!("0000"), 26);
    row(&hex!("0029"), &hex!("0100"), 27);
    row(&hex!("0129"), b"store", 28);
    row(&hex!("0429"), &hex!("04000027010000"), 29);
    row(&hex!("0328"), &hex!("1a 1f00 03ff"), 32);
    row(&hex!("03ff"), b"secret", 31);
    row(&hex!("0229"), &hex!("0000"), 32);
    row(&hex!("0028"), &hex!("b1000000000000000000000000000000"), 38);
    row(&hex!("0228"), &hex!("1200 2000 0f18"), 34);
    row(&hex!("0328"), &hex!("0c 2400 b2000000000000000000000000000000"), 36);
    row(&hex!("b2000000000000000000000000000000"), &[], 36);
    row(&hex!("0328"), &hex!("0a 2600 04ff"), 38);
    row(&hex!("04ff"), &hex!("01020304"), 38);
    row(&hex!("0128"), &hex!("10ff"), 39);
    row(&hex!("0028"), &hex!("1f18"), 40);
    for (handle, code) in [(12, 0x02), (31, 0x05), (36, 0x02)] {
        rows[handle - 1].value = Value::Fails(code);
    }
    rows
}

/// Handles of the rows that the app holds.
const APP: usize = 23;

struct Model {
    rows: Vec<Row>,
    /// Values of which a part was sent, as they were at that time.
    parts: Vec<(usize, Vec<u8>)>,
    /// Whether a value was written since.
    changed: bool,
}

/// Handle of the error and its code.
type Answer = Result<Vec<u8>, (usize, u8)>;

impl Model {
    fn read(&self, handle: usize) -> Answer {
        let row = handle.checked_sub(1).and_then(|i| self.rows.get(i)).ok_or((handle, 0x01))?;
        match &row.value {
            Value::Is(value) => Ok(value.clone()),
            Value::Fails(code) => Err((handle, *code)),
        }
    }

    /// Records what a response of maximum length leaves for later Read Blob requests.
    fn answered(&mut self, request: &Request<'_>, answer: &[u8], mtu: usize) {
        if answer.len() < mtu || answer[0] == 1 {
            return;
        }
        let handles = match *request {
            Request::Read { handle } | Request::ReadBlob { handle, .. } => vec![handle],
            Request::ReadMultiple { handles } => handles.iter().collect(),
            Request::ReadByType { .. } => vec![u16::from_le_bytes([answer[2], answer[3]])],
            Request::ExchangeMtu { .. }
            | Request::FindInformation { .. }
            | Request::FindByTypeValue { .. }
            | Request::ReadByGroupType { .. }
            | Request::ReadMultipleVariable { .. }
            | Request::Write { .. }
            | Request::PrepareWrite { .. }
            | Request::ExecuteWrite { .. } => return,
        };
        for handle in handles.into_iter().map(usize::from) {
            if let Value::Is(value) = &self.rows[handle - 1].value {
                self.parts.push((handle, value.clone()));
            }
        }
    }

    /// Returns whether the answer is correct if a value changed between its parts: the part of an earlier value, or
    /// Unlikely Error.
    fn may_answer(&self, request: &Request<'_>, answer: &[u8], mtu: usize) -> bool {
        let Request::ReadBlob { handle, offset } = *request else { return false };
        let (handle, offset) = (usize::from(handle), usize::from(offset));
        let several = self.parts.iter().any(|(of, _)| *of != self.parts[0].0);
        let is_part = |value: &[u8]| {
            let part = value.get(offset..).map(|part| [&[0x0d], part].concat());
            part.is_some_and(|part| part[..part.len().min(mtu)] == *answer)
        };
        let mut own = self.parts.iter().filter(|(of, _)| *of == handle);
        let refused = answer == [&[1, 0x0c], &le(handle)[..], &[0x0e]].concat();
        offset > 0
            && (own.clone().any(|(_, value)| is_part(value))
                || (refused && self.changed && (several || own.next().is_some())))
    }

    fn range(&self, start: u16, end: u16) -> Result<Vec<(usize, &Row)>, (usize, u8)> {
        let (start, end) = (usize::from(start), usize::from(end));
        if start == 0 || start > end {
            return Err((start, 0x01));
        }
        let all = self.rows.iter().enumerate().map(|(i, row)| (i + 1, row));
        Ok(all.filter(|(handle, _)| (start..=end).contains(handle)).collect())
    }

    fn answer(&mut self, request: &Request<'_>, mtu: usize) -> Answer {
        let joined = match *request {
            Request::FindInformation { start, end } => {
                return self.find_information(start, end, mtu);
            }
            Request::FindByTypeValue { start, end, attribute_type, value } => {
                return self.find_by_type_value(
                    start,
                    end,
                    Uuid::new_16(attribute_type),
                    value,
                    mtu,
                );
            }
            Request::ReadByGroupType { start, end, group_type } => {
                return self.read_by_group_type(start, end, group_type, mtu);
            }
            Request::ReadByType { start, end, attribute_type } => {
                return self.read_by_type(start, end, attribute_type, mtu);
            }
            Request::Write { handle, value } => return self.write(handle, value),
            Request::Read { handle } => [&[0x0b], &self.read(handle.into())?[..]].concat(),
            Request::ReadBlob { handle, offset } => {
                let value = self.read(handle.into())?;
                let part = value.get(usize::from(offset)..).ok_or((handle.into(), 0x07))?;
                [&[0x0d], part].concat()
            }
            Request::ReadMultiple { handles } => {
                let values: Result<Vec<_>, _> =
                    handles.iter().map(|handle| self.read(handle.into())).collect();
                [&[0x0f], &values?.concat()[..]].concat()
            }
            Request::ExchangeMtu { .. }
            | Request::ReadMultipleVariable { .. }
            | Request::PrepareWrite { .. }
            | Request::ExecuteWrite { .. } => panic!("not generated"),
        };
        Ok(joined.into_iter().take(mtu).collect())
    }

    fn find_information(&self, start: u16, end: u16, mtu: usize) -> Answer {
        let rows = self.range(start, end)?;
        let len = rows.first().map_or(2, |(_, row)| row.uuid.len());
        let same = rows.iter().take_while(|(_, row)| row.uuid.len() == len);
        let list = same.map(|(h, row)| [&le(*h), &row.uuid[..]].concat());
        found(fit(list, mtu - 2), start, &[5, if len == 2 { 1 } else { 2 }])
    }

    fn find_by_type_value(
        &self,
        start: u16,
        end: u16,
        uuid: Uuid,
        value: &[u8],
        mtu: usize,
    ) -> Answer {
        let rows = self.range(start, end)?.into_iter();
        let rows = rows.filter(|(handle, row)| {
            row.is(uuid) && *handle != APP && matches!(&row.value, Value::Is(own) if own == value)
        });
        let list = rows.map(|(h, row)| [le(h), le(row.group_end)].concat());
        found(fit(list, mtu - 1), start, &[7])
    }

    fn read_by_group_type(&self, start: u16, end: u16, uuid: Uuid, mtu: usize) -> Answer {
        let rows = self.range(start, end)?;
        if uuid != Uuid::new_16(0x2800) && uuid != Uuid::new_16(0x2801) {
            return Err((start.into(), 0x10));
        }
        let rows = rows.into_iter().filter(|(_, row)| row.is(uuid));
        let list =
            rows.map(|(h, row)| [&le(h), &le(row.group_end), &self.read(h).unwrap()[..]].concat());
        let list = uniform(list.collect());
        let len = list.first().map_or(0, Vec::len);
        found(fit(list.into_iter(), mtu - 2), start, &[0x11, len as u8])
    }

    fn read_by_type(&self, start: u16, end: u16, uuid: Uuid, mtu: usize) -> Answer {
        let rows = self.range(start, end)?.into_iter();
        let mut list = vec![];
        for (handle, _) in rows.filter(|(_, row)| row.is(uuid)) {
            match self.read(handle) {
                Ok(mut value) => {
                    value.truncate(mtu - 4);
                    list.push([&le(handle), &value[..]].concat());
                }
                Err(error) if list.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        let list = uniform(list);
        let len = list.first().map_or(0, Vec::len);
        found(fit(list.into_iter(), mtu - 2), start, &[9, len as u8])
    }

    /// Only the store and the application's value are written.
    fn write(&mut self, handle: u16, value: &[u8]) -> Answer {
        let handle = usize::from(handle);
        if handle == STORE && value.len() > LIMIT {
            return Err((handle, 0x0d));
        }
        if handle == STORE {
            self.rows[STORE - 1].value = Value::Is(value.into());
            self.changed |= !self.parts.is_empty();
        }
        Ok(vec![0x13])
    }
}

fn le(handle: usize) -> [u8; 2] {
    (handle as u16).to_le_bytes()
}

/// A list with its header, or Attribute Not Found.
fn found(list: Vec<u8>, start: u16, header: &[u8]) -> Answer {
    if list.is_empty() { Err((start.into(), 0x0a)) } else { Ok([header, &list].concat()) }
}

/// Returns as many whole rows as fit.
fn fit(rows: impl Iterator<Item = Vec<u8>>, room: usize) -> Vec<u8> {
    rows.scan(room, |left, row| {
        *left = left.checked_sub(row.len())?;
        Some(row)
    })
    .flatten()
    .collect()
}

/// Returns the leading rows that are as long as the first one.
fn uniform(mut rows: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let len = rows.first().map_or(0, Vec::len);
    let count = rows.iter().take_while(|row| row.len() == len).count();
    rows.truncate(count);
    rows
}

/// One request as a PDU.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let handle = || prop_oneof![8 => 0u16..44, 2 => Just(STORE as u16), 1 => Just(0xffff)];
    let types = [
        0x2800, 0x2801, 0x2802, 0x2803, 0x2900, 0x2901, 0x2902, 0x2a00, 0x2a05, 0x2a19, 0x2b2a,
        0xff02, 0xff03, 0xff04, 0x1234,
    ];
    let value = prop_oneof![
        select(vec![hex!("0f18").to_vec(), hex!("0000").to_vec(), b"unit".to_vec()]),
        select(vec![hex!("12 1400 192a").to_vec(), vec![0xb1; 16], b"secret".to_vec()]),
    ];
    (
        0..8u8,
        handle(),
        handle(),
        select(types.to_vec()),
        value,
        proptest::collection::vec(any::<u8>(), 0..42),
    )
        .prop_map(|(kind, start, end, uuid, value, written)| {
            let mut buffer = [0; 100];
            let mut w = Writer::new(&mut buffer);
            let attribute_type = Uuid::new_16(uuid);
            let handles = [start.into(), end.into()];
            let handles = bindrune_att::pdu::Handles::new(&handles).unwrap();
            let target = [STORE as u16, 23][usize::from(start % 2)];
            let request = match kind {
                0 => Request::FindInformation { start, end },
                1 => Request::FindByTypeValue { start, end, attribute_type: uuid, value: &value },
                2 => Request::ReadByGroupType { start, end, group_type: attribute_type },
                3 => Request::ReadByType { start, end, attribute_type },
                4 => Request::Read { handle: start },
                5 => Request::ReadBlob { handle: start, offset: end % 12 },
                6 => Request::ReadMultiple { handles },
                _ => Request::Write { handle: target, value: &written },
            };
            request.write(&mut w).unwrap();
            w.written().to_vec()
        })
}

proptest! {
    #[test]
    fn the_server_answers_as_the_model_does(
        requests in proptest::collection::vec((request(), 23usize..120), 1..30)
    ) {
        let mut world = World::new();
        let mut model = Model { rows: rows(&world), parts: vec![], changed: false };
        for (pdu, mtu) in requests {
            let request = Request::parse(&pdu).unwrap();
            world.mtu = mtu;
            let expected = model.answer(&request, mtu).unwrap_or_else(|(handle, code)| {
                [&[1, pdu[0]], &le(handle)[..], &[code]].concat()
            });
            let answer = world.asks(&pdu);
            if !model.may_answer(&request, &answer, mtu) {
                prop_assert_eq!(&answer, &expected, "{:?} at MTU {}", request, mtu);
            }
            model.answered(&request, &answer, mtu);
        }
    }

    #[test]
    fn any_octets_are_answered(data: Vec<u8>) {
        fuzz::server(&data);
    }

    #[test]
    fn any_requests_are_answered(
        parts in proptest::collection::vec((any::<u8>(), opcode(), 0u8..44, any::<[u8; 6]>()), 0..40)
    ) {
        let pdus = parts.iter().flat_map(|(choice, opcode, handle, rest)| {
            let len = 3 + usize::from(choice % 7);
            let rest = &rest[..len - 3];
            [&[*choice, len as u8, *opcode, *handle, 0][..], rest].concat()
        });
        fuzz::server(&pdus.collect::<Vec<_>>());
    }
}

fn opcode() -> impl Strategy<Value = u8> {
    select(vec![0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x16, 0x18, 0x20, 0x52])
}
