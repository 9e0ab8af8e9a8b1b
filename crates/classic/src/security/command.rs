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
use bindrune_wire::{Writer, time::Instant};

use super::{
    InFlight, Security, Sent,
    api::{Config, Failure},
    key::take_secret,
    reply::{Reply, put},
    slot::{ENCRYPTION, Next, Running, STEP, Slot},
};

impl Security {
    /// Writes the next pending command: opcode, length, parameters. `None` while one is in flight.
    ///
    /// Links take turns, so that no peer keeps another one waiting. Requests for peers without a link have one turn
    /// too, and so has the out-of-band data of this device. A link's replies to the controller come before its
    /// procedures.
    pub fn poll_command(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Opcode> {
        if self.in_flight.is_some() {
            return None;
        }
        let strays_first = self.turn == 0;
        let first =
            if strays_first { self.next_oob(w).or_else(|| self.next_stray(w)) } else { None };
        let (link, opcode, sent) = first
            .or_else(|| self.by_turns(|config, slot| slot.next_command(now, config, w)))
            .or_else(|| self.next_oob(w))
            .or_else(|| self.next_stray(w))?;
        self.in_flight = Some(InFlight { opcode, link, sent, at: now });
        let next = link.map_or(1, |link| usize::from(link).saturating_add(2));
        let is_link = next <= self.slots.len();
        self.turn = u8::try_from(next).ok().filter(|_| is_link).unwrap_or(0);
        Some(opcode)
    }

    fn next_stray(&mut self, w: &mut Writer<'_>) -> Option<(Option<u8>, Opcode, Sent)> {
        let place = self.strays.iter_mut().find(|stray| stray.is_some())?;
        let stray = place.as_ref()?;
        let opcode = stray.reply.write(stray.address, w)?;
        *place = None;
        Some((None, opcode, Sent::Reply))
    }

    /// Returns the first command of the links, in turns.
    fn by_turns(
        &mut self,
        mut each: impl FnMut(&Config, &mut Slot) -> Option<(Opcode, Sent)>,
    ) -> Option<(Option<u8>, Opcode, Sent)> {
        let turn = usize::from(self.turn).saturating_sub(1).min(self.slots.len());
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
        if sent.sent == Sent::LocalOob {
            self.oob_made(opcode, Ok(parameters));
            return true;
        }
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
                let error = status.ok().err().unwrap_or(Status::UNSPECIFIED);
                slot.start_refused(sent.at, error);
            }
            Sent::Keypress | Sent::LocalOob => {}
        }
        slot.settle();
        true
    }

    /// Handles Command Status. Returns whether the command was of this machine.
    pub fn handle_status(&mut self, opcode: Opcode, status: Status) -> bool {
        let Some(sent) = self.in_flight.take_if(|sent| sent.opcode == opcode) else {
            return false;
        };
        if sent.sent == Sent::LocalOob {
            self.oob_made(opcode, Err(status.ok().err().unwrap_or(Status::UNSPECIFIED)));
            return true;
        }
        let config = self.config;
        let Some(slot) = sent.link.and_then(|link| self.slot_mut(link)) else { return true };
        match (sent.sent, status.ok()) {
            (Sent::Procedure, Err(status)) => slot.start_refused(sent.at, status),
            (Sent::KeySize, result) => {
                let status = result.err().unwrap_or(Status::UNSPECIFIED);
                slot.key_size(&config, Err(status.into()));
            }
            (Sent::Reply, Err(status)) => slot.reply_refused(status),
            (Sent::Procedure | Sent::Reply, Ok(())) | (Sent::Keypress | Sent::LocalOob, _) => {}
        }
        slot.settle();
        true
    }
}

impl Slot {
    fn next_command(
        &mut self,
        now: Instant,
        config: &Config,
        w: &mut Writer<'_>,
    ) -> Option<(Opcode, Sent)> {
        let address = BdAddress::from(self.peer);
        if let Some(reply) = &self.reply {
            let opcode = reply.write(address, w)?;
            // Its secrets are wiped in their place.
            let reply = take_secret(&mut self.reply);
            if let Some(Reply::Key(key)) = &reply {
                self.key_provided(key);
            }
            return Some((opcode, Sent::Reply));
        }
        if let Some(keypress) = self.keypress_out {
            let opcode = put(w, &SendKeypressNotification { address, keypress })?;
            self.keypress_out = None;
            return Some((opcode, Sent::Keypress));
        }
        let next = self.next(config)?;
        let opcode = self.put_procedure(next, w)?;
        Some((opcode, self.start(now, next)))
    }

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
                    goal.tried = true;
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
    fn start_refused(&mut self, now: Instant, status: Status) {
        match self.running {
            Some(Running::Authentication { pair, .. }) => {
                self.running = None;
                self.authentication_failed(now, status, pair, false);
            }
            Some(Running::Encryption) => {
                self.encryption_failed(now, status);
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
