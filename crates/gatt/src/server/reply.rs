//! The reply to a request, built when the host pulls it.

use bindrune_att::{ErrorCode, ErrorResponse, MAX_VALUE, MIN_MTU, Opcode, Request, pdu::Handles};
use bindrune_wire::{Reader, Uuid, Writer};

use super::{Failure, Peer, Server, peer::Pending, read::readable};
use crate::{
    capability::{CACHING, LONG},
    table::{DECLARATION_ROOM, built_in},
    value::Region,
};

impl Server {
    /// Writes the pending reply. Returns false, and changes nothing, if none is pending or the application has not
    /// answered yet.
    ///
    /// `value` is the application's whole value if it answered with one, the collected octets for a Read Multiple,
    /// and otherwise empty. `w` must be limited to the MTU.
    pub fn poll_reply(
        &self,
        peer: &mut Peer,
        request: &Request<'_>,
        value: &[u8],
        w: &mut Writer<'_>,
    ) -> bool {
        if w.room() < usize::from(MIN_MTU) {
            return false;
        }
        let start = w.len();
        let written = match peer.pending {
            Pending::Nothing | Pending::Answer { .. } => return false,
            Pending::Error(failure) => Err(failure),
            Pending::Response => self.write_response(peer, request, value, w),
        };
        match written {
            Ok(()) if CACHING && reads_hash(request) => peer.hash_sent(),
            Ok(()) => {}
            Err(Failure { handle, code }) => {
                w.truncate(start);
                let error = ErrorResponse { request: request.opcode(), handle, code };
                if error.write(w).is_err() {
                    return false;
                }
            }
        }
        peer.pending = Pending::Nothing;
        true
    }

    fn write_response(
        &self,
        peer: &mut Peer,
        request: &Request<'_>,
        value: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        match *request {
            Request::FindInformation { start, end } => self.find_information((start, end), w),
            Request::FindByTypeValue { start, end, attribute_type, value } => {
                let uuid = Uuid::new_16(attribute_type);
                self.find_by_type_value(peer, (start, end), uuid, value, w)
            }
            Request::ReadByType { start, end, attribute_type } => {
                self.read_by_type(peer, (start, end), attribute_type, value, w)
            }
            Request::ReadByGroupType { start, end, group_type } => {
                self.read_by_group_type((start, end), group_type, w)
            }
            Request::Read { handle } => {
                put(w, &[Opcode::READ_RSP.0]);
                self.read_value(peer, (handle, 0), value, w)
            }
            Request::ReadBlob { handle, offset } => {
                put(w, &[Opcode::READ_BLOB_RSP.0]);
                self.read_value(peer, (handle, offset), value, w)
            }
            Request::ReadMultiple { handles } if LONG => {
                put(w, &[Opcode::READ_MULTIPLE_RSP.0]);
                self.read_multiple(peer, handles, value, false, w)
            }
            Request::ReadMultipleVariable { handles } if LONG => {
                put(w, &[Opcode::READ_MULTIPLE_VARIABLE_RSP.0]);
                self.read_multiple(peer, handles, value, true, w)
            }
            Request::PrepareWrite { handle, offset, value } if LONG => {
                put(w, &[Opcode::PREPARE_WRITE_RSP.0]);
                put(w, &handle.to_le_bytes());
                put(w, &offset.to_le_bytes());
                put(w, value);
                Ok(())
            }
            Request::Write { .. } => {
                put(w, &[Opcode::WRITE_RSP.0]);
                Ok(())
            }
            Request::ExecuteWrite { .. } if LONG => {
                put(w, &[Opcode::EXECUTE_WRITE_RSP.0]);
                Ok(())
            }
            // The bearer answers Exchange MTU.
            Request::ExchangeMtu { .. }
            | Request::ReadMultiple { .. }
            | Request::ReadMultipleVariable { .. }
            | Request::PrepareWrite { .. }
            | Request::ExecuteWrite { .. } => {
                Err(Failure::new(0, ErrorCode::REQUEST_NOT_SUPPORTED))
            }
        }
    }

    /// [Vol 3] Part F, 3.4.4.3 and 3.4.4.5
    fn read_value(
        &self,
        peer: &mut Peer,
        (handle, offset): (u16, u16),
        app_value: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        let entry = self.entry(handle)?;
        readable(peer, &entry)?;
        if let Some(region) = Region::of(&entry) {
            return self.read_held(peer, (handle, offset), self.values.get(region), w);
        }
        let mut buffer = [0; DECLARATION_ROOM];
        let value = self.value_for(peer, &entry, &mut buffer).unwrap_or(app_value);
        put(w, part_of(value, (handle, offset))?);
        Ok(())
    }

    /// Writes a part of a host-held value, consistent with the first part.
    fn read_held(
        &self,
        peer: &mut Peer,
        (handle, offset): (u16, u16),
        current: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        let (extent, changes) = (self.table.extent(), self.values.changes());
        let current = current.get(..MAX_VALUE).unwrap_or(current);
        let value = match offset {
            0 => current,
            _ => peer.value_to_continue(extent, handle, current, changes)?,
        };
        let part = part_of(value, (handle, offset))?;
        // A response that is exactly full makes the client request more.
        let rest = part.len() >= w.room();
        put(w, part);
        peer.part_sent(extent, (handle, offset), current, changes, rest);
        Ok(())
    }

    /// Writes the values one after another, each preceded by its whole length if lengths vary; cuts the list at the
    /// end of the PDU. [Vol 3] Part F, 3.4.4.7 and 3.4.4.11
    fn read_multiple(
        &self,
        peer: &mut Peer,
        handles: Handles<'_>,
        collected: &[u8],
        variable: bool,
        w: &mut Writer<'_>,
    ) -> Result<(), Failure> {
        let mut collected = Reader::new(collected);
        for handle in handles.iter() {
            let entry = self.entry(handle)?;
            readable(peer, &entry)?;
            let mut buffer = [0; DECLARATION_ROOM];
            let (len, value) = match self.value_for(peer, &entry, &mut buffer) {
                Some(value) => (value.len(), value),
                None if w.room() == 0 => continue,
                None => next_collected(&mut collected)
                    .ok_or(Failure::new(handle, ErrorCode::INSUFFICIENT_RESOURCES))?,
            };
            if variable && w.u16(u16::try_from(len).unwrap_or_default()).is_err() {
                break;
            }
            let cut = (1..=value.len()).contains(&w.room()) && Region::of(&entry).is_some();
            put(w, value);
            if cut {
                peer.cut_sent(handle, self.values.changes());
            }
        }
        Ok(())
    }
}

/// Returns the part of a value from an offset on.
fn part_of(value: &[u8], (handle, offset): (u16, u16)) -> Result<&[u8], Failure> {
    let value = value.get(..MAX_VALUE).unwrap_or(value);
    value.get(offset.into()..).ok_or(Failure::new(handle, ErrorCode::INVALID_OFFSET))
}

/// Appends as much as fits.
fn put(w: &mut Writer<'_>, octets: &[u8]) {
    let fitting = octets.get(..w.room()).unwrap_or(octets);
    // The length was computed from the room, so this cannot fail.
    let _ = w.bytes(fitting);
}

/// Returns the next collected value: its whole length, and as much of it as was kept.
fn next_collected<'a>(collected: &mut Reader<'a>) -> Option<(usize, &'a [u8])> {
    let len = usize::from(collected.u16().ok()?);
    let value = collected.bytes(len.min(collected.remaining())).ok()?;
    Some((len, value))
}

fn reads_hash(request: &Request<'_>) -> bool {
    let hash = built_in::DATABASE_HASH.uuid();
    matches!(*request, Request::ReadByType { attribute_type, .. } if attribute_type == hash)
}
