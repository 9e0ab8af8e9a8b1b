//! Links: features, packets, policy, roles, modes, timeouts, flushing. [Vol 4] Part E, 7.1, 7.2, 7.3

use bindrune_hci::Status;

use super::{Answer, Entry, HANDLE, Needs, Outcome, Parameters, connect::ACL_TYPES};
use crate::{
    classic::{
        events::{
            ENHANCED_FLUSH_COMPLETE, FLUSH_OCCURRED, PACKET_TYPE_CHANGED, QOS_SETUP_COMPLETE,
        },
        link::{Question, SniffRequest},
    },
    controller::Call,
};

/// A command about the link whose handle comes first.
const fn on_link(
    opcode: u16,
    place: (usize, u8),
    length: usize,
    answer: Answer,
    run: fn(&mut Call<'_>, &mut Parameters<'_>) -> Outcome,
) -> Entry {
    Entry { opcode, place, length, answer, needs: Needs::Nothing, run }
}

const fn reads(more: usize) -> Answer {
    Answer::Complete { echo: 2, more }
}

fn ask(call: &mut Call<'_>, handle: u16, question: Question) -> Outcome {
    let (link, party, m) = call.classic_link(handle)?;
    link.ask(party, question, m);
    Ok(vec![])
}

pub(super) const TABLE: &[Entry] = &[
    on_link(0x040f, (1, 6), 4, Answer::Status, change_packet_type),
    on_link(0x041b, (2, 5), 2, Answer::Status, |call, p| ask(call, p.u16(), Question::Features)),
    on_link(0x041c, (2, 6), 3, Answer::Status, |call, p| {
        let (handle, page) = (p.u16(), p.u8());
        ask(call, handle, Question::FeaturesPage(page))
    }),
    on_link(0x041f, (3, 0), 2, Answer::Status, |call, p| ask(call, p.u16(), Question::ClockOffset)),
    on_link(0x0803, (4, 2), 10, Answer::Status, sniff),
    on_link(0x0804, (4, 3), 2, Answer::Status, |call, p| {
        let (link, party, m) = call.classic_link(p.u16())?;
        link.request_mode(party, None, m).map(|()| vec![])
    }),
    on_link(0x0807, (4, 6), 20, Answer::Status, |call, p| {
        let handle = p.u16();
        call.classic_link(handle)?;
        let _unused = p.u8();
        let service: [u8; 17] = p.array();
        if service.first().is_none_or(|kind| *kind > 2) {
            return Err(Status::INVALID_PARAMETERS);
        }
        let parts: [&[u8]; 4] = [&[0], &handle.to_le_bytes(), &[0], &service];
        call.controller().emit(QOS_SETUP_COMPLETE, &parts);
        Ok(vec![])
    }),
    on_link(0x0809, (4, 7), 2, reads(1), |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        Ok(vec![link.role(party)])
    }),
    on_link(0x080b, (5, 0), 7, Answer::Status, |call, p| {
        let (peer, role) = (p.array(), p.u8_up_to(1)?);
        let (link, party, m) = call.classic_peer(peer)?;
        link.switch_role(party, role, m).map(|()| vec![])
    }),
    on_link(0x080c, (5, 1), 2, reads(2), |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        Ok(link.side(party).policy.to_le_bytes().to_vec())
    }),
    on_link(0x080d, (5, 2), 4, HANDLE, |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        link.side_mut(party).policy = p.u16_in(0..=0x0f)?;
        Ok(vec![])
    }),
    on_link(0x0811, (17, 4), 8, HANDLE, |call, p| {
        call.classic_link(p.u16())?;
        Ok(vec![])
    }),
    on_link(0x0c08, (6, 1), 2, HANDLE, |call, p| {
        let handle = p.u16();
        let (link, party, m) = call.classic_link(handle)?;
        if link.flush_now(party, true, m) > 0 {
            call.controller().emit(FLUSH_OCCURRED, &[&handle.to_le_bytes()]);
        }
        Ok(vec![])
    }),
    on_link(0x0c27, (9, 4), 2, reads(2), |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        Ok(link.side(party).flush.to_le_bytes().to_vec())
    }),
    on_link(0x0c28, (9, 5), 4, HANDLE, |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        link.side_mut(party).flush = p.u16_in(0..=0x07ff)?;
        Ok(vec![])
    }),
    on_link(0x0c36, (11, 0), 2, reads(2), |call, p| {
        let (link, ..) = call.classic_link(p.u16())?;
        Ok(link.supervision().to_le_bytes().to_vec())
    }),
    on_link(0x0c37, (11, 1), 4, HANDLE, |call, p| {
        let (link, party, m) = call.classic_link(p.u16())?;
        link.set_supervision(party, p.u16(), m).map(|()| vec![])
    }),
    on_link(0x0c5f, (19, 6), 3, Answer::Status, |call, p| {
        let (handle, kind) = (p.u16(), p.u8());
        let (link, party, m) = call.classic_link(handle)?;
        if kind != 0 {
            return Err(Status::INVALID_PARAMETERS);
        }
        link.flush_now(party, false, m);
        call.controller().emit(ENHANCED_FLUSH_COMPLETE, &[&handle.to_le_bytes()]);
        Ok(vec![])
    }),
    on_link(0x0c7b, (32, 4), 2, reads(2), |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        Ok(link.side(party).payload_timeout.to_le_bytes().to_vec())
    }),
    on_link(0x0c7c, (32, 5), 4, HANDLE, |call, p| {
        let (link, party, _) = call.classic_link(p.u16())?;
        link.side_mut(party).payload_timeout = p.u16_in(1..=0xffff)?;
        Ok(vec![])
    }),
    on_link(0x1408, (20, 4), 2, reads(1), |call, p| {
        let (link, _, m) = call.classic_link(p.u16())?;
        Ok(vec![link.key_size(m)?])
    }),
];

fn change_packet_type(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let (handle, types) = (p.u16(), p.u16());
    let (link, party, _) = call.classic_link(handle)?;
    if types & ACL_TYPES == 0 {
        return Err(Status::INVALID_PARAMETERS);
    }
    link.set_packet_types(party, types);
    let parts: [&[u8]; 3] = [&[0], &handle.to_le_bytes(), &types.to_le_bytes()];
    call.controller().emit(PACKET_TYPE_CHANGED, &parts);
    Ok(vec![])
}

fn sniff(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let (link, party, m) = call.classic_link(p.u16())?;
    let (most, least) = (p.u16_in(2..=0xfffe)?, p.u16_in(2..=0xfffe)?);
    let attempt = p.u16_in(1..=0x7fff)?;
    let timeout = p.u16_in(0..=0x7fff)?;
    if least > most || least % 2 != 0 || most % 2 != 0 {
        return Err(Status::INVALID_PARAMETERS);
    }
    let request = SniffRequest { interval: most, attempt, timeout };
    link.request_mode(party, Some(request), m).map(|()| vec![])
}
