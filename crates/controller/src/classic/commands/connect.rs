//! Inquiry, paging, remote names, connection requests. [Vol 4] Part E, 7.1

use bindrune_hci::Status;

use super::{Answer, DONE, Entry, Needs, Outcome, PEER, Parameters};
use crate::controller::Call;

const fn action(
    opcode: u16,
    place: (usize, u8),
    length: usize,
    answer: Answer,
    run: fn(&mut Call<'_>, &mut Parameters<'_>) -> Outcome,
) -> Entry {
    Entry { opcode, place, length, answer, needs: Needs::Nothing, run }
}

pub(super) const TABLE: &[Entry] = &[
    action(0x0401, (0, 0), 5, Answer::Status, inquiry),
    action(0x0402, (0, 1), 0, DONE, |call, _| call.controller().cancel_inquiry().map(|()| vec![])),
    action(0x0405, (0, 4), 13, Answer::Status, create_connection),
    action(0x0408, (0, 7), 6, PEER, |call, p| {
        let id = call.id;
        call.air.cancel_page(id, p.array()).map(|()| vec![])
    }),
    action(0x0409, (1, 0), 7, Answer::Status, |call, p| {
        let (id, peer, role) = (call.id, p.array(), p.u8_up_to(1)?);
        call.air.accept_request(id, peer, role == 0).map(|()| vec![])
    }),
    action(0x040a, (1, 1), 7, Answer::Status, |call, p| {
        let (id, peer, reason) = (call.id, p.array(), p.u8());
        if !(0x0d..=0x0f).contains(&reason) {
            return Err(Status::INVALID_PARAMETERS);
        }
        call.air.reject_request(id, peer, Status(reason)).map(|()| vec![])
    }),
    action(0x0419, (2, 3), 10, Answer::Status, |call, p| {
        let (id, peer, repetition) = (call.id, p.array(), p.u8());
        if repetition > 2 {
            return Err(Status::INVALID_PARAMETERS);
        }
        call.air.request_name(id, peer).map(|()| vec![])
    }),
    action(0x041a, (2, 4), 6, PEER, |call, p| {
        let id = call.id;
        call.air.cancel_name(id, p.array()).map(|()| vec![])
    }),
];

/// Returns whether this is an inquiry access code. [Vol 4] Part E, 7.1.1
pub(super) fn is_access_code([low, middle, high]: [u8; 3]) -> bool {
    high == 0x9e && middle == 0x8b && low <= 0x3f
}

fn inquiry(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let (code, length, responses) = (p.array(), p.u8(), p.u8());
    if !is_access_code(code) || !(1..=0x30).contains(&length) {
        return Err(Status::INVALID_PARAMETERS);
    }
    let id = call.id;
    call.air.inquire(id, code, length, responses).map(|()| vec![])
}

fn create_connection(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let (peer, packet_types, repetition) = (p.array(), p.u16(), p.u8());
    let (_reserved, _clock_offset, allow_switch) = (p.u8(), p.u16(), p.u8());
    if repetition > 2 || allow_switch > 1 || packet_types & ACL_TYPES == 0 {
        return Err(Status::INVALID_PARAMETERS);
    }
    let id = call.id;
    call.air.page(id, peer, packet_types, allow_switch == 1).map(|()| vec![])
}

/// Bits of the packets without Enhanced Data Rate. [Vol 4] Part E, 7.1.5
pub(super) const ACL_TYPES: u16 = 0xcc18;
