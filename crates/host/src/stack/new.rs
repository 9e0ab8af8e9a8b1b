//! A new stack, from its parts.

use bindrune_gap::Gap;
use bindrune_gatt::Server;
use bindrune_hci::{
    credits::{AclCredits, Buffers, HostCredits},
    lane::CommandLane,
};
use bindrune_l2cap::{Channels, Listener};
use bindrune_wire::time::Instant;

use super::{
    AppCommand, LISTENERS, Link, Output, PairingSlot, Phase, Receive, Stack, TransmitPackets,
    classic, early, limit, packets, privacy, resetting, security, shutdown, worker,
};
use crate::{Config, stats::Counters, waiters::Ready};

/// The parts of a new [`Stack`].
pub(crate) struct Parts {
    pub(crate) ready: Ready,
    pub(crate) rx: Receive,
    pub(crate) tx: TransmitPackets,
    pub(crate) server: Server,
    pub(crate) channels: Channels,
    pub(crate) config: Config,
    pub(crate) links: &'static mut [Link],
    pub(crate) channel_users: &'static mut [u8],
    pub(crate) gap: Gap,
    pub(crate) app_command: &'static mut [u8],
    pub(crate) bonds: &'static mut [u8],
    pub(crate) pairings: &'static mut [PairingSlot],
    pub(crate) output: Output,
}

impl Stack {
    #[inline(always)]
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            ready: parts.ready,
            rx: parts.rx,
            tx: parts.tx,
            server: parts.server,
            channels: parts.channels,
            config: parts.config,
            links: parts.links,
            channel_users: parts.channel_users,
            listeners: [Listener::FREE; LISTENERS],
            gap: parts.gap,
            lane: CommandLane::new(),
            acl: AclCredits::new(Buffers { len: 0, count: 0 }),
            host_credits: HostCredits::OFF,
            command_due: true,
            answering: false,
            app: AppCommand::new(parts.app_command),
            worker: worker::Worker::new(),
            phase: Phase::Down,
            recovery: resetting::Recovery::new(),
            early: early::Early::NONE,
            shutdown: shutdown::Shutdown::No,
            next_of_shutdown: None,
            stats: Counters::ZERO,
            clock: embassy_time::Instant::MIN,
            now: Instant::ZERO,
            sending: 0,
            machines: 0,
            output: Some(parts.output),
            leaving_links: 0,
            leaving_channels: 0,
            unstamped: 0,
            unstamped_requests: 0,
            last_link: 0,
            commanding: 0,
            last_commanding: 0,
            link_commanded: false,
            limits: limit::Limits::NONE,
            undated: 0,
            interrupted: 0,
            security: security::HostSecurity::new(parts.bonds, parts.pairings),
            privacy: privacy::Privacy::new(parts.config.privacy),
            named: None,
            crowded: false,
            awaiting_packet: packets::AwaitingPacket::NONE,
            unconfirmed: 0,
            full: None,
            waiting_for_room: 0,
            deadline: None,
            classic: classic::Classic::NONE,
        }
    }
}
