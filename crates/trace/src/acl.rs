//! ACL data: links, buffers of the controller, and L2CAP PDUs out of fragments. [Vol 4] Part E, 5.4.2

use bindrune_hci::{
    acl::{AclHeader, Boundary},
    h4::Direction,
};

use crate::{
    decoder::{Decoder, length},
    entry::{Entry, Layer},
    l2cap,
    link::Kind,
    words,
};

const FORMAT: &str = "Vol 4, Part E, 5.4.2";
const FRAGMENTS: &str = "Vol 3, Part A, 7.2.1";

/// Octets of the basic header of a PDU.
const HEADER: usize = 4;

/// The PDU that one end has begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partial {
    octets: Vec<u8>,
}

/// What a fragment completes.
enum Outcome {
    Whole(Vec<u8>),
    /// Octets so far, and of the whole PDU if its header is there.
    Fragment(usize, Option<usize>),
    Lost,
}

impl Partial {
    fn push(&mut self, entry: &mut Entry, boundary: Boundary, payload: &[u8]) -> Outcome {
        if boundary.is_first() {
            if !self.octets.is_empty() {
                let text = format!(
                    "a PDU begins, but {} of the last one are missing",
                    words::bytes(self.missing())
                );
                entry.violate(FRAGMENTS, text);
            }
            self.octets.clear();
        } else if self.octets.is_empty() {
            entry.violate(FRAGMENTS, "a fragment continues no PDU");
            return Outcome::Lost;
        }
        self.octets.extend_from_slice(payload);
        let have = self.octets.len();
        match self.whole() {
            Some(whole) if have == whole => Outcome::Whole(core::mem::take(&mut self.octets)),
            Some(whole) if have > whole => {
                let excess = have.saturating_sub(whole);
                entry.violate(
                    FRAGMENTS,
                    format!("the fragments are {} longer than the PDU", words::bytes(excess)),
                );
                self.octets.clear();
                Outcome::Lost
            }
            whole => Outcome::Fragment(have, whole),
        }
    }

    /// Returns the length of the whole PDU, if its header is there.
    fn whole(&self) -> Option<usize> {
        let len = u16::from_le_bytes(*self.octets.first_chunk()?);
        Some(usize::from(len).saturating_add(HEADER))
    }

    fn missing(&self) -> usize {
        self.whole().unwrap_or(HEADER).saturating_sub(self.octets.len())
    }
}

impl Decoder {
    pub(crate) fn acl(&mut self, entry: &mut Entry, body: &[u8]) {
        let Some((&head, payload)) = body.split_first_chunk() else {
            entry.enter(Layer::Acl, "ACL data, cut");
            entry.put("octets", body);
            entry.violate(FORMAT, "the packet ends inside its header");
            return;
        };
        entry.enter(Layer::Acl, format!("ACL data, {}", words::bytes(payload.len())));
        let Ok(header) = AclHeader::parse(head) else {
            let [low, high, ..] = head;
            let handle = u16::from_le_bytes([low, high]) & 0x0fff;
            entry.put("handle", handle);
            entry.put("data", payload);
            entry.violate("Vol 4, Part E, 5.3.1", format!("handle 0x{handle:03x} is reserved"));
            return;
        };
        let handle = header.handle.get();
        entry.handle = Some(handle);
        entry.put("handle", handle);
        entry.put("boundary", boundary(header.boundary));
        if usize::from(header.len) != payload.len() {
            entry.violate(FORMAT, length(header.len.into(), payload.len()));
        }
        if !self.links.contains_key(&handle) && self.controller.was_reset {
            entry.violate(FORMAT, format!("handle 0x{handle:03x} has no connection"));
        }
        self.count(entry, handle, payload.len());
        self.reassemble(entry, header, payload);
    }

    fn reassemble(&mut self, entry: &mut Entry, header: AclHeader, payload: &[u8]) {
        let link = self.link(header.handle.get());
        entry.peer.clone_from(&link.peer);
        match link.partial.of(entry.direction).push(entry, header.boundary, payload) {
            Outcome::Whole(pdu) => {
                let mut names = core::mem::take(&mut self.names);
                let mut unanswered = core::mem::take(&mut self.unanswered);
                let link = self.link(header.handle.get());
                l2cap::pdu(link, (&mut names, &mut unanswered), entry, &pdu);
                (self.names, self.unanswered) = (names, unanswered);
            }
            Outcome::Fragment(have, whole) => {
                let of = whole.map_or_else(String::new, |whole| format!(" of {whole}"));
                entry.enter(Layer::Acl, format!("fragment, {have}{of} bytes so far"));
                entry.put("data", payload);
            }
            Outcome::Lost => entry.put("data", payload),
        }
    }

    /// Counts a packet against the buffers of the controller. [Vol 4] Part E, 4.1.1
    fn count(&mut self, entry: &mut Entry, handle: u16, len: usize) {
        if entry.direction == Direction::ToHost {
            return;
        }
        let link = self.link(handle);
        link.outstanding = link.outstanding.saturating_add(1);
        let kind = link.kind;
        let own = self.controller.le.filter(|&(_, count)| count > 0 && kind == Some(Kind::Le));
        let shares = self.controller.le.is_none_or(|(_, count)| count == 0);
        let Some((most, count)) = own.or(self.controller.classic) else { return };
        let outstanding = match (kind, shares) {
            (None, _) => return,
            (Some(_), true) => self.outstanding(None),
            (Some(kind), false) => self.outstanding(Some(kind)),
        };
        if len > usize::from(most) {
            entry.violate(
                "Vol 4, Part E, 4.1.1",
                format!("{}, but the controller takes {most}", words::bytes(len)),
            );
        }
        if outstanding > u32::from(count) {
            let text = format!("{outstanding} packets for the {count} buffers of the controller");
            entry.violate("Vol 4, Part E, 4.1.1", text);
        }
    }
}

const fn boundary(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::FirstNonFlushable => "first_non_flushable",
        Boundary::Continuing => "continuing",
        Boundary::FirstFlushable => "first_flushable",
        Boundary::Complete => "complete",
    }
}
