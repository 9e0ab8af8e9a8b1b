//! The server.

use std::{
    boxed::Box,
    sync::{Mutex, PoisonError},
    vec,
};

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_wire::{Level, Reader, Uuid, Writer};

use crate::{
    Answer, AskKind, Characteristic, Descriptor, GapConfig, Peer, Security, Server, Service,
    Verdict,
    table::{arena_for, peer_arena_for},
};

static NOTE: Descriptor = Descriptor::new(Uuid::new_16(0xff20)).read().write().value(b"note");
static HELD: Characteristic = Characteristic::new(Uuid::new_16(0xff01))
    .read()
    .write()
    .write_without_response()
    .notify()
    .indicate()
    .value(b"held")
    .max_len(30)
    .descriptors(&[&NOTE]);
static ASKED: Characteristic =
    Characteristic::new(Uuid::new_16(0xff02)).read().write().write_without_response();
static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xff03))
    .read()
    .write()
    .value(b"secret")
    .permission(Level::SecureConnections);
static GATHERED: Characteristic =
    Characteristic::new(Uuid::new_128(0xb2)).read().write().write_without_response().append(20);
static SERVICES: &[Service] = &[
    Service::primary(Uuid::new_16(0xff00), &[&HELD, &ASKED, &SECRET]),
    Service::secondary(Uuid::new_128(0xb1), &[&GATHERED]),
];
static OTHER_SERVICES: &[Service] = &[Service::primary(Uuid::new_16(0xff00), &[&ASKED, &HELD])];

/// One server and peer for all runs, since their memory is static; each run makes them as good as new.
static WORLD: Mutex<Option<(Server, Peer)>> = Mutex::new(None);

/// Room for prepared writes.
const PREPARE: usize = 60;

/// Runs PDUs. Each has two octets in front: one chooses MTU, security and the app's answer, one is the length.
pub fn server(data: &[u8]) {
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((server, peer)) = world.take().or_else(new_world) else { return };
    let (mut server, mut peer) = renewed(server, peer);
    let mut input = Reader::new(data);
    while let (Ok(choice), Ok(len)) = (input.u8(), input.u8()) {
        let pdu = input.bytes(usize::from(len).min(input.remaining())).unwrap_or_default();
        one_pdu(&mut server, &mut peer, pdu, choice);
    }
    *world = Some((server, peer));
}

fn new_world() -> Option<(Server, Peer)> {
    let gap = GapConfig { writable_name: true, ..GapConfig::new("fuzz") };
    let share = Box::leak(vec![0; peer_arena_for(SERVICES, PREPARE)].into_boxed_slice());
    let arena = Box::leak(vec![0; arena_for(SERVICES)].into_boxed_slice());
    let server = Server::new(SERVICES, &gap, arena, share.len()).ok()?;
    Some((server, Peer::new(share)))
}

fn renewed(mut server: Server, mut peer: Peer) -> (Server, Peer) {
    let name = server.set_device_name(b"fuzz");
    let replaced = server.replace(SERVICES, []);
    assert!(name.is_ok() && replaced.is_ok(), "what fitted once fits again");
    peer.reset();
    (server, peer)
}

fn one_pdu(server: &mut Server, peer: &mut Peer, pdu: &[u8], choice: u8) {
    let security = Security {
        level: if choice & 1 == 0 { Level::Open } else { Level::SecureConnections },
        key_size: (choice & 1) << 4,
        authorized: choice & 2 != 0,
        has_key: choice & 4 != 0,
    };
    if let Ok(command) = Command::parse(pdu) {
        let _ = server.handle_command(peer, &command, security);
    }
    if let Ok(request) = Request::parse(pdu) {
        one_request(server, peer, &request, security, choice);
    }
    if choice & 0xf8 == 0xf8 {
        let services = if choice & 1 == 0 { SERVICES } else { OTHER_SERVICES };
        assert!(server.replace(services, [&mut *peer]).is_ok(), "both tables fit");
    }
    let _ = server.subscribed(peer, &HELD);
    let _ = server.take_appended(&GATHERED, &mut [0; 7]);
    while server.poll_written(peer).is_some() {}
    while server.poll_subscription_change(peer).is_some() {}
    let mut buffer = [0; 23];
    if server.write_service_changed(peer, &mut Writer::new(&mut buffer)) {
        server.service_changed_confirmed(peer);
    }
}

/// The reply must come, and must fit the MTU.
fn one_request(
    server: &mut Server,
    peer: &mut Peer,
    request: &Request<'_>,
    security: Security,
    choice: u8,
) {
    let value = [choice; 30];
    let mut verdict = server.handle_request(peer, request, security);
    while let Verdict::Ask(ask) = verdict {
        let _ = server.asked_value(peer, request);
        let answer = match ask.kind {
            _ if choice & 8 != 0 => Answer::Reject(ErrorCode(0x80)),
            AskKind::Read { .. } => Answer::Value(&value),
            AskKind::Write { .. } => Answer::Accept,
        };
        verdict = server.handle_answer(peer, request, answer, None);
    }
    let mut buffer = [0; 300];
    let mut w = Writer::new(&mut buffer);
    w.limit(usize::from(choice).max(23));
    let replied = server.poll_reply(peer, request, &value, &mut w);
    assert!(replied && !peer.owes_reply() && !peer.awaits_answer(), "a request is answered");
}
