//! Frames of Enhanced Retransmission and Streaming mode. [Vol 3] Part A, 3.3

use bindrune_l2cap::{
    Cid,
    classic::{
        mode::{Control, Fcs, Function, Sar},
        pdu::Mode,
    },
};

use super::{
    channel::{Channel, Sdu},
    credit,
    frame::Frame,
};
use crate::{entry::Entry, question::other, words};

const FORMAT: &str = "Vol 3, Part A, 3.3";

/// Decodes a frame. Returns the SDU that it completes, if a protocol above decodes it.
pub(super) fn frame(
    channel: &mut Channel,
    entry: &mut Entry,
    (cid, payload): Frame<'_>,
) -> Option<Vec<u8>> {
    let sender = entry.direction;
    let has_fcs =
        !(channel.ends.get(sender).without_fcs && channel.ends.get(other(sender)).without_fcs);
    let Some((&control, rest)) = payload.split_first_chunk() else {
        entry.violate(FORMAT, "the frame ends inside its control field");
        return None;
    };
    let body = if has_fcs { check(entry, (cid, payload), rest)? } else { rest };
    match Control::parse(control) {
        Control::Supervisory { function, req, is_final, poll } => {
            let name = match function {
                Function::ReceiverReady => "Receiver Ready",
                Function::Reject => "Reject",
                Function::ReceiverNotReady => "Receiver Not Ready",
                Function::SelectiveReject => "Selective Reject",
            };
            entry.put("frame", "supervisory");
            entry.put("function", name);
            entry.put("req_seq", req.number());
            entry.say(", ", &format!("{name} {}", req.number()));
            flag(entry, "poll", poll);
            flag(entry, "final", is_final);
            if !body.is_empty() {
                entry.violate(FORMAT, "a supervisory frame has no payload");
            }
            None
        }
        Control::Information { tx, req, is_final, sar } => {
            entry.put("frame", "information");
            entry.put("tx_seq", tx.number());
            entry.put("req_seq", req.number());
            entry.say(", ", &format!("frame {}", tx.number()));
            flag(entry, "final", is_final);
            information(channel, entry, (tx.number(), sar), body)
        }
    }
}

fn flag(entry: &mut Entry, name: &'static str, is_set: bool) {
    if is_set {
        entry.put(name, true);
        entry.say(", ", name);
    }
}

/// Checks and removes the check sequence. [Vol 3] Part A, 3.3.5
fn check<'p>(entry: &mut Entry, (cid, payload): (Cid, &[u8]), rest: &'p [u8]) -> Option<&'p [u8]> {
    let (Some((body, fcs)), Some((covered, _))) =
        (rest.split_last_chunk::<2>(), payload.split_last_chunk::<2>())
    else {
        entry.violate(FORMAT, "the frame ends inside its check sequence");
        return None;
    };
    let mut right = Fcs::new(u16::try_from(payload.len()).unwrap_or_default(), cid);
    right.add(covered);
    if right.octets() != *fcs {
        entry.put("fcs", "wrong");
        entry.say(", ", "wrong FCS");
        let (found, right) = (u16::from_le_bytes(*fcs), u16::from_le_bytes(right.octets()));
        entry.violate(
            "Vol 3, Part A, 3.3.5",
            format!("the FCS is 0x{found:04x}, not 0x{right:04x}"),
        );
        return None;
    }
    entry.put("fcs", "right");
    Some(body)
}

fn information(
    channel: &mut Channel,
    entry: &mut Entry,
    (tx, sar): (u8, Sar),
    body: &[u8],
) -> Option<Vec<u8>> {
    let (is_decoded, mode) = (channel.is_decoded(), channel.mode());
    let end = channel.ends.of(other(entry.direction));
    let is_first = matches!(sar, Sar::Unsegmented | Sar::Start);
    let expected = end.expected.unwrap_or(tx);
    let ahead = tx.wrapping_sub(expected) & 0x3f;
    if ahead != 0 {
        // A frame that was lost on the air, or one that is sent again.
        entry.put("out_of_sequence", true);
        entry.say(", ", &format!("expected frame {expected}"));
        if mode == Mode::ENHANCED_RETRANSMISSION && (ahead >= 32 || !is_first) {
            return None;
        }
        end.sdu = Sdu::default();
    }
    end.expected = Some(tx.wrapping_add(1) & 0x3f);
    let mut part = body;
    match sar {
        Sar::Unsegmented => end.sdu = Sdu { want: body.len(), ..Sdu::default() },
        Sar::Start => {
            let Some((&len, rest)) = body.split_first_chunk() else {
                entry.violate(FORMAT, "the first frame of an SDU has no SDU length");
                return None;
            };
            part = rest;
            end.sdu = Sdu { want: u16::from_le_bytes(len).into(), ..Sdu::default() };
        }
        Sar::End | Sar::Continuation if end.sdu.want == 0 => {
            entry.say(", ", "of an SDU whose start is missing");
            return None;
        }
        Sar::End | Sar::Continuation => {}
    }
    if is_first && end.sdu.want > usize::from(end.mtu) {
        let text = format!("an SDU of {} for an MTU of {}", words::bytes(end.sdu.want), end.mtu);
        entry.violate("Vol 3, Part A, 5.1", text);
    }
    credit::append(&mut end.sdu, is_decoded, entry, part)
}
