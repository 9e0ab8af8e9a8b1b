mod aware;
mod capture;
mod discover;
mod long_read;
mod model;
mod push;
mod read;
mod security;
mod write;

use std::{boxed::Box, format, string::String, vec, vec::Vec};

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_wire::{Level, Packet, Pool, Slot, Uuid, Writer};

use super::*;
use crate::{
    cccd::Cccd,
    table::{Descriptor, arena_for, peer_arena_for},
};

pub(super) static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
pub(super) static COMMAND: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().write().write_without_response().max_len(64);
static FORMAT: Descriptor = Descriptor::presentation_format(&[4, 0, 0, 0x27, 1, 0, 0]);
pub(super) static STORE: Characteristic = Characteristic::new(Uuid::new_16(0xff02))
    .read()
    .write()
    .write_without_response()
    .indicate()
    .reliable_write()
    .value(b"hello world")
    .max_len(40)
    .user_description("store")
    .descriptors(&[&FORMAT]);
pub(super) static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xff03))
    .read()
    .write()
    .notify()
    .value(b"secret")
    .permission(Level::Encrypted);
pub(super) static BUFFER: Characteristic =
    Characteristic::new(Uuid::new_128(0xb2)).write().write_without_response().append(8);
pub(super) static FIXED: Characteristic =
    Characteristic::new(Uuid::new_16(0xff04)).read().write().value(&[1, 2, 3, 4]).fixed_len();
static BATTERY: Service =
    Service::primary(Uuid::new_16(0x180f), &[&LEVEL, &COMMAND, &STORE, &SECRET]);
pub(super) static SERVICES: &[Service] = &[
    BATTERY,
    Service::primary(Uuid::new_128(0xb1), &[&BUFFER, &FIXED]).includes(&[&BATTERY]),
    Service::secondary(Uuid::new_16(0xff10), &[]),
    Service::primary(Uuid::new_16(0x181f), &[]),
];

/// Room for prepared writes in each peer's share.
const PREPARE: usize = 100;

/// A server, one peer, and an application that answers with the test's data.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) peer: Peer,
    pub(super) security: Security,
    pub(super) mtu: usize,
    /// The application's answer to a read.
    pub(super) app_value: Vec<u8>,
    /// The error that the application answers with instead.
    pub(super) app_error: Option<ErrorCode>,
    /// The questions to the application.
    pub(super) asked: Vec<String>,
    pool: Pool,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(SERVICES)
    }

    pub(super) fn with(services: &'static [Service]) -> Self {
        let mut gap = GapConfig::new("unit");
        gap.appearance = 0x0341;
        let arena = leak(arena_for(services) + 100);
        let share = peer_arena_for(services, PREPARE);
        Self {
            server: Server::new(services, &gap, arena, share).unwrap(),
            peer: Peer::new(leak(share)),
            security: Security::OPEN,
            mtu: 23,
            app_value: b"app".into(),
            app_error: None,
            asked: vec![],
            pool: Pool::new(Box::leak(Box::new([Slot::EMPTY; 1])), leak(64), 64),
        }
    }

    /// Returns the reply to a request, driven as a host does it.
    pub(super) fn asks(&mut self, pdu: &[u8]) -> Vec<u8> {
        self.asks_with(pdu, true)
    }

    pub(super) fn asks_with(&mut self, pdu: &[u8], with_packet: bool) -> Vec<u8> {
        let request = Request::parse(pdu).unwrap();
        let mut packet = self.pool.take(0).unwrap();
        let mut verdict = self.server.handle_request(&mut self.peer, &request, self.security);
        while let Verdict::Ask(ask) = verdict {
            assert!(self.peer.awaits_answer() && !self.poll(&request, &[]).0);
            let value = self.server.asked_value(&self.peer, &request);
            self.asked.push(format!("{} {:?} {:02x?}", ask.handle, ask.kind, value));
            let answer = match (self.app_error, ask.kind) {
                (Some(code), _) => Answer::Reject(code),
                (None, AskKind::Read { .. }) => Answer::Value(&self.app_value),
                (None, AskKind::Write { .. }) => Answer::Accept,
            };
            let collected = with_packet.then_some(&mut packet);
            verdict = self.server.handle_answer(&mut self.peer, &request, answer, collected);
        }
        assert!(self.peer.has_pending_reply());
        let (written, reply) = self.poll(&request, &self.reply_value(&request, &packet));
        assert!(written && reply.len() <= self.mtu && !self.peer.has_pending_reply());
        self.pool.give(packet);
        reply
    }

    pub(super) fn commands(&mut self, pdu: &[u8]) -> Option<String> {
        let command = Command::parse(pdu).unwrap();
        let ask = self.server.handle_command(&mut self.peer, &command, self.security);
        ask.map(|ask| format!("{} {:?}", ask.handle, ask.kind))
    }

    fn reply_value(&self, request: &Request<'_>, collected: &Packet) -> Vec<u8> {
        let multiple =
            matches!(request, Request::ReadMultiple { .. } | Request::ReadMultipleVariable { .. });
        if multiple { collected.bytes().into() } else { self.app_value.clone() }
    }

    fn poll(&mut self, request: &Request<'_>, value: &[u8]) -> (bool, Vec<u8>) {
        let mut buffer = vec![0; 600];
        let mut w = Writer::new(&mut buffer);
        w.limit(self.mtu);
        let written = self.server.poll_reply(&mut self.peer, request, value, &mut w);
        (written, w.written().into())
    }
}

pub(super) fn leak(len: usize) -> &'static mut [u8] {
    vec![0; len].leak()
}

#[test]
fn sizes_that_are_too_small_are_reported() {
    let gap = GapConfig::new("unit");
    let share = peer_arena_for(SERVICES, 0);
    let needed = arena_for(SERVICES);
    assert!(Server::new(SERVICES, &gap, leak(needed), share).is_ok());
    let error = Server::new(SERVICES, &gap, leak(needed - 1), share).unwrap_err();
    assert_eq!(error, TableError::Arena { needed, available: needed - 1 });
    let error = Server::new(SERVICES, &gap, leak(needed), share - 1).unwrap_err();
    assert_eq!(error, TableError::PeerArena { needed: share, available: share - 1 });
    let gap = GapConfig::new(core::str::from_utf8(&[b'x'; 65]).unwrap());
    let error = Server::new(SERVICES, &gap, leak(needed), share).unwrap_err();
    assert_eq!(error, TableError::DeviceNameTooLong { have: 65, max: 64 });
}

#[test]
fn a_new_link_starts_without_the_state_of_the_last_one() {
    let mut world = World::new();
    world.asks(&[0x12, 21, 0, 1, 0]);
    world.asks(&[0x12, 15, 0, 1]);
    world.asks(&[0x16, 25, 0, 0, 0, 1]);
    world.peer.reset();
    assert_eq!(world.server.subscribed(&world.peer, &LEVEL), Cccd::empty());
    assert_eq!(world.peer.client_features(), 0);
    assert!(world.server.poll_subscription_change(&mut world.peer).is_none());
    assert_eq!(world.asks(&[0x18, 1]), [0x19]);
    assert_eq!(world.server.value(&STORE), Ok(b"hello world".as_slice()));
}
