//! The controller's answers to commands of BR/EDR, and the steps of the radio.

use bindrune::Opcode;
use bindrune_wire::time::Instant;

use super::{PEERS, Step, address, radio::SLOTS};
use crate::{
    dual::{self, Answer},
    fuzz::{controller::Controller, step::Bytes},
};

/// Commands of BR/EDR that can fail.
const OPCODES: [Opcode; 20] = [
    Opcode::INQUIRY,
    Opcode::INQUIRY_CANCEL,
    Opcode::CREATE_CONNECTION,
    Opcode::CREATE_CONNECTION_CANCEL,
    Opcode::ACCEPT_CONNECTION_REQUEST,
    Opcode::AUTHENTICATION_REQUESTED,
    Opcode::SET_CONNECTION_ENCRYPTION,
    Opcode::REMOTE_NAME_REQUEST,
    Opcode::READ_REMOTE_SUPPORTED_FEATURES,
    Opcode::READ_REMOTE_EXTENDED_FEATURES,
    Opcode::READ_ENCRYPTION_KEY_SIZE,
    Opcode::LINK_KEY_REQUEST_REPLY,
    Opcode::IO_CAPABILITY_REQUEST_REPLY,
    Opcode::USER_CONFIRMATION_REQUEST_REPLY,
    Opcode::WRITE_SCAN_ENABLE,
    Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT,
    Opcode::SWITCH_ROLE,
    Opcode::SNIFF_MODE,
    Opcode::EXIT_SNIFF_MODE,
    Opcode::WRITE_LINK_SUPERVISION_TIMEOUT,
];

/// Unknown Connection Identifier.
const UNKNOWN: u8 = 0x02;

impl Controller {
    /// Returns the status with which the controller refuses a command about a link of BR/EDR, or 0; `None` if the
    /// command is of LE.
    pub(crate) fn classic_refusal(&self, opcode: Opcode, parameters: &[u8]) -> Option<u8> {
        if !self.setup.classic {
            return None;
        }
        let of_link = matches!(
            opcode,
            Opcode::DISCONNECT
                | Opcode::AUTHENTICATION_REQUESTED
                | Opcode::SET_CONNECTION_ENCRYPTION
                | Opcode::READ_REMOTE_SUPPORTED_FEATURES
                | Opcode::READ_REMOTE_EXTENDED_FEATURES
                | Opcode::READ_ENCRYPTION_KEY_SIZE
                | Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT
        );
        let handle = parameters.first_chunk().map(|&handle| u16::from_le_bytes(handle))?;
        if !of_link || opcode == Opcode::DISCONNECT && !super::Radio::is_own(handle) {
            return None;
        }
        Some(if self.radio.slot(handle).is_some() { 0 } else { UNKNOWN })
    }

    /// Answers a command of BR/EDR, and does it. Returns false if the command is of LE.
    pub(crate) fn classic_command(&mut self, opcode: Opcode, parameters: &[u8]) -> bool {
        if !self.setup.classic {
            return false;
        }
        let handle = parameters.first_chunk().map_or(0, |&handle| u16::from_le_bytes(handle));
        if opcode == Opcode::DISCONNECT
            && let Some(slot) = self.radio.slot(handle)
        {
            self.answer(opcode, &[0]);
            self.classic_end(slot, 0x16);
            return true;
        }
        if self.classic_mode_command(opcode, parameters) {
            return true;
        }
        let Some(answer) = dual::answer(opcode, parameters) else {
            self.classic_radio(opcode, parameters);
            return false;
        };
        match answer {
            Answer::Complete(returned) => self.answer(opcode, &returned),
            Answer::Status(events) => {
                self.answer(opcode, &[0]);
                events.into_iter().for_each(|event| self.send(event));
            }
        }
        self.classic_radio(opcode, parameters);
        self.classic_pairing(opcode, parameters);
        true
    }

    /// Runs a step of the radio or of a peer.
    pub(crate) fn classic_step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Connects(peer, how) => self.classic_connects(peer, how),
            Step::Answers(how) => self.classic_answers(how),
            Step::Found(how, peer) => self.classic_found(how, peer % PEERS),
            Step::Fault(what, status) => {
                let opcode = OPCODES[usize::from(what) % OPCODES.len()].0;
                if status & 1 == 0 {
                    self.faults.mute = Some(opcode);
                } else {
                    self.lied = true;
                    self.faults.refused = Some((opcode, 1 + (status >> 2)));
                }
            }
            Step::Lie(code, bytes) => self.classic_lies(code, &bytes),
            Step::Ends(link, _)
            | Step::Opens(link, _)
            | Step::Sends(link, ..)
            | Step::Closes(link, _)
            | Step::Frame(link, ..)
            | Step::Serial(link, ..)
            | Step::Secures(link, _)
            | Step::Conduct(link, _)
            | Step::Modes(link, _)
            | Step::Data(link, _) => {
                let Some(slot) = self.radio.any(link) else { return };
                self.classic_on_link(slot, step);
                if let Some(link) = self.radio.links[slot].as_mut() {
                    link.peer.time(Instant::of(now));
                }
                self.classic_flush(slot);
            }
            Step::Call(..) | Step::HandleCall(..) | Step::Drop(..) => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other steps are of no link")]
    fn classic_on_link(&mut self, slot: usize, step: Step) {
        let now = self.now;
        let Some(link) = self.radio.links[slot].as_mut() else { return };
        let peer = &mut link.peer;
        match step {
            Step::Ends(_, reason) => {
                self.classic_end(slot, [0x13, 0x08, 0x15, 0x22][usize::from(reason & 3)])
            }
            Step::Opens(_, how) => peer.open(Instant::of(now), how),
            Step::Sends(_, which, len) => peer.send(which, len),
            Step::Closes(_, which) => peer.close(Instant::of(now), which),
            Step::Frame(_, how, bytes) => {
                let frame = frame(how, &bytes);
                let header = link.handle | 0x2000;
                self.send_classic(header, &frame);
            }
            Step::Serial(_, what, len) => {
                if what & 7 == 0 {
                    peer.open_serial(Instant::of(now));
                } else {
                    peer.serial.act(Instant::of(now), what >> 3, len);
                }
            }
            Step::Secures(_, how) => self.classic_secures(slot, how),
            Step::Conduct(_, how) => {
                peer.is_deaf = how & 0x0f == 0x0f;
                peer.manners = how;
            }
            Step::Modes(_, how) => self.classic_modes(slot, how),
            Step::Data(_, how) if how & 1 == 0 => {
                let [low, high] = link.handle.to_le_bytes();
                self.event(0x11, &[low, high]);
            }
            Step::Data(_, how) => self.classic_complete(slot, u16::from(how >> 1 & 7)),
            _ => {}
        }
    }

    fn classic_found(&mut self, how: u8, peer: u8) {
        if let Some(named) = self.radio.naming.filter(|_| how & 1 == 0) {
            self.radio.naming = None;
            self.classic_name(named, if how & 6 == 6 { 4 } else { 0 });
        } else if self.radio.inquiring {
            if how & 0x0f == 0x0f {
                self.radio.inquiring = false;
                return self.event(0x01, &[0]);
            }
            let mut event = vec![1];
            event.extend(address(peer).octets());
            event.extend([1, 0, 0x0c, 0x02, 0x5a, 0, 0, 0xc8, 5, 9, b'p', b'e', b'e', b'r']);
            event.resize(255, 0);
            self.event(0x2f, &event);
        }
    }

    /// Sends an event of any kind, about links that may be up.
    fn classic_lies(&mut self, code: u8, bytes: &Bytes) {
        const CODES: [u8; 24] = [
            0x01, 0x03, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x08, 0x0b, 0x11, 0x12, 0x13, 0x14,
            0x16, 0x17, 0x18, 0x23, 0x30, 0x31, 0x33, 0x35, 0x36, 0x38,
        ];
        self.lied = true;
        let code = CODES[usize::from(code) % CODES.len()];
        let [which, status, len, rest @ ..] = *bytes;
        let slot = usize::from(which) % SLOTS;
        let link = self.radio.links[slot].as_ref();
        let handle = link.map_or(0x123, |link| link.handle).to_le_bytes();
        let peer = link.map_or(which % PEERS, |link| link.peer.number);
        let peer = address(peer).octets();
        let status = if status & 3 == 0 { status } else { 0 };
        let mut event = match code {
            0x03 => [&[status], &handle[..], &peer].concat(),
            0x01 => vec![status],
            0x04 | 0x16 | 0x17 | 0x31 | 0x33 | 0x35 | 0x18 => peer.to_vec(),
            0x07 | 0x12 | 0x36 => [&[status], &peer[..]].concat(),
            0x11 | 0x38 => handle.to_vec(),
            0x13 => [&[1], &handle[..]].concat(),
            _ => [&[status], &handle[..]].concat(),
        };
        event.extend(rest);
        event.resize(if len & 7 == 7 { usize::from(len >> 3) } else { 255 }, 0);
        self.event(code, &event);
    }
}

/// Returns a frame of L2CAP, well formed or almost.
fn frame(how: u8, bytes: &Bytes) -> Vec<u8> {
    let [_, code, id, a, b, rest @ ..] = *bytes;
    let (cid, payload) = match how & 3 {
        0 | 1 => {
            let data = [&[0x40 + (a & 3), 0, 0x40 + (b & 3), 0][..], &rest].concat();
            let data = &data[..usize::from(how >> 2) % (data.len() + 1)];
            let len = data.len() as u8;
            (1, [&[code % 12, id | 1, len, 0], data].concat())
        }
        2 => (0x40 + u16::from(a & 7), rest[..usize::from(b) % rest.len()].to_vec()),
        _ => {
            // A frame of RFCOMM without a right check sequence, mostly; or a request of SDP.
            let control = [0x3f, 0x53, 0x73, 0x1f, 0xef, 0xff][usize::from(code) % 6];
            (0x40 + u16::from(a & 7), [&[id, control, b], &rest[..]].concat())
        }
    };
    let len = payload.len() as u16 + u16::from(how == 0xff);
    [&len.to_le_bytes()[..], &cid.to_le_bytes(), &payload].concat()
}
