//! Channels with a PSM, and how they come and go.

use std::{collections::BTreeMap, fmt};

use bindrune_hci::h4::Direction;
use bindrune_l2cap::classic::{
    DEFAULT_MTU,
    pdu::{Mode, Options},
};

use crate::{
    att::Att,
    entry::Entry,
    question::{Both, Unanswered, other},
    rfcomm::Rfcomm,
    sdp::Sdp,
};

/// Channels of one link that are remembered; an older one is forgotten.
const MAX_CHANNELS: usize = 32;

const SDP: u16 = 0x0001;
const RFCOMM: u16 = 0x0003;
const ATT: u16 = 0x001f;
const EATT: u16 = 0x0027;

/// MTU, MPS and credits that an end of a credit-based channel grants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grant {
    pub(super) mtu: u16,
    pub(super) mps: u16,
    pub(super) credits: u16,
}

impl Grant {
    pub(super) fn describe(self, entry: &mut Entry) {
        entry.put("mtu", self.mtu);
        entry.put("mps", self.mps);
        entry.put("credits", self.credits);
    }

    /// Checks the smallest values. [Vol 3] Part A, 4.22 and 4.25
    pub(super) fn check(self, entry: &mut Entry, least: u16) {
        for (name, value) in [("MTU", self.mtu), ("MPS", self.mps)] {
            if value < least {
                entry.violate(
                    "Vol 3, Part A, 4.22",
                    format!("an {name} of {value} is below {least}"),
                );
            }
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MTU {}, MPS {}, {} credits", self.mtu, self.mps, self.credits)
    }
}

/// A request for channels that has no answer yet.
#[derive(Clone, Debug)]
pub(super) struct Requested {
    pub(super) psm: u16,
    pub(super) cids: Vec<u16>,
    pub(super) grant: Grant,
}

/// One end of a channel: what it receives.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    pub(super) cid: u16,
    pub(super) mtu: u16,
    pub(super) mps: u16,
    /// Frames that the other end may still send.
    pub(super) credits: u32,
    /// Mode of a BR/EDR channel, as agreed.
    pub(super) mode: Option<Mode>,
    pub(super) without_fcs: bool,
    /// Configuration that has no answer yet.
    proposed: Options,
    /// Sequence number of the next frame.
    pub(super) expected: Option<u8>,
    pub(super) sdu: Sdu,
}

/// The SDU that an end receives.
#[derive(Clone, Debug, Default)]
pub(super) struct Sdu {
    /// Its octets, if a protocol above decodes them.
    pub(super) octets: Vec<u8>,
    /// Octets so far.
    pub(super) have: usize,
    /// Length of the whole; 0 between SDUs.
    pub(super) want: usize,
    pub(super) frames: usize,
}

/// What a channel carries.
#[derive(Debug)]
pub(super) enum Upper {
    Data,
    Att(Box<Att>),
    Sdp(Sdp),
    Rfcomm(Rfcomm),
}

impl Upper {
    fn of(psm: u16, is_credit: bool) -> Self {
        match psm {
            EATT if is_credit => Self::Att(Box::new(Att::of_channel())),
            ATT if !is_credit => Self::Att(Box::new(Att::of_channel())),
            SDP if !is_credit => Self::Sdp(Sdp::default()),
            RFCOMM if !is_credit => Self::Rfcomm(Rfcomm::default()),
            _ => Self::Data,
        }
    }

    fn end(self, unanswered: &mut Unanswered) {
        match self {
            Self::Att(att) => att.end(unanswered),
            Self::Sdp(sdp) => sdp.end(unanswered),
            Self::Rfcomm(rfcomm) => rfcomm.end(unanswered),
            Self::Data => {}
        }
    }
}

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) psm: u16,
    pub(super) is_credit: bool,
    pub(super) ends: Both<End>,
    pub(super) upper: Upper,
}

impl Channel {
    /// Returns whether the end that sends in this direction has this CID.
    fn has(&self, end: Direction, cid: u16) -> bool {
        self.ends.get(end).cid == cid
    }

    /// Octets of unfinished SDUs.
    pub(super) const fn held(&self) -> usize {
        let (host, peer) =
            (self.ends.get(Direction::ToController), self.ends.get(Direction::ToHost));
        host.sdu.octets.len().saturating_add(peer.sdu.octets.len())
    }
}

/// The channels of one link.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    pub(super) list: Vec<Channel>,
    requested: Both<BTreeMap<u8, Requested>>,
}

impl Channels {
    pub(super) fn request(&mut self, sender: Direction, identifier: u8, request: Requested) {
        self.requested.of(sender).insert(identifier, request);
    }

    /// Opens the credit-based channels that a response accepts; a CID of 0 is a refusal.
    pub(super) fn accepted(
        &mut self,
        entry: &mut Entry,
        identifier: u8,
        cids: &[u16],
        grant: Grant,
    ) {
        let sender = entry.direction;
        let Some(request) = self.requested.to(sender).remove(&identifier) else { return };
        for (&there, &here) in cids.iter().zip(&request.cids) {
            if there == 0 {
                continue;
            }
            if self.list.iter().any(|channel| channel.has(sender, there)) {
                entry.violate("Vol 3, Part A, 4.23", format!("CID 0x{there:04x} is in use"));
            }
            let mut ends = Both::<End>::default();
            *ends.of(sender) = End::granting(there, grant);
            *ends.to(sender) = End::granting(here, request.grant);
            self.open(Channel {
                psm: request.psm,
                is_credit: true,
                ends,
                upper: Upper::of(request.psm, true),
            });
        }
    }

    /// Opens a BR/EDR channel, which is configured next.
    pub(super) fn connected(&mut self, entry: &mut Entry, identifier: u8, cid: u16) {
        let sender = entry.direction;
        let Some(request) = self.requested.to(sender).remove(&identifier) else { return };
        let mut ends = Both::<End>::default();
        *ends.of(sender) = End { cid, mtu: DEFAULT_MTU, ..End::default() };
        let here = request.cids.first().copied().unwrap_or_default();
        *ends.to(sender) = End { cid: here, mtu: DEFAULT_MTU, ..End::default() };
        self.open(Channel {
            psm: request.psm,
            is_credit: false,
            ends,
            upper: Upper::of(request.psm, false),
        });
    }

    fn open(&mut self, channel: Channel) {
        if self.list.len() >= MAX_CHANNELS {
            self.list.remove(0);
        }
        self.list.push(channel);
    }

    /// Adds what a Disconnection Request closes to the entry. `cids` is the receiver's, and the sender's.
    pub(super) fn closing(&self, entry: &mut Entry, (dcid, scid): (u16, u16)) {
        entry.put("destination_cid", dcid);
        entry.put("source_cid", scid);
        let sender = entry.direction;
        let channel = self.list.iter().find(|c| c.has(other(sender), dcid) && c.has(sender, scid));
        let psm =
            channel.map_or_else(String::new, |channel| format!("PSM 0x{:04x}, ", channel.psm));
        entry.say(": ", &format!("{psm}CID 0x{dcid:04x} and 0x{scid:04x}"));
    }

    /// Closes a channel after a Disconnection Response. `cids` is the sender's, and the receiver's.
    pub(super) fn close(
        &mut self,
        entry: &mut Entry,
        gone: &mut Unanswered,
        (dcid, scid): (u16, u16),
    ) {
        entry.put("destination_cid", dcid);
        entry.put("source_cid", scid);
        entry.say(": ", &format!("CID 0x{dcid:04x} and 0x{scid:04x}"));
        let sender = entry.direction;
        let at = self.list.iter().position(|c| c.has(sender, dcid) && c.has(other(sender), scid));
        if let Some(at) = at {
            self.list.remove(at).upper.end(gone);
        }
    }

    /// Adds credits for frames to the end that sends in this direction.
    pub(super) fn grant(&mut self, entry: &mut Entry, cid: u16, credits: u16) {
        let sender = entry.direction;
        let Some(channel) = self.list.iter_mut().find(|c| c.is_credit && c.has(sender, cid)) else {
            return;
        };
        let end = channel.ends.of(sender);
        end.credits = end.credits.saturating_add(credits.into());
        entry.put("total_credits", end.credits);
        if end.credits > u16::MAX.into() {
            entry.violate(
                "Vol 3, Part A, 4.24",
                format!("{} credits are more than 65535", end.credits),
            );
        }
    }

    /// Changes the MTU and MPS of ends of the sender.
    pub(super) fn reconfigure(&mut self, sender: Direction, cids: &[u16], (mtu, mps): (u16, u16)) {
        for channel in &mut self.list {
            let end = channel.ends.of(sender);
            if cids.contains(&end.cid) {
                (end.mtu, end.mps) = (mtu, mps);
            }
        }
    }

    /// Remembers the options that the sender requests for what it receives.
    pub(super) fn configure(&mut self, entry: &mut Entry, dcid: u16, options: Options) {
        let sender = entry.direction;
        let Some(channel) =
            self.list.iter_mut().find(|c| !c.is_credit && c.has(other(sender), dcid))
        else {
            return;
        };
        entry.put("psm", channel.psm);
        let proposed = &mut channel.ends.of(sender).proposed;
        proposed.mtu = options.mtu.or(proposed.mtu);
        proposed.retransmission = options.retransmission.or(proposed.retransmission);
        proposed.fcs = options.fcs.or(proposed.fcs);
    }

    /// Applies the options that a response accepts.
    pub(super) fn configured(&mut self, sender: Direction, scid: u16) {
        let Some(channel) =
            self.list.iter_mut().find(|c| !c.is_credit && c.has(other(sender), scid))
        else {
            return;
        };
        let end = channel.ends.to(sender);
        let options = core::mem::take(&mut end.proposed);
        end.mtu = options.mtu.unwrap_or(end.mtu);
        end.mode = options.retransmission.map(|retransmission| retransmission.mode).or(end.mode);
        end.mps = options.retransmission.map_or(end.mps, |retransmission| retransmission.mps.get());
        end.without_fcs = options.fcs.map_or(end.without_fcs, |fcs| fcs == 0);
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        self.list.into_iter().for_each(|channel| channel.upper.end(unanswered));
    }
}

impl End {
    fn granting(cid: u16, grant: Grant) -> Self {
        Self {
            cid,
            mtu: grant.mtu,
            mps: grant.mps,
            credits: grant.credits.into(),
            ..Self::default()
        }
    }
}

/// Returns a space and the name of a PSM that the specification assigned.
pub(super) const fn psm_name(psm: u16) -> &'static str {
    match psm {
        SDP => " SDP",
        RFCOMM => " RFCOMM",
        0x000f => " BNEP",
        0x0011 => " HID Control",
        0x0013 => " HID Interrupt",
        0x0017 => " AVCTP",
        0x0019 => " AVDTP",
        ATT => " ATT",
        EATT => " EATT",
        _ => "",
    }
}
