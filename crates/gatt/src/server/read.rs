//! Values: those that can be read immediately, and those that the application holds. [Vol 3] Part
//! F, 3.4.4

use bindrune_att::{ErrorCode, MAX_VALUE, pdu::Handles};
use bindrune_wire::{Packet, Uuid};

use super::{
    AskKind, Failure, Peer, Server,
    discover::check_range,
    request::{Step, is_app_held},
};
use crate::{
    table::{Attribute, BuiltIn, DECLARATION_ROOM, Entry, Holder},
    value::Region,
};

/// Octets in front of each collected value: its whole length.
const COLLECTED_HEADER: usize = 2;

impl Server {
    pub(super) fn read_step(&self, peer: &Peer, handle: u16, offset: u16) -> Result<Step, Failure> {
        let entry = self.entry(handle)?;
        readable(peer, &entry)?;
        Ok(if is_app_held(&entry) {
            Step::Ask { kind: AskKind::Read { offset }, entry, index: 0 }
        } else {
            Step::Done
        })
    }

    /// Asks the application for the first match, if it holds that value.
    pub(super) fn by_type_step(
        &self,
        peer: &Peer,
        (start, end): (u16, u16),
        attribute_type: Uuid,
    ) -> Result<Step, Failure> {
        check_range(start, end)?;
        let mut matches = self.table.range(start, end);
        let Some(entry) = matches.find(|e| e.attribute.uuid() == attribute_type) else {
            return Ok(Step::Done);
        };
        self.read_step(peer, entry.handle, 0)
    }

    /// Checks all handles before asking the application for the first value.
    pub(super) fn multiple_step(&self, peer: &Peer, handles: Handles<'_>) -> Result<Step, Failure> {
        for handle in handles.iter() {
            readable(peer, &self.entry(handle)?)?;
        }
        self.ask_from(handles, 0)
    }

    /// Keeps one of the values of a Read Multiple, and asks for the next one.
    pub(super) fn collect(
        &self,
        handles: Handles<'_>,
        index: usize,
        value: &[u8],
        collected: Option<&mut Packet>,
    ) -> Result<Step, Failure> {
        let handle = handles.iter().nth(index).unwrap_or_default();
        let full = Failure::new(handle, ErrorCode::INSUFFICIENT_RESOURCES);
        let packet = collected.ok_or(full)?;
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        let len = u16::try_from(value.len()).unwrap_or_default();
        let kept = value.len().min(packet.room().saturating_sub(COLLECTED_HEADER));
        if !packet.extend(&len.to_le_bytes()) || !packet.extend(value.get(..kept).unwrap_or(value))
        {
            return Err(full);
        }
        if packet.room() < COLLECTED_HEADER {
            return Ok(Step::Done);
        }
        self.ask_from(handles, index.saturating_add(1))
    }

    fn ask_from(&self, handles: Handles<'_>, first: usize) -> Result<Step, Failure> {
        for (index, handle) in handles.iter().enumerate().skip(first) {
            let entry = self.entry(handle)?;
            if is_app_held(&entry) {
                return Ok(Step::Ask { kind: AskKind::Read { offset: 0 }, entry, index });
            }
        }
        Ok(Step::Done)
    }

    /// Returns the value of an attribute for this peer; `None` if the application holds it.
    pub(super) fn value_for<'a>(
        &'a self,
        peer: &'a Peer,
        entry: &Entry,
        buffer: &'a mut [u8; DECLARATION_ROOM],
    ) -> Option<&'a [u8]> {
        if let Attribute::Cccd(_) = entry.attribute {
            return Some(peer.cccd(entry.at.cccds).octets());
        }
        let Some(content) = entry.attribute.content() else {
            return Some(self.table.declaration(entry, buffer));
        };
        match content.holder {
            Holder::App => None,
            Holder::Host(_) | Holder::Append => {
                let value = Region::of(entry).map(|region| self.values.get(region));
                value.map(|value| value.get(..MAX_VALUE).unwrap_or(value))
            }
            Holder::Server(BuiltIn::ClientSupportedFeatures) => {
                Some(core::slice::from_ref(&peer.features))
            }
            Holder::Server(part) => Some(self.built_in(part)),
        }
    }
}

/// Checks whether the link may read an attribute, with the security at the time of the request.
pub(super) fn readable(peer: &Peer, entry: &Entry) -> Result<(), Failure> {
    peer.security.may_read(entry).map_err(|code| Failure::new(entry.handle, code))
}
