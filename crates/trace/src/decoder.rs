//! The decoder: one packet in, one entry out.

use std::collections::BTreeMap;

use bindrune_hci::h4::{Direction, PacketType};

use crate::{
    att::Names,
    entry::{Entry, Layer},
    hci::Controller,
    link::{Kind, Link},
    question::Unanswered,
    words,
};

/// Links whose state is kept. If a capture has more at once, the one that was silent longest is forgotten.
const MAX_LINKS: usize = 64;

/// Decodes the packets of one capture, in their order.
///
/// Its memory has a bound, whatever the packets are: 64 links, 32 channels each, 1 MiB of unfinished PDUs and SDUs for
/// each link, 64 tables of 4096 attributes, 1000 unanswered requests.
#[derive(Debug, Default)]
pub struct Decoder {
    pub(crate) controller: Controller,
    pub(crate) links: BTreeMap<u16, Link>,
    pub(crate) names: Names,
    pub(crate) unanswered: Unanswered,
    packets: u64,
}

impl Decoder {
    /// Creates a decoder that knows nothing of the links yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one H4 packet, with its indicator. `time` is in microseconds.
    pub fn packet(&mut self, time: Option<u64>, direction: Direction, octets: &[u8]) -> Entry {
        self.packets = self.packets.saturating_add(1);
        let mut entry = Entry::new(time, direction);
        let Some((&indicator, body)) = octets.split_first() else {
            entry.enter(Layer::Capture, "empty packet");
            entry.violate("Vol 4, Part A, 2", "the packet has no indicator");
            return entry;
        };
        match PacketType(indicator) {
            PacketType::COMMAND => self.command(&mut entry, body),
            PacketType::EVENT => self.event(&mut entry, body),
            PacketType::ACL => self.acl(&mut entry, body),
            PacketType::SCO => data(&mut entry, Layer::Sco, body),
            PacketType::ISO => data(&mut entry, Layer::Iso, body),
            _ => {
                entry.enter(Layer::Capture, format!("unknown packet, {}", words::value(octets)));
                entry.put("octets", octets);
                entry.violate(
                    "Vol 4, Part A, 2",
                    format!("no packet begins with 0x{indicator:02x}"),
                );
            }
        }
        entry
    }

    /// Makes an entry of a record that is no packet, such as a message of the capturing system.
    #[must_use]
    pub fn note(&self, time: Option<u64>, text: &str) -> Entry {
        let mut entry = Entry::new(time, Direction::ToHost);
        entry.enter(Layer::Capture, text);
        entry
    }

    /// Returns the requests that have no answer, in the order of their time.
    #[must_use]
    pub fn finish(mut self) -> Vec<Entry> {
        self.controller.end(&mut self.unanswered);
        for link in core::mem::take(&mut self.links).into_values() {
            link.end(&mut self.unanswered);
        }
        self.unanswered.into_entries()
    }

    /// Returns a link; creates it if the capture began after it.
    pub(crate) fn link(&mut self, handle: u16) -> &mut Link {
        if !self.links.contains_key(&handle) {
            self.open(handle, Link::new(None, handle, None));
        }
        let link = self.links.entry(handle).or_default();
        link.used = self.packets;
        link
    }

    /// Opens a link, and forgets an older one with this handle.
    pub(crate) fn open(&mut self, handle: u16, link: Link) {
        self.close(handle);
        if self.links.len() >= MAX_LINKS {
            let silent =
                self.links.iter().min_by_key(|(_, link)| link.used).map(|(&handle, _)| handle);
            silent.into_iter().for_each(|handle| self.close(handle));
        }
        self.links.insert(handle, Link { used: self.packets, ..link });
    }

    /// Ends a link.
    pub(crate) fn close(&mut self, handle: u16) {
        if let Some(link) = self.links.remove(&handle) {
            link.end(&mut self.unanswered);
        }
    }

    /// Returns the number of ACL packets in the controller, of links of this kind or of all.
    pub(crate) fn outstanding(&self, kind: Option<Kind>) -> u32 {
        let links = self.links.values().filter(|link| kind.is_none() || link.kind == kind);
        links.fold(0, |sum, link| sum.saturating_add(link.outstanding))
    }
}

/// Synchronous or isochronous data: handle and length. [Vol 4] Part E, 5.4.3 and 5.4.5
fn data(entry: &mut Entry, layer: Layer, body: &[u8]) {
    let (name, head, mask) =
        if layer == Layer::Iso { ("ISO data", 4, 0x3fff) } else { ("SCO data", 3, 0x00ff) };
    let Some((head, payload)) = body.split_at_checked(head) else {
        entry.enter(layer, format!("{name}, cut"));
        entry.put("octets", body);
        entry.violate("Vol 4, Part E, 5.4", "the packet ends inside its header");
        return;
    };
    let word = |at: usize| {
        let octet = |at| head.get(at).copied().unwrap_or_default();
        u16::from_le_bytes([octet(at), octet(at.saturating_add(1))])
    };
    let handle = word(0) & 0x0fff;
    entry.handle = Some(handle);
    entry.enter(layer, format!("{name}, {}", words::bytes(payload.len())));
    entry.put("handle", handle);
    entry.put("data", payload);
    let len = usize::from(word(2) & mask);
    if len != payload.len() {
        entry.violate("Vol 4, Part E, 5.4", length(len, payload.len()));
    }
}

/// Returns the words for a length field that is wrong.
pub(crate) fn length(field: usize, real: usize) -> String {
    format!("the length field says {}, but {} follow", words::bytes(field), words::bytes(real))
}

#[cfg(test)]
mod tests;
