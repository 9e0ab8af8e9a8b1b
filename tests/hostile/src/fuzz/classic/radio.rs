//! The radio of BR/EDR: links, pages, inquiries, and data.

use bindrune::Opcode;
use bindrune_wire::time::Instant;

use super::{
    PEERS, SECRET, address,
    modes::Modes,
    number,
    pairing::Pairing,
    peer::{Peer, RFCOMM},
};
use crate::fuzz::{controller::Controller, reach::reached};

/// Maximum number of links.
pub(crate) const SLOTS: usize = 3;
/// The first handle; each link has another one.
const FIRST: u16 = 0x100;
/// Number and length of the ACL buffers of BR/EDR.
const BUFFERS: (u16, u8) = crate::dual::BUFFERS;
/// Packets that a peer sends before it waits for the host.
const BURST: usize = 40;

/// State of BR/EDR in the controller.
#[derive(Default)]
pub(crate) struct Radio {
    pub(crate) links: [Option<Link>; SLOTS],
    next_handle: u16,
    /// Scan_Enable.
    scan: u8,
    pub(super) inquiring: bool,
    pub(super) paging: Option<u8>,
    pub(super) naming: Option<u8>,
    /// Peers whose connection the host has to accept, and whether the link then comes up.
    pub(super) requests: Vec<(u8, bool)>,
    /// Keys that the peers have.
    pub(super) keys: [Option<[u8; 16]>; PEERS as usize],
    pub(super) randoms: u8,
    /// Whether the controller made out-of-band data.
    pub(super) made_oob: bool,
}

impl core::fmt::Debug for Radio {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Radio").finish_non_exhaustive()
    }
}

/// A link.
pub(crate) struct Link {
    pub(crate) handle: u16,
    pub(crate) peer: Peer,
    pub(super) encrypted: bool,
    /// How far the host has read when it knows of the last change of encryption.
    pub(super) changed: u64,
    pub(super) pairing: Pairing,
    /// Packets of the host that the controller holds, and those that the host may still count.
    pub(super) waiting: u16,
    sent: u16,
    pub(super) modes: Modes,
}

impl Radio {
    /// Returns to the initial state; the peers keep their keys, and handles are not used again soon.
    pub(crate) fn reset(&mut self) {
        let (keys, next_handle) = (self.keys, self.next_handle);
        *self = Self { keys, next_handle, ..Self::default() };
    }

    pub(crate) fn slot(&self, handle: u16) -> Option<usize> {
        self.links.iter().position(|link| link.as_ref().is_some_and(|link| link.handle == handle))
    }

    pub(super) fn slot_of(&self, peer: u8) -> Option<usize> {
        self.links.iter().position(|link| link.as_ref().is_some_and(|l| l.peer.number == peer))
    }

    /// Returns a link that is up, if there is one.
    pub(super) fn any(&self, which: u8) -> Option<usize> {
        let up = (0..SLOTS).filter(|&slot| self.links[slot].is_some());
        let place = usize::from(which).checked_rem(up.clone().count())?;
        up.clone().nth(place)
    }

    /// Returns whether a handle is one of BR/EDR.
    pub(crate) const fn is_own(handle: u16) -> bool {
        handle >= FIRST
    }
}

impl Controller {
    /// A peer connects, if this device scans for pages.
    pub(super) fn classic_connects(&mut self, peer: u8, how: u8) {
        let peer = peer % PEERS;
        let radio = &mut self.radio;
        let busy = radio.slot_of(peer).is_some()
            || radio.requests.iter().any(|(of, _)| *of == peer)
            || radio.paging == Some(peer);
        if radio.scan & 2 == 0 || busy || radio.requests.len() >= SLOTS {
            return;
        }
        radio.requests.push((peer, how < 0xe0));
        let event = [&address(peer).octets()[..], &[0x0c, 0x02, 0x5a, 1]].concat();
        self.event(0x04, &event);
    }

    /// The device that the host pages answers, or does not.
    pub(super) fn classic_answers(&mut self, how: u8) {
        let Some(peer) = self.radio.paging else { return };
        if how < 0xd0 {
            self.radio.paging = None;
            self.classic_up(peer, true);
        } else if how < 0xf8 {
            self.radio.paging = None;
            let status = [0x04, 0x0d, 0x10, 0x0f][usize::from(how & 3)];
            self.classic_failed(peer, status);
        }
    }

    pub(super) fn classic_failed(&mut self, peer: u8, status: u8) {
        let event = [&[status, 0, 0][..], &address(peer).octets(), &[1, 0]].concat();
        self.event(0x03, &event);
    }

    /// Brings up a link.
    pub(super) fn classic_up(&mut self, peer: u8, is_own: bool) {
        let free = self.radio.links.iter().position(Option::is_none);
        let Some(slot) = free.filter(|_| self.radio.slot_of(peer).is_none()) else {
            return self.classic_failed(peer, 0x09);
        };
        reached(if is_own { "a link to a peer of BR/EDR" } else { "a link of a peer of BR/EDR" });
        self.radio.next_handle = (self.radio.next_handle + 1) % 0xd00;
        let handle = FIRST + self.radio.next_handle;
        let (low, high) = (handle as u8, (handle >> 8) as u8);
        let event = [&[0, low, high][..], &address(peer).octets(), &[1, 0]].concat();
        self.event(0x03, &event);
        self.radio.links[slot] = Some(Link {
            handle,
            peer: Peer::new(peer),
            encrypted: false,
            changed: 0,
            pairing: Pairing::default(),
            waiting: 0,
            sent: 0,
            modes: Modes::new(is_own),
        });
    }

    /// Ends a link.
    pub(crate) fn classic_end(&mut self, slot: usize, reason: u8) {
        if let Some(link) = self.radio.links[slot].take() {
            let [low, high] = link.handle.to_le_bytes();
            reached("an end of a link of BR/EDR");
            self.event(0x05, &[0, low, high, reason]);
        }
    }

    /// Handles an ACL packet of the host. `exact`: the host had read everything that was sent to it.
    pub(crate) fn classic_data(&mut self, header: u16, data: &[u8], exact: bool) {
        let exact = exact && self.held.is_empty() && !self.judge.is_blind();
        assert!(data.len() <= usize::from(BUFFERS.0), "an ACL packet of {} octets", data.len());
        let Some(slot) = self.radio.slot(header & 0x0fff) else {
            assert!(!exact || self.lied, "data on a link that has ended");
            return;
        };
        let all: u16 = self.radio.links.iter().flatten().map(|link| link.sent).sum();
        assert!(
            all < BUFFERS.1.into() || !exact || self.lied,
            "the host sent an ACL packet of BR/EDR, and the controller has no buffer"
        );
        let (now, read) = (self.now, self.judge.position());
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        link.sent = link.sent.saturating_add(1).min(BUFFERS.1.into());
        link.waiting += 1;
        let used = link.peer.receive(Instant::of(now), header & 0x3000 != 0x1000, data);
        let open = !link.encrypted && read >= link.changed && exact && !self.lied;
        let secret = used.iter().any(|psm| [SECRET.0, RFCOMM.0].contains(psm));
        assert!(!(open && secret), "data or a channel of PSMs {used:x?} without encryption");
        if self.faults.completes {
            self.classic_complete(slot, 1);
        }
        self.classic_flush(slot);
    }

    /// Completes packets of a slot.
    pub(super) fn classic_complete(&mut self, slot: usize, count: u16) {
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        let count = count.min(link.waiting);
        link.waiting -= count;
        let [a, b] = link.handle.to_le_bytes();
        if count > 0 {
            let [low, high] = count.to_le_bytes();
            self.event(0x13, &[1, a, b, low, high]);
        }
    }

    /// Records a packet to the host: completed packets are no longer counted.
    pub(crate) fn classic_injected(&mut self, packet: &[u8]) {
        let [4, 0x13, _, _, ref all @ ..] = *packet else { return };
        for one in all.chunks_exact(4) {
            let handle = u16::from_le_bytes([one[0], one[1]]);
            if let Some(slot) = self.radio.slot(handle)
                && let Some(link) = self.radio.links[slot].as_mut()
            {
                link.sent = link.sent.saturating_sub(u16::from_le_bytes([one[2], one[3]]));
            }
        }
    }

    /// Sends what a peer has to send.
    pub(super) fn classic_flush(&mut self, slot: usize) {
        for _ in 0..BURST {
            if !self.may_send() {
                return;
            }
            let (now, max) = (self.now, 300);
            let Some(link) = self.radio.links[slot].as_mut() else { return };
            let Some((first, data)) = link.peer.transmit(Instant::of(now), max) else { return };
            let header = link.handle | if first { 0x2000 } else { 0x1000 };
            self.send_classic(header, &data);
        }
    }

    pub(super) fn send_classic(&mut self, header: u16, data: &[u8]) {
        let mut packet = vec![2];
        packet.extend(header.to_le_bytes());
        packet.extend((data.len() as u16).to_le_bytes());
        packet.extend(data);
        self.send_data(packet);
    }

    /// Lets the time of all peers pass.
    pub(crate) fn classic_time(&mut self) {
        for slot in 0..SLOTS {
            let now = self.now;
            let Some(link) = self.radio.links[slot].as_mut() else { continue };
            link.peer.time(Instant::of(now));
            self.classic_flush(slot);
        }
    }

    /// Removes all faults of BR/EDR: peers behave, packets are completed, pages fail.
    pub(crate) fn classic_heal(&mut self) {
        self.classic_modes_heal();
        for slot in 0..SLOTS {
            self.classic_complete(slot, u16::MAX);
            if let Some(link) = self.radio.links[slot].as_mut() {
                (link.peer.is_deaf, link.peer.manners) = (false, 0);
            }
        }
        if let Some(peer) = self.radio.paging.take() {
            self.classic_failed(peer, 0x04);
        }
        self.classic_time();
    }

    /// Handles a command that changes the radio, after its answer.
    pub(super) fn classic_radio(&mut self, opcode: Opcode, parameters: &[u8]) {
        let peer = parameters.get(..6).and_then(number);
        match opcode {
            Opcode::WRITE_SCAN_ENABLE => self.radio.scan = parameters.first().copied().unwrap_or(0),
            Opcode::READ_LOCAL_OOB_DATA => self.radio.made_oob = true,
            Opcode::INQUIRY => self.radio.inquiring = true,
            Opcode::INQUIRY_CANCEL => self.radio.inquiring = false,
            Opcode::CREATE_CONNECTION => match peer {
                Some(peer) if self.radio.slot_of(peer).is_none() => self.radio.paging = Some(peer),
                _ => {
                    let event = [&[0x04, 0, 0][..], &parameters[..6], &[1, 0]].concat();
                    self.event(0x03, &event);
                }
            },
            Opcode::CREATE_CONNECTION_CANCEL => {
                if let Some(peer) = self.radio.paging.take() {
                    self.classic_failed(peer, 0x02);
                }
            }
            Opcode::REMOTE_NAME_REQUEST => self.radio.naming = peer,
            Opcode::REMOTE_NAME_REQUEST_CANCEL => {
                if let Some(peer) = self.radio.naming.take() {
                    self.classic_name(peer, 0x02);
                }
            }
            Opcode::ACCEPT_CONNECTION_REQUEST | Opcode::REJECT_CONNECTION_REQUEST => {
                let place = self.radio.requests.iter().position(|(of, _)| Some(*of) == peer);
                let Some(place) = place else { return };
                let (peer, comes) = self.radio.requests.remove(place);
                if opcode == Opcode::REJECT_CONNECTION_REQUEST {
                    self.classic_failed(peer, parameters.get(6).copied().unwrap_or(0x0d));
                } else if comes {
                    self.classic_up(peer, false);
                } else {
                    self.classic_failed(peer, 0x10);
                }
            }
            _ => {}
        }
    }

    pub(super) fn classic_name(&mut self, peer: u8, status: u8) {
        let mut event = [&[status][..], &address(peer).octets(), b"peer"].concat();
        event.resize(255, 0);
        self.event(0x07, &event);
    }
}
