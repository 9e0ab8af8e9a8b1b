//! The controller: its handling of commands and data, and its faults.

use std::collections::VecDeque;

use bindrune::{Address, Opcode};
use embassy_time::Instant;

use super::{
    classic::Radio, config::Setup, judge::Judge, known, peers::Peer, reach::reached, shown::Shown,
};
use crate::{clock::START, dual};

/// The first handle of links.
pub(crate) const FIRST: u16 = 0x40;
/// Maximum number of links.
pub(crate) const SLOTS: usize = 4;

/// The controller, and the peers behind it.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) setup: Setup,
    pub(crate) now: Instant,
    /// Octets that go to the host next.
    pub(crate) out: Vec<u8>,
    pub(crate) faults: Faults,
    /// Packets that are held back.
    pub(crate) held: VecDeque<Vec<u8>>,
    /// Advertising sets that are on, and whether they are connectable.
    pub(crate) advertising: [Option<bool>; 4],
    pub(crate) connectable: [bool; 4],
    pub(crate) scanning: bool,
    pub(crate) shown: Shown,
    pub(crate) initiating: bool,
    /// The peer that the host connects to, if the host names one.
    pub(crate) target: Option<Address>,
    pub(crate) links: [Option<Link>; SLOTS],
    /// Number of ACL packets of a slot that are not completed yet.
    pub(crate) waiting: [u16; SLOTS],
    pub(crate) flow_on: bool,
    /// Handle with which a client subscribes.
    pub(crate) cccd: u16,
    /// Handle to which it writes numbered values.
    pub(crate) asked: u16,
    /// Handle to which it writes numbered values that are captured.
    pub(crate) captured: u16,
    pub(crate) randoms: u64,
    pub(crate) judge: Judge,
    /// BR/EDR.
    pub(crate) radio: Radio,
    /// Whether it lied about BR/EDR.
    pub(crate) lied: bool,
    /// Since `run` began, a command of the host was not accepted, or its answer did not allow the next command.
    pub(crate) silent: bool,
    /// Since `run` began, the host used the radio: it had set up the controller.
    pub(crate) used: bool,
}

/// A link, from the point of view of the controller and the peer.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: Peer,
    /// Whether the host is the central.
    pub(crate) central: bool,
    pub(crate) encrypted: bool,
    /// The key that the host provided last.
    pub(crate) key: Option<[u8; 16]>,
    /// A frame of the host, as far as it has arrived.
    pub(crate) frame: Vec<u8>,
    /// Whether the frame may belong to an earlier link with the same handle.
    pub(crate) stale: bool,
}

/// Faults of the controller.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    /// Commands without an answer: this one, or all.
    pub(crate) mute: Option<u16>,
    pub(crate) mute_all: bool,
    /// A command that is answered with this status.
    pub(crate) refused: Option<(u16, u8)>,
    /// Num_HCI_Command_Packets of the answers.
    pub(crate) num_packets: u8,
    /// Whether ACL packets are completed at once.
    pub(crate) completes: bool,
    /// Whether answers to commands and events are held back.
    pub(crate) holds: bool,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        mute: None,
        mute_all: false,
        refused: None,
        num_packets: 1,
        completes: true,
        holds: false,
    };
}

impl Controller {
    /// The controller's public address.
    pub(crate) const ADDRESS: Address = Address::public([0xbe, 0xac, 0x01, 0x00, 0x00, 0x01]);

    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            setup,
            now: START,
            out: Vec::new(),
            faults: Faults::NONE,
            held: VecDeque::new(),
            advertising: [None; 4],
            connectable: [true; 4],
            scanning: false,
            shown: Shown::default(),
            initiating: false,
            target: None,
            links: [const { None }; SLOTS],
            waiting: [0; SLOTS],
            flow_on: false,
            cccd: 0,
            asked: 0,
            captured: 0,
            randoms: 0,
            judge: Judge::new(setup),
            radio: Radio::default(),
            lied: false,
            silent: false,
            used: false,
        }
    }

    /// Handles a whole packet of the host. `exact`: the host had read everything that was sent to it; `late`: the line
    /// delayed the packet.
    pub(crate) fn handle(&mut self, packet: &[u8], exact: bool, late: bool) {
        match *packet {
            [1, low, high, _, ref parameters @ ..] => {
                let opcode = u16::from_le_bytes([low, high]);
                self.judge.command(opcode, parameters, exact);
                // A delayed packet may belong to the last `run`.
                self.used |= !late && uses_radio(Opcode(opcode));
                self.command(opcode, parameters);
            }
            [2, low, high, _, _, ref data @ ..] => {
                let header = u16::from_le_bytes([low, high]);
                if self.setup.classic && Radio::is_own(header & 0x0fff) {
                    return self.classic_data(header, data, exact && !late);
                }
                self.judge.acl_sent(header & 0x0fff, data, exact);
                let behind = !exact || !self.held.is_empty();
                self.data(header, data, late, behind);
            }
            _ => {}
        }
    }

    /// Sends an event.
    pub(crate) fn event(&mut self, code: u8, parameters: &[u8]) {
        let mut packet = vec![4, code, parameters.len() as u8];
        packet.extend(parameters);
        self.send(packet);
    }

    /// Sends an event of LE.
    pub(crate) fn le_event(&mut self, parameters: &[u8]) {
        self.event(0x3e, parameters);
    }

    /// Sends a packet, or holds it back.
    pub(crate) fn send(&mut self, packet: Vec<u8>) {
        if self.faults.holds {
            self.silent = true;
            self.held.push_back(packet);
            if self.held.len() > 40 {
                self.release(true);
            }
        } else {
            self.put(&packet);
        }
    }

    /// Sends a packet even if packets are held back.
    pub(crate) fn put(&mut self, packet: &[u8]) {
        self.judge.injected(self.now, packet);
        self.classic_injected(packet);
        self.out.extend(packet);
    }

    /// Sends one of the packets that are held back, the first or the last.
    pub(crate) fn release(&mut self, first: bool) {
        let packet =
            if first || known::REORDERED { self.held.pop_front() } else { self.held.pop_back() };
        if let Some(packet) = packet {
            self.put(&packet);
        }
    }

    /// Loses the first packet that is held back; false if there is none.
    pub(crate) fn lose(&mut self) -> bool {
        let lost = self.held.pop_front();
        if let Some([4, 0x05, _, 0, low, high, ..]) = lost.as_deref()
            && let Some(slot) = slot_of(u16::from_le_bytes([*low, *high]))
        {
            self.judge.lost(slot);
        }
        lost.is_some()
    }

    /// Removes all faults.
    pub(crate) fn heal(&mut self) {
        self.faults = Faults::NONE;
        while !self.held.is_empty() {
            self.release(true);
        }
        for slot in 0..SLOTS {
            self.complete(slot, u16::MAX);
        }
        self.classic_heal();
    }

    /// Completes `count` packets of a slot.
    pub(crate) fn complete(&mut self, slot: usize, count: u16) {
        let count = count.min(self.waiting[slot]);
        self.waiting[slot] -= count;
        if count > 0 && self.links[slot].is_some() {
            let [a, b] = handle(slot).to_le_bytes();
            let [low, high] = count.to_le_bytes();
            self.event(0x13, &[1, a, b, low, high]);
        }
    }

    /// Ends the link of a slot.
    pub(crate) fn end_link(&mut self, slot: usize, reason: u8) {
        if self.links[slot].take().is_some() {
            self.waiting[slot] = 0;
            let [low, high] = handle(slot).to_le_bytes();
            self.event(0x05, &[0, low, high, reason]);
        }
    }

    /// Brings up a link.
    pub(crate) fn link_up(&mut self, slot: usize, peer: Peer, central: bool) {
        reached(if central { "a link as central" } else { "a link as peripheral" });
        let address = peer.address();
        self.waiting[slot] = 0;
        let [low, high] = handle(slot).to_le_bytes();
        let role = u8::from(!central);
        let supervision = [0x48_u16, 10, 0x0c80][usize::from(peer.number() & 3) % 3].to_le_bytes();
        let mut parameters = vec![0, low, high, role, address.hci_kind()];
        parameters.extend(address.octets());
        let enhanced = self.setup.extended || self.setup.resolving;
        if enhanced {
            parameters.extend([0; 12]);
        }
        parameters.extend([0x18, 0, 0, 0, supervision[0], supervision[1], 0]);
        parameters.insert(0, if enhanced { 0x0a } else { 0x01 });
        self.links[slot] = Some(Link {
            peer,
            central,
            encrypted: false,
            key: None,
            frame: Vec::new(),
            stale: false,
        });
        self.le_event(&parameters);
    }

    /// Returns a slot without a link, if the peer has no other link.
    pub(crate) fn free_slot(&self, peer: u8) -> Option<usize> {
        let taken = self.links.iter().flatten().any(|link| link.peer.number() == peer);
        if taken { None } else { self.links.iter().position(Option::is_none) }
    }

    /// Handles data of the host; `behind` if the host may not know yet that its link has ended.
    fn data(&mut self, header: u16, data: &[u8], late: bool, behind: bool) {
        let Some(slot) = slot_of(header & 0x0fff) else { return };
        if self.faults.completes {
            if self.links[slot].is_some() {
                let [a, b] = handle(slot).to_le_bytes();
                self.event(0x13, &[1, a, b, 1, 0]);
            }
        } else {
            self.waiting[slot] += 1;
        }
        // A packet that the line delayed may belong to the last link; so may a packet of a host that does not know this
        // link.
        let known =
            !self.judge.may_be_of_last(slot) && !self.held.iter().any(|of| brings(of, slot));
        let stale = late || !known;
        let Some(link) = self.links[slot].as_mut() else { return };
        if header & 0x3000 == 0x1000 {
            if link.frame.is_empty() {
                assert!(behind, "a fragment of the host continues no frame");
                return;
            }
            link.frame.extend(data);
        } else {
            let finished = link.frame.is_empty() || link.stale;
            assert!(finished, "a frame of the host was not finished");
            link.frame = data.to_vec();
            link.stale = stale;
        }
        if let [low, high, _, _, ref payload @ ..] = link.frame[..] {
            let len = usize::from(u16::from_le_bytes([low, high]));
            assert!(payload.len() <= len, "the host's fragments are longer than its frame");
            if payload.len() == len {
                let (frame, stale) = (core::mem::take(&mut link.frame), link.stale);
                self.frame(slot, &frame, stale);
            }
        }
    }

    /// Handles the host's Reset: everything returns to its initial state.
    pub(crate) fn reset(&mut self) {
        self.advertising = [None; 4];
        self.connectable = [true; 4];
        self.scanning = false;
        self.initiating = false;
        self.links = [const { None }; SLOTS];
        self.waiting = [0; SLOTS];
        self.held.clear();
        self.flow_on = false;
        self.radio.reset();
        self.judge.reset();
    }

    /// Returns the status with which the controller refuses a command, if it does.
    pub(crate) fn refusal(&self, opcode: u16) -> Option<u8> {
        self.faults.refused.and_then(|(refused, status)| (refused == opcode).then_some(status))
    }

    pub(crate) fn is_mute(&self, opcode: u16) -> bool {
        self.faults.mute_all || self.faults.mute == Some(opcode)
    }

    /// Returns whether the command is answered by Command Status.
    pub(crate) const fn has_status(opcode: Opcode) -> bool {
        dual::has_status(opcode)
            || matches!(
                opcode,
                Opcode::DISCONNECT
                    | Opcode::READ_REMOTE_VERSION_INFORMATION
                    | Opcode::LE_CREATE_CONNECTION
                    | Opcode::LE_EXTENDED_CREATE_CONNECTION
                    | Opcode::LE_CONNECTION_UPDATE
                    | Opcode::LE_READ_REMOTE_FEATURES
                    | Opcode::LE_ENABLE_ENCRYPTION
                    | Opcode::LE_SET_PHY
                    | Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY
                    | Opcode::LE_GENERATE_DHKEY
                    | Opcode::LE_GENERATE_DHKEY_V2
            )
    }
}

/// Returns the handle of a slot.
pub(crate) const fn handle(slot: usize) -> u16 {
    FIRST + slot as u16
}

/// Returns whether the command advertises, scans or connects.
const fn uses_radio(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::LE_SET_ADVERTISING_ENABLE
            | Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE
            | Opcode::LE_SET_SCAN_ENABLE
            | Opcode::LE_SET_EXTENDED_SCAN_ENABLE
            | Opcode::LE_CREATE_CONNECTION
            | Opcode::LE_EXTENDED_CREATE_CONNECTION
    )
}

/// Returns whether the packet reports a link on this slot.
fn brings(packet: &[u8], slot: usize) -> bool {
    let [4, 0x3e, _, 1 | 0x0a, 0, low, high, ..] = *packet else { return false };
    slot_of(u16::from_le_bytes([low, high])) == Some(slot)
}

/// Returns the slot of a handle.
pub(crate) fn slot_of(handle: u16) -> Option<usize> {
    handle.checked_sub(FIRST).map(usize::from).filter(|&slot| slot < SLOTS)
}
