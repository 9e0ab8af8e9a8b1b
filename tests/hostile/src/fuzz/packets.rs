//! The grammar: packets that peers, the radio and the controller send by themselves.

use bindrune::Address;

use super::{
    controller::{Controller, FIRST, Link, handle},
    numbered,
    peers::{Channel, PEERS, PSM, Peer, address},
    reach::reached,
    step::Bytes,
};

impl Controller {
    /// Connects a central, if the host advertises.
    pub(crate) fn central(&mut self, peer: u8, how: u8) {
        let number = peer % PEERS;
        let on = |set: &usize| self.advertising[*set] == Some(true);
        let mut sets = (0..4).filter(on);
        let set = if how & 1 == 0 { sets.next() } else { sets.next_back() };
        let (Some(set), Some(slot)) = (set, self.free_slot(number)) else { return };
        self.advertising[set] = None;
        let terminated = {
            let [low, high] = handle(slot).to_le_bytes();
            [0x12, 0, set as u8, low, high, 1]
        };
        // Some controllers report the end of the set before the link.
        let before = how & 0x0e == 0x0e;
        if self.setup.extended && before {
            self.le_event(&terminated);
        }
        self.link_up(slot, Peer::new(number, true), false);
        if self.setup.extended && !before {
            self.le_event(&terminated);
        }
        if self.setup.habits & 8 == 0 {
            let [low, high] = self.cccd.to_le_bytes();
            self.say(slot, 4, &[0x12, low, high, 1 + (how >> 4 & 1), 0]);
        }
    }

    /// Lets the peer answer that the host connects to, or fails the attempt.
    pub(crate) fn peripheral(&mut self, peer: u8, how: u8) {
        if !self.initiating {
            return;
        }
        if how > 230 {
            return self.initiation_failed([0x3e, 0x0c, 0x09, 0x1f][usize::from(how & 3)]);
        }
        let number = match self.target {
            Some(target) => (0..PEERS).find(|&number| address(number) == target),
            None => Some(peer % PEERS),
        };
        let Some((number, slot)) = number.and_then(|n| Some((n, self.free_slot(n)?))) else {
            return;
        };
        self.initiating = false;
        self.link_up(slot, Peer::new(number, false), true);
        if how > 200 {
            self.end_link(slot, 0x3e);
        }
    }

    /// Reports an advertiser.
    pub(crate) fn report(&mut self, peer: u8, how: u8) {
        if !self.scanning {
            return;
        }
        let from = address(peer % PEERS);
        let data = [2, 1, 6, 5, 9, b'p', b'e', b'e', b'r', how, how];
        let data = &data[..9 + usize::from(how & 2)];
        if self.setup.extended {
            let mut event = vec![0x0d, 1, 0x13, 0, from.hci_kind()];
            event.extend(from.octets());
            event.extend([1, 0, 0xff, 0x7f, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, data.len() as u8]);
            event.extend(data);
            self.le_event(&event);
        } else {
            let kind = [0, 2, 3, 4][usize::from(how >> 6)];
            let mut event = vec![2, 1, kind, from.hci_kind()];
            event.extend(from.octets());
            event.push(data.len() as u8);
            event.extend(data);
            event.push(0xc0);
            self.le_event(&event);
        }
    }

    /// Sends an ATT PDU of a client or a server, well formed or almost.
    pub(crate) fn att(&mut self, slot: usize, octets: &Bytes) {
        const OPCODES: [u8; 20] = [
            0x0a, 0x08, 0x04, 0x10, 0x06, 0x0c, 0x12, 0x52, 0x16, 0x18, 0x1b, 0x1d, 0x02, 0x0e,
            0x20, 0x12, 0x52, 0x23, 0x1e, 0xd2,
        ];
        if self.links[slot].is_none() {
            return;
        }
        let [what, how, a, b, rest @ ..] = *octets;
        let code = OPCODES[usize::from(what) % OPCODES.len()];
        let attribute = u16::from(a % 40);
        let [low, high] = attribute.to_le_bytes();
        let uuid = [[0x00, 0x28], [0x03, 0x28], [0x02, 0x29], [0x06, 0xff]][usize::from(b & 3)];
        if code == 0x12 && how & 0x10 == 0 {
            let [low, high] = self.cccd.to_le_bytes();
            return self.say(slot, 4, &[code, low, high, 1 + b % 3, 0]);
        }
        if matches!(code, 0x12 | 0x52)
            && how & 0x60 == 0x40
            && self.may_send()
            && (code == 0x52 || self.judge.answered(slot))
            && let Some(Link { peer, .. }) = &self.links[slot]
        {
            let captured = b & 4 != 0;
            let attribute = if captured { self.captured } else { self.asked };
            let [low, high] = attribute.to_le_bytes();
            let mut pdu = vec![code, low, high];
            pdu.extend(numbered::value(if captured { peer.captured } else { peer.stream }));
            return self.say(slot, 4, &pdu);
        }
        let mut pdu = vec![code];
        match code {
            0x02 => pdu.extend([a, b & 1]),
            0x04 => pdu.extend([low, high, 0xff, 0xff]),
            0x06 => pdu.extend([low, high, 0xff, 0xff, 0, 0x28, 0, 0xff]),
            0x08 | 0x10 => pdu.extend([low, high, 0xff, 0xff, uuid[0], uuid[1]]),
            0x0a => pdu.extend([low, high]),
            0x0c => pdu.extend([low, high, b, 0]),
            0x0e | 0x20 => pdu.extend([low, high, b % 40, 0]),
            0x16 => pdu.extend([low, high, b, 0]),
            0x18 => pdu.push(b & 1),
            0x23 => pdu.extend([low, high, 1, 0, a, 3, 0, 1, 0, b]),
            0x1e => {}
            _ => pdu.extend([low, high, b & 3]),
        }
        if matches!(code, 0x12 | 0x52 | 0x16 | 0x1b | 0x1d | 0xd2) {
            pdu.extend(rest.iter().cycle().take(usize::from(how) & 0x7f));
        }
        match how >> 5 {
            6 => pdu.truncate(usize::from(how & 7)),
            7 => pdu.push(how),
            _ => {}
        }
        self.say_in_parts(slot, 4, &pdu, rest[8]);
    }

    /// Sends a frame in one ACL packet, or in several.
    fn say_in_parts(&mut self, slot: usize, cid: u16, payload: &[u8], cut: u8) {
        if cut < 0xc0 {
            return self.say(slot, cid, payload);
        }
        let mut frame = (payload.len() as u16).to_le_bytes().to_vec();
        frame.extend(cid.to_le_bytes());
        frame.extend(payload);
        let parts = frame.chunks(1 + usize::from(cut & 0x1f));
        for (n, part) in parts.enumerate() {
            let flags = if n == 0 { 0x2000 } else { 0x1000 };
            self.send_data(acl(handle(slot) | flags, part));
        }
    }

    /// Sends a signalling PDU.
    pub(crate) fn signal(&mut self, slot: usize, octets: &Bytes) {
        if !self.may_send() {
            return;
        }
        let [_, id, _, _, rest @ ..] = *octets;
        let id = id | 1;
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        let (code, body) = signal_body(peer, octets);
        let mut pdu = vec![code, id, body.len() as u8, 0];
        pdu.extend(body);
        if rest[1] > 240 {
            pdu.truncate(usize::from(rest[1] & 7));
        }
        self.say_in_parts(slot, 5, &pdu, rest[2]);
    }

    /// Sends a frame on a channel: mostly within its credits, and mostly a whole SDU.
    pub(crate) fn channel_frame(&mut self, slot: usize, octets: &Bytes) {
        if !self.may_send() {
            return;
        }
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        let [which, how, len, ..] = *octets;
        let count = peer.channels.len().max(1);
        let Some(channel) = peer.channels.get_mut(usize::from(which) % count) else { return };
        if channel.host == 0 || channel.credits == 0 && how < 250 {
            return;
        }
        reached("a frame on a channel to the host");
        channel.credits = channel.credits.saturating_sub(1);
        let (cid, len) = (channel.host, u16::from(len % 62));
        let mut payload = len.to_le_bytes().to_vec();
        if how & 0x30 == 0x30 {
            // This is not a whole SDU; the start of the next SDU is unknown afterwards.
            channel.stream = None;
            let cut = if how & 1 == 0 { len / 2 } else { len + 1 };
            payload.extend(octets.iter().cycle().take(cut.into()));
        } else if let Some(stream) = channel.stream {
            payload = 6_u16.to_le_bytes().to_vec();
            payload.extend(numbered::value(stream));
        } else {
            payload.extend(octets.iter().cycle().take(len.into()));
        }
        self.say(slot, cid, &payload);
    }

    /// Grants credits to the host on a channel.
    pub(crate) fn credits(&mut self, slot: usize, count: u8) {
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        let Some(channel) = peer.channels.get(usize::from(count >> 5)).copied() else { return };
        let [low, high] = channel.peer.to_le_bytes();
        self.say(slot, 5, &[0x16, count | 1, 4, 0, low, high, 1 + (count & 7), 0]);
    }

    /// Encrypts with the peer's key.
    pub(crate) fn encrypt(&mut self, slot: usize) {
        if self.links[slot].as_ref().is_some_and(|link| !link.central) {
            self.ask_for_key(slot);
        }
    }

    /// Changes the automatic answers of a peer.
    pub(crate) fn set_manners(&mut self, slot: usize, how: u8) {
        let Some(Link { peer, .. }) = self.links[slot].as_mut() else { return };
        peer.manners.att = how & 3 != 0;
        peer.manners.signalling = how & 0x0c != 0;
        peer.manners.pairing = how & 0x30 != 0;
    }

    pub(crate) fn smp(&mut self, slot: usize, octets: &Bytes) {
        if self.links[slot].is_none() {
            return;
        }
        let [code, how, rest @ ..] = *octets;
        let code = code % 0x10;
        let mut pdu = vec![code];
        let len = match code {
            1 | 2 => 6,
            3 | 4 | 6 | 8 | 10 | 13 => 16,
            5 | 11 | 14 => 1,
            7 => 10,
            9 => 7,
            12 => 64,
            _ => usize::from(how & 31),
        };
        pdu.extend(rest.iter().cycle().take(len));
        if let (1 | 2, [_, _, oob, _, size, keys_a, keys_b]) = (code, &mut pdu[..]) {
            *oob = u8::from(*oob > 240);
            *size = if how & 1 == 0 { 16 } else { *size };
            *keys_a &= 3;
            *keys_b &= 3;
        }
        if how > 240 {
            pdu.truncate(usize::from(how & 7));
        }
        self.say(slot, 6, &pdu);
    }

    /// Sends an event of any kind; returns whether it is false about the state of the controller.
    pub(crate) fn any_event(&mut self, code: u8, octets: &Bytes) -> bool {
        const CODES: [u8; 12] =
            [0x05, 0x08, 0x0c, 0x0e, 0x0f, 0x10, 0x13, 0x1a, 0x30, 0x3e, 0x3e, 0x57];
        let code = CODES[usize::from(code) % CODES.len()];
        let [len, mut parameters @ ..] = *octets;
        match code {
            0x3e => parameters[0] %= 0x20,
            0x0e => parameters[0] &= 1,
            0x0f => parameters[1] &= 1,
            _ => {}
        }
        // Use handles of links that may be up.
        let at = match code {
            0x05 | 0x08 | 0x0c | 0x30 | 0x13 => 1,
            0x3e if matches!(parameters[0], 1 | 3 | 4 | 0x0a | 0x0c) => 2,
            0x3e => 1,
            _ => 10,
        };
        parameters[at] = FIRST as u8 | parameters[at] & 3;
        parameters[at + 1] = 0;
        let mut whole = parameters.to_vec();
        whole.resize(parameters.len().max(usize::from(len >> 3)), 0);
        let len = if len & 7 == 7 { usize::from(len >> 3) } else { whole.len() };
        self.event(code, &whole[..len.min(whole.len())]);
        !matches!((code, parameters[0]), (0x57, _) | (0x3e, 2 | 0x0d))
    }

    /// Sends an ACL packet with any flags.
    pub(crate) fn any_acl(&mut self, link: u8, flags: u8, octets: &Bytes) {
        let [_, cid, len, size, rest @ ..] = *octets;
        let mut data = u16::from(len & 0x7f).to_le_bytes().to_vec();
        data.extend([cid % 8, 0]);
        data.extend(rest.iter().cycle().take(usize::from(size & 0x7f)));
        let data = if flags & 0x80 == 0 { &data[..] } else { &data[4..] };
        let header = (FIRST + u16::from(link % 5)) | (u16::from(flags & 0x0f) << 12);
        self.send_data(acl(header, data));
    }

    /// Sends bytes that are no packet.
    pub(crate) fn garbage(&mut self, octets: &Bytes) {
        let [len, ref rest @ ..] = *octets;
        let garbage = &rest[..1 + usize::from(len) % rest.len()];
        self.judge.blind(garbage.len());
        self.out.extend(garbage);
    }
}

/// Returns a signalling PDU's code and the contents after its header.
fn signal_body(peer: &mut Peer, octets: &Bytes) -> (u8, Vec<u8>) {
    let [what, id, a, b, rest @ ..] = *octets;
    let cid = 0x40 + u16::from(a & 7);
    let of = peer.channels.get(usize::from(a) % peer.channels.len().max(1)).copied();
    let mut body = Vec::new();
    let code = match what % 12 {
        0..3 => {
            peer.channels.retain(|channel| channel.request.is_none());
            if rest[1] <= 240 && peer.channels.iter().all(|channel| channel.peer != cid) {
                peer.channels.push(Channel { request: Some(id | 1), ..Channel::new(0, cid, 0) });
            }
            body.extend(PSM.to_le_bytes());
            body.extend(cid.to_le_bytes());
            body.extend([100, 0, 64, 0, b & 7, 0]);
            0x14
        }
        3 => {
            let of = of.map_or(cid, |of| of.peer);
            body.extend(of.to_le_bytes());
            body.extend([b & 7, b >> 7]);
            0x16
        }
        4 | 5 => {
            let of = of.unwrap_or_else(|| Channel::new(cid, cid, 0));
            if rest[1] <= 240 {
                peer.channels.retain(|channel| *channel != of);
            }
            body.extend(of.host.to_le_bytes());
            body.extend(of.peer.to_le_bytes());
            0x06
        }
        6 => {
            body.extend([6, 0, 6 + (a & 3), 0, 0, 0, 100, b]);
            0x12
        }
        7 => {
            body.extend(cid.to_le_bytes());
            body.extend([100, 0, 64, 0, b & 7, 0, rest[0] & 15, 0]);
            0x15
        }
        8 => {
            body.extend(PSM.to_le_bytes());
            body.extend([100, 0, 64, 0, b & 7, 0, 0x48, 0, 0x49, 0]);
            0x17
        }
        9 => {
            body.extend(&rest[..usize::from(b & 7)]);
            a
        }
        10 => {
            body.extend([0, 0]);
            0x13
        }
        _ => {
            body.extend([0, 0, a, 0, b, 0]);
            0x01
        }
    };
    (code, body)
}

fn acl(header: u16, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![2];
    packet.extend(header.to_le_bytes());
    packet.extend((data.len() as u16).to_le_bytes());
    packet.extend(data);
    packet
}

/// Returns the peer in a command to connect, if it names one.
pub(crate) fn target(extended: bool, parameters: &[u8]) -> Option<Address> {
    let named = if extended { parameters.get(2..9) } else { parameters.get(5..12) }?;
    let policy = parameters.get(if extended { 0 } else { 4 })?;
    let octets = named.get(1..)?.first_chunk()?;
    Address::from_hci(named[0] & 1, *octets).filter(|_| *policy == 0)
}
