//! The peers: their automatic answers.

use bindrune::Address;
use bindrune_smp::Pairing;

use super::{
    controller::{Controller, Link, handle},
    numbered,
};

/// Number of peers.
pub(crate) const PEERS: u8 = 4;

/// The host's PSM, and that of the peers.
pub(crate) const PSM: u16 = 0x80;

/// A peer on a link.
#[derive(Debug)]
pub(crate) struct Peer {
    number: u8,
    pub(crate) machine: Pairing,
    pub(crate) waits_for_passkey: bool,
    pub(crate) manners: Manners,
    /// The host's request that waits for an answer.
    pub(crate) asked: Option<Vec<u8>>,
    pub(crate) channels: Vec<Channel>,
    /// The stream of its numbered values.
    pub(crate) stream: u16,
    /// The stream of those that are captured.
    pub(crate) captured: u16,
}

/// The automatic answers of a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    pub(crate) att: bool,
    pub(crate) signalling: bool,
    pub(crate) pairing: bool,
}

/// A channel, from the peer's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// The identifier of the peer's request until it is answered; the host's CID is 0 during that time.
    pub(crate) request: Option<u8>,
    /// The host's CID, and the peer's.
    pub(crate) host: u16,
    pub(crate) peer: u16,
    /// Number of K-frames that the host allows.
    pub(crate) credits: u32,
    /// The stream of its numbered SDUs, as long as it sends nothing else.
    pub(crate) stream: Option<u16>,
}

impl Channel {
    pub(crate) fn new(host: u16, peer: u16, credits: u32) -> Self {
        Self { request: None, host, peer, credits, stream: Some(numbered::stream()) }
    }
}

impl Peer {
    pub(crate) fn new(number: u8, central: bool) -> Self {
        let manners = Manners { att: true, signalling: true, pairing: true };
        let machine = super::pairing::machine(number, central);
        Self {
            number,
            machine,
            waits_for_passkey: false,
            manners,
            asked: None,
            channels: Vec::new(),
            stream: numbered::stream(),
            captured: numbered::stream(),
        }
    }

    pub(crate) const fn number(&self) -> u8 {
        self.number
    }

    pub(crate) const fn address(&self) -> Address {
        address(self.number)
    }
}

/// Returns the address of a peer.
pub(crate) const fn address(number: u8) -> Address {
    let octets = [number, 0x55, 0x44, 0x33, 0x22, 0xd1];
    if number < 2 { Address::public(octets) } else { Address::random(octets) }
}

impl Controller {
    /// Sends a frame from the peer.
    pub(crate) fn say(&mut self, slot: usize, cid: u16, payload: &[u8]) {
        let mut packet = vec![2];
        packet.extend((handle(slot) | 0x2000).to_le_bytes());
        packet.extend((payload.len() as u16 + 4).to_le_bytes());
        packet.extend((payload.len() as u16).to_le_bytes());
        packet.extend(cid.to_le_bytes());
        packet.extend(payload);
        self.send_data(packet);
    }

    /// Sends an ACL packet if the host has room for it; otherwise the data is lost.
    pub(crate) fn send_data(&mut self, packet: Vec<u8>) {
        if self.may_send() {
            self.send(packet);
        } else {
            numbered::loosen();
        }
    }

    /// Returns whether the host has room for an ACL packet.
    pub(crate) fn may_send(&self) -> bool {
        let held = self.held.iter().filter(|packet| packet[0] == 2).count() as u64;
        !self.flow_on || self.judge.has_room(held)
    }

    /// Handles a frame of the host.
    pub(crate) fn frame(&mut self, slot: usize, frame: &[u8], stale: bool) {
        let [_, _, low, high, ref payload @ ..] = *frame else { return };
        let cid = u16::from_le_bytes([low, high]);
        if !stale {
            self.judge.frame_sent(slot, cid, payload);
        }
        match cid {
            4 => self.att_of_host(slot, payload),
            5 => self.signal_of_host(slot, payload),
            6 => self.smp_of_host(slot, payload),
            _ => {}
        }
    }

    fn att_of_host(&mut self, slot: usize, pdu: &[u8]) {
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        match pdu {
            [0x1d, ..] if peer.manners.att => self.say(slot, 4, &[0x1e]),
            [code, ..] if code & 0x41 == 0 || *code == 0x1d => {
                peer.asked = Some(pdu.to_vec());
                if peer.manners.att {
                    self.answer_att(slot, 0, &[]);
                }
            }
            _ => {}
        }
    }

    /// Answers the host's request, correctly or not.
    pub(crate) fn answer_att(&mut self, slot: usize, how: u8, octets: &[u8]) {
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        let Some(asked) = peer.asked.take() else { return };
        let mut answer = honest(&asked);
        match how {
            0..=150 => {}
            151..=200 => {
                let code = [0x05, 0x0f, 0x0a, 0x01, 0x0c, 0x08, 0x80, 0x0e][usize::from(how & 7)];
                let [low, high] = asked.get(1..3).map_or([0; 2], |w| [w[0], w[1]]);
                answer = vec![1, asked[0], low, high, code];
            }
            201..=220 => answer.truncate(usize::from(how & 7)),
            221..=240 => answer.extend(octets),
            _ => {
                if let (Some(octet), Some(place)) =
                    (octets.first(), octets.get(1).map(|p| usize::from(*p) % answer.len().max(1)))
                    && let Some(at) = answer.get_mut(place)
                {
                    *at ^= octet;
                }
            }
        }
        self.say(slot, 4, &answer);
    }

    fn signal_of_host(&mut self, slot: usize, pdu: &[u8]) {
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        let [code, id, _, _, ref body @ ..] = *pdu else { return };
        let word = |at: usize| body.get(at..at + 2).map_or(0, |w| u16::from_le_bytes([w[0], w[1]]));
        match code {
            // A channel that opened while the host waited no longer has this CID.
            0x14 if peer.manners.signalling && peer.channels.iter().any(|c| c.host == word(2)) => {
                self.say(slot, 5, &[0x15, id, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0]);
            }
            0x14 if peer.manners.signalling => {
                let cid = (0x50..0x60)
                    .find(|cid| peer.channels.iter().all(|channel| channel.peer != *cid))
                    .unwrap_or(0x60);
                let channel = Channel::new(word(2), cid, word(8).into());
                peer.channels.push(channel);
                let mut answer = vec![0x15, id, 10, 0];
                answer.extend(cid.to_le_bytes());
                answer.extend([100, 0, 64, 0, 3, 0, 0, 0]);
                self.say(slot, 5, &answer);
            }
            0x15 if word(8) == 0 => {
                peer.channels.retain(|channel| channel.host != word(0));
                let of = peer.channels.iter_mut().find(|channel| channel.request == Some(id));
                if let Some(channel) = of {
                    channel.request = None;
                    channel.host = word(0);
                    channel.credits = word(6).into();
                }
            }
            0x15 => peer.channels.retain(|channel| channel.request != Some(id)),
            0x16 => {
                if let Some(channel) = peer.channels.iter_mut().find(|c| c.host == word(0)) {
                    channel.credits = channel.credits.saturating_add(word(2).into());
                }
            }
            0x06 => {
                peer.channels.retain(|channel| channel.peer != word(0));
                if !peer.manners.signalling {
                    return;
                }
                let mut answer = vec![0x07, id, 4, 0];
                answer.extend(&body[..4.min(body.len())]);
                self.say(slot, 5, &answer);
            }
            0x12 if peer.manners.signalling => self.say(slot, 5, &[0x13, id, 2, 0, 0, 0]),
            _ => {}
        }
    }
}

/// Returns the answer of a small server: one service, one characteristic that notifies, its configuration.
fn honest(request: &[u8]) -> Vec<u8> {
    let start = request.get(1..3).map_or(0, |w| u16::from_le_bytes([w[0], w[1]]));
    let none = vec![1, request[0], start as u8, (start >> 8) as u8, 0x0a];
    match request[0] {
        0x02 => vec![3, 100, 0],
        0x04 if start <= 4 => vec![5, 1, 4, 0, 0x02, 0x29],
        0x06 if start <= 1 => vec![7, 1, 0, 9, 0],
        0x08 if start <= 2 && request.get(5..7) == Some(&[0x03, 0x28]) => {
            vec![9, 7, 2, 0, 0x3a, 3, 0, 0x19, 0x2a]
        }
        0x08 if start <= 3 && request.get(5..7) != Some(&[0x02, 0x28]) => vec![9, 3, 3, 0, 7],
        0x10 if start <= 1 => vec![0x11, 6, 1, 0, 9, 0, 0, 0xff],
        0x0a => vec![0x0b, 1, 2, 3],
        0x0c => vec![0x0d],
        0x0e => vec![0x0f, 1, 2],
        0x20 => vec![0x21, 1, 0, 1, 1, 0, 2],
        0x12 => vec![0x13],
        0x16 => [&[0x17], &request[1..]].concat(),
        0x18 => vec![0x19],
        0x1d => vec![0x1e],
        _ => none,
    }
}
