//! Frames of channels, and the SDUs in them.

use bindrune_l2cap::{Cid, classic::pdu::Mode};

use super::{
    channel::{Channel, Channels, Sdu, Upper, psm_name},
    credit, enhanced,
};
use crate::{att::Names, entry::Entry, question::other, words};

/// Octets of unfinished SDUs of one link.
const MAX_HELD: usize = 768 << 10;

/// A frame with its header's CID.
pub(super) type Frame<'p> = (Cid, &'p [u8]);

impl Channels {
    /// Decodes a frame of a channel with a PSM.
    pub(crate) fn frame(
        &mut self,
        (names, table): (&mut Names, &str),
        is_known: bool,
        entry: &mut Entry,
        (cid, payload): Frame<'_>,
    ) {
        let receiver = other(entry.direction);
        let held: usize = self.list.iter().map(Channel::held).fold(0, usize::saturating_add);
        let Some(channel) = self.list.iter_mut().find(|c| c.ends.get(receiver).cid == cid.0) else {
            entry.put("data", payload);
            if is_known {
                entry.violate("Vol 3, Part A, 2.1", format!("CID 0x{:04x} has no channel", cid.0));
            }
            return;
        };
        entry.put("psm", channel.psm);
        entry.summary = format!("PSM 0x{:04x}{}", channel.psm, psm_name(channel.psm));
        if held > MAX_HELD {
            channel.ends.to(entry.direction).sdu = Sdu::default();
        }
        let sdu = if channel.is_credit {
            credit::frame(channel, entry, payload)
        } else if channel.is_in_frames() {
            enhanced::frame(channel, entry, (cid, payload))
        } else {
            let mtu = usize::from(channel.ends.get(receiver).mtu);
            if payload.len() > mtu {
                let text = format!("an SDU of {} for an MTU of {mtu}", words::bytes(payload.len()));
                entry.violate("Vol 3, Part A, 5.1", text);
            }
            entry.say(", ", &words::value(payload));
            Some(payload.to_vec())
        };
        match sdu {
            Some(sdu) => channel.sdu((names, table), entry, &sdu),
            None => entry.put("data", payload),
        }
    }
}

impl Channel {
    /// Returns the mode that both ends agreed on.
    pub(super) fn mode(&mut self) -> Mode {
        let [host, peer] =
            [bindrune_hci::h4::Direction::ToController, bindrune_hci::h4::Direction::ToHost]
                .map(|end| self.ends.get(end).mode);
        host.or(peer).unwrap_or(Mode::BASIC)
    }

    fn is_in_frames(&mut self) -> bool {
        matches!(self.mode(), Mode::ENHANCED_RETRANSMISSION | Mode::STREAMING)
    }

    pub(super) const fn is_decoded(&self) -> bool {
        !matches!(self.upper, Upper::Data)
    }

    fn sdu(&mut self, (names, table): (&mut Names, &str), entry: &mut Entry, sdu: &[u8]) {
        match &mut self.upper {
            Upper::Data => entry.put("data", sdu),
            Upper::Att(att) => att.pdu(names, table, entry, sdu),
            Upper::Sdp(sdp) => sdp.pdu(entry, sdu),
            Upper::Rfcomm(rfcomm) => rfcomm.frame(entry, sdu),
        }
    }
}
