//! K-frames of credit-based channels. [Vol 3] Part A, 3.4

use super::channel::{Channel, Sdu};
use crate::{entry::Entry, question::other, words};

/// Adds a K-frame to its SDU. Returns the SDU with the last one, if a protocol above decodes it.
pub(super) fn frame(channel: &mut Channel, entry: &mut Entry, payload: &[u8]) -> Option<Vec<u8>> {
    let is_decoded = channel.is_decoded();
    let end = channel.ends.of(other(entry.direction));
    match end.credits.checked_sub(1) {
        Some(left) => end.credits = left,
        None => entry.violate("Vol 3, Part A, 10.1", "the sender has no credit left"),
    }
    entry.put("credits_left", end.credits);
    let mps = usize::from(end.mps);
    if payload.len() > mps {
        let text = format!("a frame of {} for an MPS of {mps}", words::bytes(payload.len()));
        entry.violate("Vol 3, Part A, 3.4", text);
    }
    let mut part = payload;
    if end.sdu.want == 0 {
        let Some((&len, rest)) = payload.split_first_chunk() else {
            entry.say(", ", "a first frame without SDU length");
            entry.violate("Vol 3, Part A, 3.4.3", "the first frame of an SDU has no SDU length");
            return None;
        };
        part = rest;
        let want = usize::from(u16::from_le_bytes(len));
        entry.put("sdu_length", want);
        if want > usize::from(end.mtu) {
            let text = format!("an SDU of {} for an MTU of {}", words::bytes(want), end.mtu);
            entry.violate("Vol 3, Part A, 3.4.3", text);
        }
        end.sdu = Sdu { want, ..Sdu::default() };
    }
    append(&mut end.sdu, is_decoded, entry, part)
}

/// Adds octets to an SDU; returns it once it is whole, and starts the next one.
pub(super) fn append(
    sdu: &mut Sdu,
    is_decoded: bool,
    entry: &mut Entry,
    part: &[u8],
) -> Option<Vec<u8>> {
    sdu.have = sdu.have.saturating_add(part.len());
    sdu.frames = sdu.frames.saturating_add(1);
    if is_decoded {
        sdu.octets.extend_from_slice(part);
    }
    let (have, want) = (sdu.have, sdu.want);
    if have < want {
        entry.say(", ", &format!("{have} of {want} bytes of an SDU"));
        return None;
    }
    let whole = core::mem::take(sdu);
    if have > want {
        entry.say(", ", &format!("{have} bytes of an SDU of {want}"));
        entry.violate("Vol 3, Part A, 3.4.3", format!("the SDU has {have} bytes, not {want}"));
        return None;
    }
    let frames =
        if whole.frames > 1 { format!(" in {} frames", whole.frames) } else { String::new() };
    entry.say(", ", &format!("SDU of {}{frames}", words::bytes(want)));
    entry.put("sdu_complete", true);
    is_decoded.then_some(whole.octets)
}
