//! The commands of all links, one at a time, and their answers.

use bindrune_hci::{
    BdAddress, Opcode, Status,
    cmd::{
        Command,
        classic::{
            AuthenticationRequested, ReadEncryptionKeySize, SendKeypressNotification,
            SetConnectionEncryption,
        },
    },
};
use bindrune_wire::Writer;
use embassy_time::Instant;

use super::{
    InFlight, Security, Sent,
    api::{Config, Failure},
    reply::put,
    slot::{ENCRYPTION, Next, Running, STEP, Slot},
};

impl Security {
    /// Writes the next pending command: opcode, length, parameters. `None` while one is in flight.
    ///
    /// Replies to the controller come before procedures. Links take turns in both.
    pub fn poll_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Opcode> {
        if self.in_flight.is_some() {
            return None;
        }
        let (link, opcode, sent) = self.next_reply(w).or_else(|| self.next_procedure(now, w))?;
        self.in_flight = Some(InFlight { opcode, link, sent });
        self.turn = link.map_or(self.turn, |link| link.wrapping_add(1));
        Some(opcode)
    }

    fn next_reply(&mut self, w: &mut Writer<'_>) -> Option<(Option<u8>, Opcode, Sent)> {
        if let Some(stray) = self.strays.iter_mut().find(|stray| stray.is_some())
            && let Some((address, reply)) = stray.as_ref().map(|it| (it.address, &it.reply))
        {
            let opcode = reply.write(address, w)?;
            *stray = None;
            return Some((None, opcode, Sent::Reply));
        }
        self.by_turns(|_, slot| {
            let address = BdAddress::from(slot.peer);
            if let Some(reply) = &slot.reply {
                let opcode = reply.write(address, w)?;
                slot.reply = None;
                return Some((opcode, Sent::Reply));
            }
            let keypress = slot.keypress_out?;
            let opcode = put(w, &SendKeypressNotification { address, keypress })?;
            slot.keypress_out = None;
            Some((opcode, Sent::Keypress))
        })
    }

    fn next_procedure(
        &mut self,
        now: Instant,
        w: &mut Writer<'_>,
    ) -> Option<(Option<u8>, Opcode, Sent)> {
        self.by_turns(|config, slot| {
            let next = slot.next(config)?;
            let opcode = slot.put_procedure(next, w)?;
            Some((opcode, slot.start(now, next)))
        })
    }

    /// Returns the first command of the links, in turns.
    fn by_turns(
        &mut self,
        mut each: impl FnMut(&Config, &mut Slot) -> Option<(Opcode, Sent)>,
    ) -> Option<(Option<u8>, Opcode, Sent)> {
        let turn = usize::from(self.turn).min(self.slots.len());
        let config = &self.config;
        let (before, after) = self.slots.split_at_mut(turn);
        let mut try_each = |first: usize, slots: &mut [Slot]| {
            let mut links = (first..).zip(slots).filter(|(_, slot)| slot.up);
            links.find_map(|(link, slot)| {
                let (opcode, sent) = each(config, slot)?;
                Some((u8::try_from(link).ok(), opcode, sent))
            })
        };
        try_each(turn, after).or_else(|| try_each(0, before))
    }

    /// Handles Command Complete. Returns whether the command was of this machine.
    pub fn handle_complete(&mut self, opcode: Opcode, parameters: &[u8]) -> bool {
        let Some(sent) = self.in_flight.take_if(|sent| sent.opcode == opcode) else {
            return false;
        };
        let config = self.config;
        let Some(slot) = sent.link.and_then(|link| self.slot_mut(link)) else { return true };
        match sent.sent {
            Sent::KeySize => slot.key_size(&config, ReadEncryptionKeySize::returned(parameters)),
            Sent::Reply => {
                let status =
                    parameters.first().map_or(Status::UNSPECIFIED, |&status| Status(status));
                slot.reply_refused(status);
            }
            // Command Complete for a command that Command Status answers: only an error makes sense.
            Sent::Procedure => {
                let status =
                    parameters.first().map_or(Status::UNSPECIFIED, |&status| Status(status));
                slot.start_refused(if status.is_success() { Status::UNSPECIFIED } else { status });
            }
            Sent::Keypress => {}
        }
        slot.settle();
        true
    }

    /// Handles Command Status. Returns whether the command was of this machine.
    pub fn handle_status(&mut self, opcode: Opcode, status: Status) -> bool {
        let Some(sent) = self.in_flight.take_if(|sent| sent.opcode == opcode) else {
            return false;
        };
        let config = self.config;
        let Some(slot) = sent.link.and_then(|link| self.slot_mut(link)) else { return true };
        match (sent.sent, status.ok()) {
            (Sent::Procedure, Err(status)) => slot.start_refused(status),
            (Sent::KeySize, result) => {
                let status = result.err().unwrap_or(Status::UNSPECIFIED);
                slot.key_size(&config, Err(status.into()));
            }
            (Sent::Reply, Err(status)) => slot.reply_refused(status),
            (Sent::Procedure | Sent::Reply, Ok(())) | (Sent::Keypress, _) => {}
        }
        slot.settle();
        true
    }
}

impl Slot {
    fn put_procedure(&self, next: Next, w: &mut Writer<'_>) -> Option<Opcode> {
        let handle = self.handle.into();
        match next {
            Next::ReadKeySize => put(w, &ReadEncryptionKeySize { handle }),
            Next::Authenticate { .. } => put(w, &AuthenticationRequested { handle }),
            Next::Encrypt => put(w, &SetConnectionEncryption { handle, enable: 1 }),
        }
    }

    /// Records that the command of a procedure was written.
    fn start(&mut self, now: Instant, next: Next) -> Sent {
        match next {
            Next::ReadKeySize => return Sent::KeySize,
            Next::Authenticate { pair } => {
                if let Some(goal) = &mut self.goal {
                    goal.tries = goal.tries.saturating_add(1);
                    goal.again = false;
                }
                let keyed = !pair && self.key.is_some();
                self.running = Some(Running::Authentication { pair, keyed });
                self.touch(now, STEP);
            }
            Next::Encrypt => {
                self.running = Some(Running::Encryption);
                self.touch(now, ENCRYPTION);
            }
        }
        Sent::Procedure
    }

    /// Handles a procedure that the controller did not start.
    fn start_refused(&mut self, status: Status) {
        match self.running {
            Some(Running::Authentication { pair, .. }) => {
                self.running = None;
                self.authentication_failed(status, pair, false);
            }
            Some(Running::Encryption) => {
                self.encryption_failed(status);
            }
            None => {}
        }
        self.rest();
    }

    /// Handles a reply that the controller did not accept: the request has ended.
    fn reply_refused(&mut self, status: Status) {
        if !status.is_success() {
            self.fail(Failure::Status(status));
            self.rest();
        }
    }
}
