//! The controller: answers commands at once, and passes data to the other host.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, task::Waker};

use crate::classic::{self, Pairing};

/// LE ACL data buffers: their bytes and their number.
const BUFFERS: (u16, u8) = (251, 12);
/// Handle of the first link, which is the only link of two hosts.
pub(crate) const HANDLE: u16 = 0x40;
/// LE ACL data buffers for the links to many peers.
const BUFFERS_OF_MANY: u8 = 64;

/// [Vol 4] Part A, 2.
const ACL: u8 = 0x02;
pub(crate) const EVENT: u8 = 0x04;

const COMMAND_COMPLETE: u8 = 0x0e;
pub(crate) const COMMAND_STATUS: u8 = 0x0f;
const COMPLETED_PACKETS: u8 = 0x13;
const READ_REMOTE_VERSION_COMPLETE: u8 = 0x0c;
const LE_META: u8 = 0x3e;

/// Bits of Read Local Supported Commands, by byte and bit, that a 4.2 host needs for legacy advertising and
/// connections.
const SUPPORTED: [(usize, u8); 28] = [
    (0, 5),
    (2, 7),
    (5, 6),
    (5, 7),
    (14, 3),
    (14, 5),
    (15, 1),
    (25, 0),
    (25, 1),
    (25, 2),
    (25, 4),
    (25, 5),
    (25, 6),
    (25, 7),
    (26, 0),
    (26, 1),
    (26, 2),
    (26, 3),
    (26, 4),
    (26, 5),
    (26, 6),
    (26, 7),
    (27, 0),
    (27, 1),
    (27, 2),
    (27, 3),
    (27, 7),
    (28, 3),
];

/// The controller of both hosts; tasks of one thread share it.
pub type Shared = Rc<RefCell<Controller>>;

/// Two hosts, and the packets on their way to them.
#[derive(Debug, Default)]
pub struct Controller {
    sides: [Side; 2],
    /// Number of packets taken from both.
    taken: u64,
    /// Peers without a host, if there is only one host.
    peers: Option<Peers>,
    /// Whether it also has BR/EDR, and the pairing of that.
    is_dual: bool,
    pub(crate) pairing: Pairing,
}

/// Peers that answer the MTU exchange, and take everything else.
#[derive(Debug, Default)]
struct Peers {
    links: u16,
    received: u64,
}

/// One host.
#[derive(Debug, Default)]
struct Side {
    /// Whole packets for the host.
    queue: VecDeque<Vec<u8>>,
    /// Memory of packets that the host has taken.
    free: Vec<Vec<u8>>,
    waker: Option<Waker>,
    advertising: bool,
    connecting: bool,
    /// Own_Address_Type of what it advertises or connects with.
    kind: u8,
    random_address: [u8; 6],
}

impl Controller {
    /// Returns a controller without hosts.
    #[must_use]
    pub fn shared() -> Shared {
        Rc::default()
    }

    /// Creates a controller with LE and BR/EDR, without hosts.
    #[must_use]
    pub fn dual() -> Shared {
        Rc::new(RefCell::new(Self { is_dual: true, ..Self::default() }))
    }

    /// Creates a controller for host 0 only, which finds a peer without a host at each address that it connects to.
    #[must_use]
    pub fn with_peers() -> Shared {
        Rc::new(RefCell::new(Self { peers: Some(Peers::default()), ..Self::default() }))
    }

    /// Returns the number of packets that the peers have received.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.peers.as_ref().map_or(0, |peers| peers.received)
    }

    /// Sends an L2CAP PDU from the peer of link number `link`, counted from 0.
    pub fn push(&mut self, link: u16, pdu: &[u8]) {
        let [low, high] = (HANDLE + link).to_le_bytes();
        let [len_low, len_high] = (pdu.len() as u16).to_le_bytes();
        self.send(0, &[ACL, low, high | 0x20, len_low, len_high]).extend_from_slice(pdu);
    }

    /// Takes a packet from the host `side`, and returns how many it has taken from both.
    pub(crate) fn handle(&mut self, side: usize, packet: &[u8]) -> u64 {
        if packet.first() == Some(&ACL) {
            self.handle_data(side, packet);
        } else if let [_, low, high, _, parameters @ ..] = packet {
            self.handle_command(side, u16::from_le_bytes([*low, *high]), parameters);
        }
        self.taken += 1;
        self.taken
    }

    /// Returns a packet for the host `side`, or `None`, and then wakes `waker` when there is one.
    pub(crate) fn poll(&mut self, side: usize, waker: &Waker) -> Option<Vec<u8>> {
        let side = &mut self.sides[side];
        let packet = side.queue.pop_front();
        if packet.is_none() {
            side.waker = Some(waker.clone());
        }
        packet
    }

    /// Takes the memory of a packet for reuse.
    pub fn recycle(&mut self, side: usize, packet: Vec<u8>) {
        self.sides[side].free.push(packet);
    }

    pub(crate) fn send(&mut self, side: usize, bytes: &[u8]) -> &mut Vec<u8> {
        let side = &mut self.sides[side];
        let mut packet = side.free.pop().unwrap_or_default();
        packet.clear();
        packet.extend_from_slice(bytes);
        side.queue.push_back(packet);
        if let Some(waker) = side.waker.take() {
            waker.wake();
        }
        let last = side.queue.len() - 1;
        &mut side.queue[last]
    }

    /// Passes data to the other host, marked as the start of a PDU, and completes it.
    fn handle_data(&mut self, side: usize, packet: &[u8]) {
        let handle = [packet[1], packet[2] & 0x0f];
        let completed = [EVENT, COMPLETED_PACKETS, 5, 1, handle[0], handle[1], 1, 0];
        if let Some(peers) = &mut self.peers {
            peers.received += 1;
            self.send(side, &completed);
            // Exchange MTU Request: the peer's is 247, too.
            if packet.get(7..10) == Some(&[4, 0, 0x02]) {
                self.push(u16::from_le_bytes(handle) - HANDLE, &[3, 0, 4, 0, 0x03, 247, 0]);
            }
            return;
        }
        let arriving = self.send(1 - side, packet);
        if (arriving[2] >> 4) & 3 == 0 {
            arriving[2] |= 0x20;
        }
        self.send(side, &completed);
    }

    fn handle_command(&mut self, side: usize, opcode: u16, parameters: &[u8]) {
        if self.is_dual && self.handle_classic(side, opcode, parameters) {
            return;
        }
        let status = |controller: &mut Self| {
            let [low, high] = opcode.to_le_bytes();
            controller.send(side, &[EVENT, COMMAND_STATUS, 4, 0, 1, low, high]);
        };
        match opcode {
            // LE Set Random Address, LE Set Advertising Parameters, LE Set Advertising Enable, LE Create Connection.
            0x2005 => {
                self.sides[side].random_address.copy_from_slice(parameters);
                self.complete(side, opcode, &[0]);
            }
            0x2006 => {
                self.sides[side].kind = parameters[5];
                self.complete(side, opcode, &[0]);
            }
            0x200a => {
                self.sides[side].advertising = parameters == [1];
                self.complete(side, opcode, &[0]);
                self.connect();
            }
            0x200d => {
                self.sides[side].connecting = true;
                self.sides[side].kind = parameters[12];
                status(self);
                self.connect_peer(parameters);
                self.connect();
            }
            // LE Read Remote Features, Read Remote Version Information.
            0x2016 => {
                status(self);
                let features = [EVENT, LE_META, 12, 4, 0, parameters[0], parameters[1]];
                self.send(side, &[&features[..], &[0; 8]].concat());
            }
            0x041d => {
                status(self);
                let version = [8, 0, parameters[0], parameters[1], 12, 0xff, 0xff, 0, 0];
                self.send(side, &[&[EVENT, READ_REMOTE_VERSION_COMPLETE][..], &version].concat());
            }
            // LE Read Buffer Size.
            0x2002 => {
                let (octets, number) = BUFFERS;
                let [low, high] = octets.to_le_bytes();
                let number = if self.peers.is_some() { BUFFERS_OF_MANY } else { number };
                self.complete(side, opcode, &[0, low, high, number]);
            }
            _ => self.complete(side, opcode, &returned(opcode, side, self.is_dual)),
        }
    }

    pub(crate) fn complete(&mut self, side: usize, opcode: u16, returned: &[u8]) {
        let [low, high] = opcode.to_le_bytes();
        let head = [EVENT, COMMAND_COMPLETE, 3 + returned.len() as u8, 1, low, high];
        self.send(side, &[&head[..], returned].concat());
    }

    /// Connects the only host with the peer that LE Create Connection names.
    fn connect_peer(&mut self, parameters: &[u8]) {
        let Some(peers) = &mut self.peers else { return };
        let [low, high] = (HANDLE + peers.links).to_le_bytes();
        peers.links += 1;
        self.sides[0].connecting = false;
        self.connected(0, [low, high], &[&[0], &parameters[5..12]].concat());
    }

    /// LE Connection Complete: the role and the peer, an interval of 30 ms, a timeout of 720 ms.
    fn connected(&mut self, side: usize, handle: [u8; 2], role_and_peer: &[u8]) {
        let head = [EVENT, LE_META, 19, 1, 0, handle[0], handle[1]];
        let tail = [0x18, 0, 0, 0, 0x48, 0, 0];
        self.send(side, &[&head[..], role_and_peer, &tail].concat());
    }

    /// Connects the initiating host with the advertising one.
    fn connect(&mut self) {
        for central in 0..2 {
            let peripheral = 1 - central;
            if !(self.sides[central].connecting && self.sides[peripheral].advertising) {
                continue;
            }
            self.sides[central].connecting = false;
            self.sides[peripheral].advertising = false;
            for (side, role) in [(central, 0), (peripheral, 1)] {
                let peer = &self.sides[1 - side];
                let (kind, address) = match peer.kind {
                    0 => (0, public_address(1 - side)),
                    _ => (1, peer.random_address),
                };
                self.connected(side, HANDLE.to_le_bytes(), &[&[role, kind], &address[..]].concat());
            }
        }
    }
}

pub(crate) fn public_address(side: usize) -> [u8; 6] {
    [1 + side as u8, 0, 0, 1, 0xac, 0xbe]
}

/// Returns the return parameters of a command, the status first.
fn returned(opcode: u16, side: usize, is_dual: bool) -> Vec<u8> {
    match opcode {
        // Read Local Version Information, Supported Commands, Supported Features (LE only) and BD_ADDR.
        0x1001 => vec![0, 12, 0, 0, 12, 0xff, 0xff, 0, 0],
        0x1002 => {
            let mut commands = vec![0; 65];
            let more = classic::SUPPORTED.into_iter().filter(|_| is_dual);
            for (byte, bit) in SUPPORTED.into_iter().chain(more) {
                commands[1 + byte] |= 1 << bit;
            }
            commands
        }
        0x1003 if is_dual => [&[0], &classic::FEATURES[..]].concat(),
        0x1003 => vec![0, 0, 0, 0, 0, 0x60, 0, 0, 0],
        0x1009 => [&[0], &public_address(side)[..]].concat(),
        // LE Read Local Supported Features, Supported States, Advertising Channel TX Power; LE Rand; accept list.
        0x2003 => vec![0; 9],
        0x201c => vec![0, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0],
        0x2007 => vec![0, 0],
        0x2018 => vec![0, 1, 2, 3, 4, 5, 6, 7, 8],
        0x200f => vec![0, 8],
        _ => vec![0],
    }
}
