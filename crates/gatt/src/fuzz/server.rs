//! Fuzz body of the server.

use std::{
    boxed::Box,
    sync::{Mutex, PoisonError},
    vec,
};

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_wire::{Level, Reader, Uuid, Writer};

use crate::{
    Answer, AskKind, Characteristic, Descriptor, GapConfig, Security, Service, Verdict,
    server::{Peer, Server},
    table::{Table, arena_for, peer_arena_for},
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

/// One server and peer for all runs, because their memory is static; each run resets them.
struct World {
    server: Server,
    peer: Peer,
    /// The first table, and its hash.
    first: (Table, [u8; 16]),
    /// Whether the table was replaced.
    replaced: bool,
    reply: [u8; 300],
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);

/// Room for prepared writes.
const PREPARE: usize = 60;
const NAME: &str = "fuzz";
/// Maximum number of PDUs in one run: a longer run finds nothing that two shorter ones do not.
const MAX_PDUS: usize = 64;

/// Runs PDUs. Each has two octets in front: the first selects MTU, security, the application's answer and whether the
/// application polls the events; the second is the length. The table is replaced at most once.
pub fn server(data: &[u8]) {
    let mut place = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    match place.as_mut() {
        Some(world) => world.renew(),
        None => *place = World::new(),
    }
    let Some(world) = place.as_mut() else { return };
    let mut input = Reader::new(data);
    for _ in 0..MAX_PDUS {
        let (Ok(choice), Ok(len)) = (input.u8(), input.u8()) else { break };
        let pdu = input.bytes(usize::from(len).min(input.remaining())).unwrap_or_default();
        world.one_pdu(pdu, choice);
    }
    world.application_looks();
}

impl World {
    fn new() -> Option<Self> {
        let gap = GapConfig { writable_name: true, ..GapConfig::new(NAME) };
        let share = Box::leak(vec![0; peer_arena_for(SERVICES, PREPARE)].into_boxed_slice());
        let arena = Box::leak(vec![0; arena_for(SERVICES)].into_boxed_slice());
        let server = Server::new(SERVICES, &gap, arena, share.len()).ok()?;
        let first = (*server.table(), server.database_hash());
        Some(Self { server, peer: Peer::new(share), first, replaced: false, reply: [0; 300] })
    }

    /// Resets the server. The hash of a table is the most expensive step, so the first table's hash is kept.
    fn renew(&mut self) {
        self.replaced = false;
        self.server.renew(self.first);
        assert!(self.server.set_device_name(NAME.as_bytes()).is_ok(), "the table fitted before");
        self.peer.reset();
    }
}

impl World {
    fn one_pdu(&mut self, pdu: &[u8], choice: u8) {
        let security = Security {
            level: if choice & 1 == 0 { Level::Open } else { Level::SecureConnections },
            key_size: (choice & 1) << 4,
            authorized: choice & 2 != 0,
            has_key: choice & 4 != 0,
        };
        let Self { server, peer, replaced, reply, .. } = self;
        if let Ok(command) = Command::parse(pdu) {
            let _ = server.handle_command(peer, &command, security);
        }
        if let Ok(request) = Request::parse(pdu) {
            one_request(server, peer, &request, (security, choice), reply);
        }
        if choice & 0xf8 == 0xf8 && !*replaced {
            let services = if choice & 1 == 0 { SERVICES } else { OTHER_SERVICES };
            assert!(server.replace(services, [peer]).is_ok(), "both tables fit");
            *replaced = true;
        }
        if choice & 0x40 != 0 {
            self.application_looks();
        }
    }

    fn application_looks(&mut self) {
        let Self { server, peer, .. } = self;
        let _ = server.subscribed(peer, &HELD);
        let _ = server.take_appended(&GATHERED, &mut [0; 7]);
        while server.poll_written(peer).is_some() {}
        while server.poll_subscription_change(peer).is_some() {}
        let mut buffer = [0; 23];
        if server.write_service_changed(peer, &mut Writer::new(&mut buffer)) {
            server.service_changed_confirmed(peer);
        }
    }
}

/// Checks that the reply comes and fits the MTU.
fn one_request(
    server: &mut Server,
    peer: &mut Peer,
    request: &Request<'_>,
    (security, choice): (Security, u8),
    reply: &mut [u8],
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
    let mut w = Writer::new(reply);
    w.limit(usize::from(choice).max(23));
    let replied = server.poll_reply(peer, request, &value, &mut w);
    assert!(replied && !peer.has_pending_reply() && !peer.awaits_answer(), "a request is answered");
}
