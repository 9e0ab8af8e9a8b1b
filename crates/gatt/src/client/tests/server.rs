//! A small conforming server, which answers from a list.

use std::vec::Vec;

use bindrune_att::{ErrorCode, ErrorResponse, Opcode, Request};
use bindrune_wire::{Uuid, Writer};

pub(super) struct Attribute {
    pub(super) handle: u16,
    pub(super) uuid: Uuid,
    pub(super) value: Vec<u8>,
    /// Last handle of its group.
    pub(super) end: u16,
}

#[derive(Default)]
pub(super) struct Server {
    pub(super) attributes: Vec<Attribute>,
    queue: Vec<(u16, u16, Vec<u8>)>,
}

type Answer = Result<Vec<u8>, (u16, ErrorCode)>;

impl Server {
    pub(super) fn add(&mut self, handle: u16, uuid: Uuid, value: &[u8]) {
        self.attributes.push(Attribute { handle, uuid, value: value.to_vec(), end: handle });
    }

    pub(super) fn value(&self, handle: u16) -> &[u8] {
        &self.attributes.iter().find(|a| a.handle == handle).unwrap().value
    }

    pub(super) fn answer(&mut self, pdu: &[u8], mtu: u16) -> Vec<u8> {
        let mtu = usize::from(mtu);
        let request = Request::parse(pdu).unwrap();
        let answer = match request {
            Request::FindInformation { start, end } => self.find_information(start, end, mtu),
            Request::FindByTypeValue { start, end, attribute_type, value } => {
                let uuid = Uuid::new_16(attribute_type);
                let rows = self.rows(start, end, uuid).filter(|a| a.value == value);
                let rows = rows.map(|a| [a.handle.to_le_bytes(), a.end.to_le_bytes()].concat());
                list(&[7], rows, start, mtu)
            }
            Request::ReadByType { start, end, attribute_type } => {
                let rows = self.rows(start, end, attribute_type).map(|a| {
                    let fits = a.value.len().min(mtu - 4).min(253);
                    [&a.handle.to_le_bytes()[..], &a.value[..fits]].concat()
                });
                rows_of_one_length(9, rows, start, mtu)
            }
            Request::ReadByGroupType { start, end, group_type } => {
                let rows = self.rows(start, end, group_type).map(|a| {
                    [&a.handle.to_le_bytes()[..], &a.end.to_le_bytes(), &a.value].concat()
                });
                rows_of_one_length(17, rows, start, mtu)
            }
            Request::Read { handle } => self.read(11, handle, 0, mtu),
            Request::ReadBlob { handle, offset } => self.read(13, handle, offset.into(), mtu),
            Request::Write { handle, value } => self.write(handle, value).map(|()| [19].to_vec()),
            Request::PrepareWrite { handle, offset, value } => {
                self.queue.push((handle, offset, value.to_vec()));
                Ok([&[0x17], &pdu[1..]].concat())
            }
            Request::ExecuteWrite { write } => self.execute(write).map(|()| [25].to_vec()),
            Request::ExchangeMtu { .. }
            | Request::ReadMultiple { .. }
            | Request::ReadMultipleVariable { .. } => Err((0, ErrorCode::REQUEST_NOT_SUPPORTED)),
        };
        answer.unwrap_or_else(|(handle, code)| error(request.opcode(), handle, code))
    }

    fn rows(&self, start: u16, end: u16, uuid: Uuid) -> impl Iterator<Item = &Attribute> {
        let range = start..=end;
        self.attributes.iter().filter(move |a| range.contains(&a.handle) && a.uuid == uuid)
    }

    fn find_information(&self, start: u16, end: u16, mtu: usize) -> Answer {
        let mut rows =
            self.attributes.iter().filter(|a| (start..=end).contains(&a.handle)).peekable();
        let length = rows.peek().map_or(0, |a| a.uuid.att_len());
        let rows = rows.take_while(|a| a.uuid.att_len() == length).map(|a| {
            let mut octets = [0; 16];
            let mut w = Writer::new(&mut octets);
            a.uuid.write_att(&mut w).unwrap();
            [&a.handle.to_le_bytes(), w.written()].concat()
        });
        list(&[5, if length == 2 { 1 } else { 2 }], rows, start, mtu)
    }

    fn read(&self, opcode: u8, handle: u16, offset: usize, mtu: usize) -> Answer {
        let found = self.attributes.iter().find(|a| a.handle == handle);
        let value = &found.ok_or((handle, ErrorCode::INVALID_HANDLE))?.value;
        let rest = value.get(offset..).ok_or((handle, ErrorCode::INVALID_OFFSET))?;
        Ok([&[opcode], &rest[..rest.len().min(mtu - 1)]].concat())
    }

    fn write(&mut self, handle: u16, value: &[u8]) -> Result<(), (u16, ErrorCode)> {
        let found = self.attributes.iter_mut().find(|a| a.handle == handle);
        found.ok_or((handle, ErrorCode::INVALID_HANDLE))?.value = value.to_vec();
        Ok(())
    }

    fn execute(&mut self, write: bool) -> Result<(), (u16, ErrorCode)> {
        for (handle, offset, part) in std::mem::take(&mut self.queue) {
            if write {
                let mut value = self.value(handle).to_vec();
                value.truncate(offset.into());
                value.extend(part);
                self.write(handle, &value)?;
            }
        }
        Ok(())
    }
}

fn error(request: Opcode, handle: u16, code: ErrorCode) -> Vec<u8> {
    let mut octets = [0; 5];
    ErrorResponse { request, handle, code }.write(&mut Writer::new(&mut octets)).unwrap();
    octets.to_vec()
}

fn rows_of_one_length(
    opcode: u8,
    rows: impl Iterator<Item = Vec<u8>>,
    start: u16,
    mtu: usize,
) -> Answer {
    let mut rows = rows.peekable();
    let length = rows.peek().map_or(0, Vec::len);
    list(&[opcode, length as u8], rows.take_while(|row| row.len() == length), start, mtu)
}

fn list(head: &[u8], rows: impl Iterator<Item = Vec<u8>>, start: u16, mtu: usize) -> Answer {
    let mut pdu = head.to_vec();
    for row in rows {
        if pdu.len() + row.len() > mtu {
            break;
        }
        pdu.extend(row);
    }
    if pdu.len() == head.len() { Err((start, ErrorCode::ATTRIBUTE_NOT_FOUND)) } else { Ok(pdu) }
}
