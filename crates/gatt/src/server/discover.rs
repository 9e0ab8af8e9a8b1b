//! Responses that list attributes of a range. [Vol 3] Part F, 3.4.3 and 3.4.4

use bindrune_att::{ErrorCode, Opcode};
use bindrune_wire::{NoRoom, Uuid, Writer};

use super::{Failure, Peer, Server, read::readable};
use crate::{
    table::{Attribute, DECLARATION_ROOM, Entry, PRIMARY_SERVICE, SECONDARY_SERVICE},
    value::Region,
};

/// The longest value in a list whose rows have one octet of length and two octets of handle.
const MAX_ROW_VALUE: usize = 253;

impl Server {
    /// Lists handles and types, all in one format. [Vol 3] Part F, 3.4.3.1
    pub(super) fn find_information(
        &self,
        (start, end): (u16, u16),
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        check_range(start, end)?;
        let mut form = None;
        for entry in self.table.range(start, end) {
            let uuid = entry.attribute.uuid();
            let len = uuid.att_len();
            if form.is_some_and(|form| form != len) {
                break;
            }
            let header = (Opcode::FIND_INFORMATION_RSP, if len == 2 { 1 } else { 2 });
            let (row, used) = uuid_row(&[entry.handle], uuid);
            let row = row.get(..used).unwrap_or_default();
            if write_row(w, form.is_none().then_some(header), row, &[]).is_err() {
                break;
            }
            form = Some(len);
        }
        form.map(drop).ok_or(not_found(start))
    }

    /// Lists attributes with this type and value, with the end of each group. [Vol 3] Part F, 3.4.3.3
    pub(super) fn find_by_type_value(
        &self,
        peer: &Peer,
        (start, end): (u16, u16),
        attribute_type: Uuid,
        value: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        check_range(start, end)?;
        let mut first = true;
        for entry in self.table.range(start, end) {
            if entry.attribute.uuid() != attribute_type || !self.has_value(peer, &entry, value) {
                continue;
            }
            let start = w.len();
            let header = if first { w.u8(Opcode::FIND_BY_TYPE_VALUE_RSP.0) } else { Ok(()) };
            let row = header.and_then(|()| w.u16(entry.handle));
            if row.and_then(|()| w.u16(entry.group_end())).is_err() {
                w.truncate(start);
                break;
            }
            first = false;
        }
        if first { Err(not_found(start)) } else { Ok(()) }
    }

    /// Lists services of one kind with UUIDs of one length. [Vol 3] Part F, 3.4.4.9
    pub(super) fn read_by_group_type(
        &self,
        (start, end): (u16, u16),
        group_type: Uuid,
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        check_range(start, end)?;
        if group_type != PRIMARY_SERVICE && group_type != SECONDARY_SERVICE {
            return Err(Failure::new(start, ErrorCode::UNSUPPORTED_GROUP_TYPE));
        }
        let mut form = None;
        for (service, first, last) in self.table.services() {
            let of_kind = service.is_primary() == (group_type == PRIMARY_SERVICE);
            if !of_kind || first < start || first > end {
                continue;
            }
            let len = service.uuid().att_len();
            if form.is_some_and(|form| form != len) {
                break;
            }
            let header = (Opcode::READ_BY_GROUP_TYPE_RSP, if len == 2 { 6 } else { 20 });
            let (row, used) = uuid_row(&[first, last], service.uuid());
            let row = row.get(..used).unwrap_or_default();
            if write_row(w, form.is_none().then_some(header), row, &[]).is_err() {
                break;
            }
            form = Some(len);
        }
        form.map(drop).ok_or(not_found(start))
    }

    /// Lists values of one type, all of one length. If the application holds the first match, the list has only that.
    /// A later match that cannot be read immediately ends the list. [Vol 3] Part F, 3.4.4.1
    pub(super) fn read_by_type(
        &self,
        peer: &mut Peer,
        (start, end): (u16, u16),
        attribute_type: Uuid,
        app_value: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        check_range(start, end)?;
        let room = w.room().saturating_sub(4).min(MAX_ROW_VALUE);
        let (mut length, mut cut) = (None, None);
        for entry in self.table.range(start, end) {
            if entry.attribute.uuid() != attribute_type {
                continue;
            }
            let mut buffer = [0; DECLARATION_ROOM];
            let value = match (readable(peer, &entry), length) {
                (Ok(()), _) => self.value_for(peer, &entry, &mut buffer),
                (Err(failure), None) => return Err(failure),
                (Err(_), Some(_)) => None,
            };
            let value = match (value, length) {
                (Some(value), _) => value,
                (None, None) => app_value,
                (None, Some(_)) => break,
            };
            let value = value.get(..room).unwrap_or(value);
            if length.is_some_and(|length| length != value.len()) {
                break;
            }
            let row_len = u8::try_from(value.len().saturating_add(2)).unwrap_or(u8::MAX);
            let header = (Opcode::READ_BY_TYPE_RSP, row_len);
            let handle = entry.handle.to_le_bytes();
            if write_row(w, length.is_none().then_some(header), &handle, value).is_err() {
                break;
            }
            length = Some(value.len());
            if value.len() >= room && Region::of(&entry).is_some() {
                cut = Some(entry.handle);
            }
            if super::request::is_app_held(&entry) {
                break;
            }
        }
        if let Some(handle) = cut {
            peer.cut_sent(handle, self.values.changes());
        }
        length.map(drop).ok_or(not_found(start))
    }

    /// Returns whether an attribute can be read immediately and has this value.
    fn has_value(&self, peer: &Peer, entry: &Entry, value: &[u8]) -> bool {
        if let Attribute::Service(service) = entry.attribute {
            let is_uuid = matches!(value.len(), 2 | 16);
            return is_uuid && Uuid::from_le_bytes(value) == Ok(service.uuid());
        }
        let mut buffer = [0; DECLARATION_ROOM];
        readable(peer, entry).is_ok()
            && self.value_for(peer, entry, &mut buffer).is_some_and(|own| own == value)
    }
}

/// Checks that a range does not begin at 0 and is not backwards. [Vol 3] Part F, 3.4.3.1
pub(super) fn check_range(start: u16, end: u16) -> Result<(), Failure> {
    if start == 0 || start > end {
        return Err(Failure::new(start, ErrorCode::INVALID_HANDLE));
    }
    Ok(())
}

const fn not_found(start: u16) -> Failure {
    Failure::new(start, ErrorCode::ATTRIBUTE_NOT_FOUND)
}

/// Returns a row of handles and a UUID, and its length in octets.
#[inline(never)]
fn uuid_row(handles: &[u16], uuid: Uuid) -> ([u8; 20], usize) {
    let mut row = [0; 20];
    let mut w = Writer::new(&mut row);
    // The row has room for two handles and the longest UUID.
    let _fits = handles.iter().try_for_each(|&handle| w.u16(handle));
    let _fits = uuid.write_att(&mut w);
    let used = w.len();
    (row, used)
}

/// Writes one row, in two parts, whole or not at all; writes opcode and format before the first row.
#[inline(never)]
fn write_row(
    w: &mut Writer<'_>,
    header: Option<(Opcode, u8)>,
    first: &[u8],
    rest: &[u8],
) -> Result<(), NoRoom> {
    let header_len = if header.is_some() { 2 } else { 0 };
    if w.room() < first.len().saturating_add(rest.len()).saturating_add(header_len) {
        return Err(NoRoom);
    }
    if let Some((opcode, form)) = header {
        w.bytes(&[opcode.0, form])?;
    }
    w.bytes(first)?;
    w.bytes(rest)
}
