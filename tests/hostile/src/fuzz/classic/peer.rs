//! A peer of BR/EDR on one link: its L2CAP, and its application.

use std::cell::RefCell;

use bindrune::ClassicMode as Mode;
use bindrune_l2cap::{
    LinkId,
    classic::{Channel, ChannelConfig, Channels, ConnectionResult, EchoOutcome, Link, Psm, Signal},
};
use bindrune_wire::time::Instant;

use super::{
    OPEN, SECRET,
    serial::Serial,
    signs::{datagram, in_mode, is_loose, loosen},
};
use crate::fuzz::{numbered, reach::reached};

const SLOTS: usize = 5;
const RING: usize = 1400;
/// The identity of the one link of an end; it says nothing.
const LINK: LinkId = LinkId(0);
const SDP: Psm = Psm(1);
pub(super) const RFCOMM: Psm = Psm(3);

thread_local! {
    /// Memory of channels that later links use.
    static SPARE: RefCell<Vec<Channels>> = const { RefCell::new(Vec::new()) };
}

/// A peer on one link.
pub(crate) struct Peer {
    pub(crate) number: u8,
    link: Link,
    /// `None` after the end.
    channels: Option<Channels>,
    pub(super) users: [User; SLOTS],
    pub(super) serial: Serial,
    /// Whether it handles nothing.
    pub(super) is_deaf: bool,
    /// How it treats requests for channels: accepts, leaves, or refuses them.
    pub(super) manners: u8,
    /// Whether the link was encrypted, and is so no longer.
    pub(super) lost_encryption: bool,
}

/// What the peer knows of one of its channels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct User {
    pub(super) psm: u16,
    pub(super) is_open: bool,
    /// The numbered values that it sends.
    stream: u16,
}

impl Peer {
    pub(super) fn new(number: u8) -> Self {
        let memory = || Box::leak(vec![0; RING].into_boxed_slice());
        let channels = SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| {
            let slots: Vec<_> = (0..SLOTS).map(|_| Channel::new(memory(), memory())).collect();
            Channels::new(slots.leak())
        });
        Self {
            number,
            link: Link::new(LINK),
            channels: Some(channels),
            users: [User::default(); SLOTS],
            serial: Serial::new(),
            is_deaf: false,
            manners: 0,
            lost_encryption: false,
        }
    }

    fn channels(&mut self) -> &mut Channels {
        self.channels.as_mut().unwrap()
    }

    /// Takes an ACL packet of the host. Returns the PSMs of the channels that opened, and on which data arrived.
    pub(super) fn receive(&mut self, now: Instant, first: bool, data: &[u8]) -> Vec<u16> {
        if self.is_deaf {
            // RFCOMM does not repeat what it loses.
            loosen();
            return Vec::new();
        }
        let channels = self.channels.as_mut().unwrap();
        self.link.start(first, data.len(), channels);
        self.link.push(data, channels);
        self.link.end(now, channels);
        self.settle(now)
    }

    pub(super) fn time(&mut self, now: Instant) {
        self.link.handle_timeout(now, self.channels.as_mut().unwrap());
        self.serial.time(now);
        self.settle(now);
    }

    /// Returns the next ACL packet.
    pub(super) fn transmit(&mut self, now: Instant, max: usize) -> Option<(bool, Vec<u8>)> {
        let mut buffer = [0; 400];
        self.serve_serial(now);
        let channels = self.channels.as_mut().unwrap();
        let fragment = self.link.poll_transmit(now, max, channels, &mut buffer)?;
        self.settle(now);
        Some((fragment.first, buffer[..fragment.len].to_vec()))
    }

    /// Handles everything that L2CAP reports.
    fn settle(&mut self, now: Instant) -> Vec<u16> {
        let mut used = Vec::new();
        while let Some(signal) = self.link.poll_signal(self.channels.as_mut().unwrap()) {
            match signal {
                Signal::Requested { channel, psm } => self.requested(now, channel, psm),
                Signal::Opened(channel) => {
                    let psm = self.channels().get(channel).map_or(0, |c| c.psm().0);
                    let stream = numbered::stream();
                    self.users[channel] = User { psm, is_open: true, stream };
                    reached(in_mode(
                        self.mode(channel),
                        [
                            "a channel of BR/EDR, basic",
                            "a channel of BR/EDR, enhanced",
                            "a channel of BR/EDR, streaming",
                        ],
                    ));
                    used.push(psm);
                    if psm == RFCOMM.0 {
                        self.serial.opened(now, channel);
                    }
                }
                Signal::Readable(channel) => {
                    used.push(self.users[channel].psm);
                    self.read(now, channel);
                }
                Signal::Closed(channel, _) => {
                    self.users[channel].is_open = false;
                    self.serial.closed(channel);
                    self.channels().release(now, channel);
                }
                Signal::Echoed(outcome) => {
                    let answered = outcome == EchoOutcome::Answered;
                    assert!(answered || outcome == EchoOutcome::Timeout || is_loose());
                    reached(if answered { "an echo of a peer" } else { "an echo that is lost" });
                    self.link.stop_echo();
                }
                Signal::Reconfigured(_) | Signal::Writable(_) => {}
            }
        }
        // Channels that close acknowledge data while their own last data leaves, without a signal.
        for channel in 0..SLOTS {
            if self.users[channel].is_open {
                self.read(now, channel);
            }
        }
        used
    }

    fn mode(&self, channel: usize) -> Mode {
        let channel = self.channels.as_ref().and_then(|channels| channels.get(channel));
        channel.map_or(Mode::BASIC, |channel| channel.agreement().mode)
    }

    fn requested(&mut self, now: Instant, channel: usize, psm: Psm) {
        let config = match self.manners & 3 {
            0 | 1 => ChannelConfig::BASIC,
            2 => ChannelConfig { is_mode_required: false, ..ChannelConfig::ENHANCED },
            _ => ChannelConfig::STREAMING,
        };
        let config = if matches!(psm, SDP | RFCOMM) { ChannelConfig::BASIC } else { config };
        let known = [SDP.0, RFCOMM.0, OPEN.0, SECRET.0].contains(&psm.0);
        let manners = self.manners >> 4;
        let channels = self.channels();
        let _decided = match manners {
            14 => return,
            15 => channels.refuse(channel, ConnectionResult::NO_RESOURCES),
            _ if known => channels.accept(now, channel, config),
            _ => channels.refuse(channel, ConnectionResult::PSM_NOT_SUPPORTED),
        };
        let accepted = self.channels().get(channel).map_or(0, |c| c.psm().0);
        self.users[channel].psm = accepted;
        if manners == 13 {
            // It changes its mind at once.
            self.channels().disconnect(now, channel);
        }
    }

    /// Reads the datagrams of a channel.
    fn read(&mut self, now: Instant, channel: usize) {
        while let Some(datagram) = self.channels().received(channel).map(<[u8]>::to_vec) {
            self.channels().consume(channel);
            match self.users[channel].psm {
                1 if datagram.first() == Some(&3) => reached("a response of SDP"),
                1 => self.answer_search(channel, &datagram),
                3 => self.serial.handle(now, &datagram),
                _ => {
                    let mode = self.mode(channel);
                    reached(in_mode(
                        mode,
                        [
                            "a datagram of the host, basic",
                            "a datagram of the host, enhanced",
                            "a datagram of the host, streaming",
                        ],
                    ));
                    let whole = mode == Mode::ENHANCED_RETRANSMISSION;
                    if whole && !numbered::is_loose() {
                        reached("a datagram of the host that must not be lost");
                    }
                    numbered::received(&datagram, whole);
                }
            }
        }
    }

    /// Answers the host's search: no record, or one that lies.
    fn answer_search(&mut self, channel: usize, request: &[u8]) {
        let [6, high, low, ..] = *request else { return };
        let answer: &[u8] = match self.manners >> 2 & 3 {
            0 | 1 => &[0, 5, 0, 2, 0x35, 0, 0],
            2 => &[0, 6, 0, 1, 0x35, 2, 0xaa, 0xbb],
            _ => &[0, 5, 0, 9, 0x35, 0x77, 0],
        };
        let answer = [&[7, high, low], answer].concat();
        let _sent = self.channels().send(channel, &answer);
    }

    pub(super) fn echo(&mut self, now: Instant, len: u8) {
        let _busy = self.link.echo(now, &[len; 31][..usize::from(len.min(31))]);
    }

    /// Carries the frames of RFCOMM to their channel.
    fn serve_serial(&mut self, now: Instant) {
        let Some(channel) = self.serial.channel() else { return };
        let channels = self.channels.as_mut().unwrap();
        while channels.get(channel).is_some_and(|c| c.transfer().can_send(400).is_ok()) {
            let Some(frame) = self.serial.transmit(now) else { return };
            let _sent = channels.send(channel, &frame);
        }
    }

    /// Requests a channel.
    pub(super) fn open(&mut self, now: Instant, how: u8) {
        let config = match how >> 2 & 3 {
            0 | 1 => ChannelConfig::BASIC,
            2 => ChannelConfig::ENHANCED,
            _ => ChannelConfig::STREAMING,
        };
        let psm = [OPEN.0, SECRET.0, SDP.0, SECRET.0][usize::from(how & 3)];
        let config = if psm == SDP.0 { ChannelConfig::BASIC } else { config };
        let config = ChannelConfig { fcs: how & 0x10 == 0, ..config };
        if let Ok(channel) = self.channels().connect(now, LINK, Psm(psm), config) {
            self.users[channel] = User { psm, is_open: false, stream: 0 };
        }
    }

    /// Requests the channel of RFCOMM, if there is none.
    pub(super) fn open_serial(&mut self, now: Instant) {
        if self.serial.channel().is_none()
            && let Ok(channel) = self.channels().connect(now, LINK, RFCOMM, ChannelConfig::BASIC)
        {
            self.users[channel] = User { psm: RFCOMM.0, is_open: false, stream: 0 };
            self.serial.requested(channel);
        }
    }

    /// Sends a datagram on one of the open channels: numbered, or a search.
    pub(super) fn send(&mut self, which: u8, len: u8) {
        let open = (0..SLOTS).filter(|&n| self.users[n].is_open && self.users[n].psm != 3);
        let count = open.clone().count();
        let Some(place) = usize::from(which).checked_rem(count) else { return };
        let Some(channel) = open.clone().nth(place) else { return };
        let User { psm, stream, .. } = self.users[channel];
        let datagram = if psm == SDP.0 {
            let search = [2, 0, len, 0, 8, 0x35, 3, 0x19, 0x11, 1, 0, 5, 0];
            search.to_vec()
        } else {
            let len = usize::from(len) * if which & 0x80 == 0 { 1 } else { 3 };
            let longest = self.channels().get(channel).map_or(0, |c| c.transfer().longest());
            let can = self
                .channels()
                .get(channel)
                .is_some_and(|c| c.transfer().can_send(len.max(6)).is_ok());
            if !can {
                return;
            }
            datagram(stream, len.min(longest.into()), self.lost_encryption)
        };
        let _sent = self.channels().send(channel, &datagram);
    }

    /// Closes a channel.
    pub(super) fn close(&mut self, now: Instant, which: u8) {
        self.channels().disconnect(now, usize::from(which) % SLOTS);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let Some(mut channels) = self.channels.take() else { return };
        self.link.end_link(&mut channels);
        while self.link.poll_signal(&mut channels).is_some() {}
        for channel in 0..SLOTS {
            channels.release(Instant::ZERO, channel);
        }
        if channels.free() == SLOTS && !std::thread::panicking() {
            SPARE.with_borrow_mut(|spare| spare.push(channels));
        }
    }
}
