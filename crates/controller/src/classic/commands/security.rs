//! Authentication, pairing and encryption. [Vol 4] Part E, 7.1.10 to 7.1.46, 7.3.60, 7.3.95

use bindrune_hci::Status;

use super::{Answer, Entry, Needs, Outcome, PEER, Parameters};
use crate::{classic::link::IoCapability, controller::Call};

const fn entry(
    opcode: u16,
    place: (usize, u8),
    length: usize,
    answer: Answer,
    needs: Needs,
    run: fn(&mut Call<'_>, &mut Parameters<'_>) -> Outcome,
) -> Entry {
    Entry { opcode, place, length, answer, needs, run }
}

const NOTHING: Needs = Needs::Nothing;
const SIMPLE: Needs = Needs::SimplePairing;
const SECURE: Needs = Needs::SecureConnections;

fn link_key(call: &mut Call<'_>, p: &mut Parameters<'_>, replies: bool) -> Outcome {
    let (link, party, m) = call.classic_peer(p.array())?;
    let key = replies.then(|| p.array());
    link.answer_link_key(party, key, m).map(|()| vec![])
}

fn pin(call: &mut Call<'_>, p: &mut Parameters<'_>, replies: bool) -> Outcome {
    let (link, party, m) = call.classic_peer(p.array())?;
    let pin = replies.then(|| (p.u8(), p.array()));
    if pin.is_some_and(|(len, _)| len == 0 || len > 16) {
        return Err(Status::INVALID_PARAMETERS);
    }
    link.answer_pin(party, pin.map(|(len, octets)| (len, cut(octets, len))), m).map(|()| vec![])
}

/// Clears the octets beyond the length.
fn cut(mut octets: [u8; 16], len: u8) -> [u8; 16] {
    octets.iter_mut().skip(len.into()).for_each(|octet| *octet = 0);
    octets
}

fn confirmation(call: &mut Call<'_>, p: &mut Parameters<'_>, accepts: bool) -> Outcome {
    let (link, party, m) = call.classic_peer(p.array())?;
    link.answer_confirmation(party, accepts, m).map(|()| vec![])
}

fn passkey(call: &mut Call<'_>, p: &mut Parameters<'_>, replies: bool) -> Outcome {
    let (link, party, m) = call.classic_peer(p.array())?;
    let passkey = replies.then(|| u32::from_le_bytes(p.array()));
    if passkey.is_some_and(|passkey| passkey > 999_999) {
        return Err(Status::INVALID_PARAMETERS);
    }
    link.answer_passkey(party, passkey, m).map(|()| vec![])
}

/// Takes `count` values of out-of-band data: 0, the two of P-192, or those of both.
fn out_of_band(call: &mut Call<'_>, p: &mut Parameters<'_>, count: usize) -> Outcome {
    let (link, party, m) = call.classic_peer(p.array())?;
    let mut data = [None; 4];
    data.iter_mut().take(count).for_each(|value| *value = Some(p.array()));
    link.answer_out_of_band(party, (count > 0).then_some(data), m).map(|()| vec![])
}

/// Creates new out-of-band data of `count` values, and returns it. All earlier values are invalid.
fn read_out_of_band(call: &mut Call<'_>, count: usize) -> Outcome {
    let mut data = [None; 4];
    for value in data.iter_mut().take(count) {
        let mut octets = [0; 16];
        for octet in &mut octets {
            let [low, ..] = call.air.medium.radio.rng.next().to_le_bytes();
            *octet = low;
        }
        *value = Some(octets);
    }
    call.controller().classic.out_of_band = data;
    Ok(data.into_iter().flatten().flatten().collect())
}

fn io_reply(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let peer = p.array();
    let (io, out_of_band, requirements) = (p.u8_up_to(3)?, p.u8_up_to(3)?, p.u8_up_to(5)?);
    let (link, party, m) = call.classic_peer(peer)?;
    link.answer_io(party, Ok(IoCapability { io, out_of_band, requirements }), m).map(|()| vec![])
}

pub(super) const TABLE: &[Entry] = &[
    entry(0x040b, (1, 2), 22, PEER, NOTHING, |call, p| link_key(call, p, true)),
    entry(0x040c, (1, 3), 6, PEER, NOTHING, |call, p| link_key(call, p, false)),
    entry(0x040d, (1, 4), 23, PEER, NOTHING, |call, p| pin(call, p, true)),
    entry(0x040e, (1, 5), 6, PEER, NOTHING, |call, p| pin(call, p, false)),
    entry(0x0411, (1, 7), 2, Answer::Status, NOTHING, |call, p| {
        let (link, party, m) = call.classic_link(p.u16())?;
        link.authenticate(party, m).map(|()| vec![])
    }),
    entry(0x0413, (2, 0), 3, Answer::Status, NOTHING, |call, p| {
        let (handle, on) = (p.u16(), p.u8());
        let (link, party, m) = call.classic_link(handle)?;
        if on > 1 {
            return Err(Status::INVALID_PARAMETERS);
        }
        link.encrypt(party, on == 1, m).map(|()| vec![])
    }),
    entry(0x042b, (18, 7), 9, PEER, SIMPLE, io_reply),
    entry(0x042c, (19, 0), 6, PEER, SIMPLE, |call, p| confirmation(call, p, true)),
    entry(0x042d, (19, 1), 6, PEER, SIMPLE, |call, p| confirmation(call, p, false)),
    entry(0x042e, (19, 2), 10, PEER, SIMPLE, |call, p| passkey(call, p, true)),
    entry(0x042f, (19, 3), 6, PEER, SIMPLE, |call, p| passkey(call, p, false)),
    entry(0x0430, (19, 4), 38, PEER, SIMPLE, |call, p| out_of_band(call, p, 2)),
    entry(0x0433, (19, 7), 6, PEER, SIMPLE, |call, p| out_of_band(call, p, 0)),
    entry(0x0434, (20, 3), 7, PEER, SIMPLE, |call, p| {
        let (peer, reason) = (p.array(), p.u8());
        if reason == 0 {
            return Err(Status::INVALID_PARAMETERS);
        }
        let (link, party, m) = call.classic_peer(peer)?;
        link.answer_io(party, Err(Status(reason)), m).map(|()| vec![])
    }),
    entry(0x0445, (32, 1), 70, PEER, SECURE, |call, p| out_of_band(call, p, 4)),
    entry(0x0c57, (17, 7), 0, Answer::Complete { echo: 0, more: 32 }, SIMPLE, |call, _| {
        read_out_of_band(call, 2)
    }),
    entry(0x0c60, (20, 2), 7, PEER, SIMPLE, |call, p| {
        let (peer, kind) = (p.array(), p.u8_up_to(4)?);
        let (link, party, m) = call.classic_peer(peer)?;
        link.keypress(party, kind, m).map(|()| vec![])
    }),
    entry(0x0c7d, (32, 6), 0, Answer::Complete { echo: 0, more: 64 }, SECURE, |call, _| {
        read_out_of_band(call, 4)
    }),
];
