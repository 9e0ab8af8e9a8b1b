//! Key pairs and shared keys. [Vol 4] Part E, 7.8.36, 7.8.37

use bindrune_hci::{
    Opcode, Status,
    cmd::{
        Accepted,
        le::{GenerateDhKey, GenerateDhKeyV2, ReadLocalP256PublicKey},
    },
};

use super::{ACCEPTED, Call, Reply};
use crate::{
    ControllerId,
    air::{Medium, Timer},
    controller::Controller,
    crypto::{DEBUG_KEY, PrivateKey},
};

/// The controller's key pair, and its current work.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Private key of the last public key that the host read.
    private: Option<PrivateKey>,
    /// The work in progress, at most one; its number identifies it.
    work: Option<(u32, Work)>,
}

#[derive(Debug)]
enum Work {
    PublicKey(PrivateKey),
    SharedKey(PrivateKey, [u8; 64]),
}

impl Call<'_> {
    pub(super) fn p256(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY => {
                self.reply(ReadLocalP256PublicKey::parse(p), |call, _| {
                    let private = call.air.medium.private_key();
                    call.begin(Work::PublicKey(private))
                })
            }
            Opcode::LE_GENERATE_DHKEY => self.reply(GenerateDhKey::parse(p), |call, c| {
                let private = call.controller().keys.private.clone();
                let private = private.ok_or(Status::COMMAND_DISALLOWED)?;
                call.begin(Work::SharedKey(private, c.public_key))
            }),
            Opcode::LE_GENERATE_DHKEY_V2 => self.reply(GenerateDhKeyV2::parse(p), |call, c| {
                let private = match c.key_type {
                    0 => call.controller().keys.private.clone(),
                    1 => PrivateKey::new(DEBUG_KEY),
                    _ => return Err(Status::INVALID_PARAMETERS),
                };
                let private = private.ok_or(Status::COMMAND_DISALLOWED)?;
                call.begin(Work::SharedKey(private, c.public_key))
            }),
            _ => return None,
        })
    }

    fn begin(&mut self, work: Work) -> Result<Accepted, Status> {
        let id = self.id;
        let controller = self.controller();
        if controller.keys.work.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let number = controller.next_number();
        controller.keys.work = Some((number, work));
        let time = controller.config.p256_time;
        let at = self.air.medium.now.saturating_add(time);
        self.air.medium.timers.set(at, Timer::Key(id, number));
        Ok(ACCEPTED)
    }
}

impl Medium {
    /// Generates a random private key.
    fn private_key(&mut self) -> PrivateKey {
        loop {
            let mut octets = [0; 32];
            for octet in &mut octets {
                let [low, ..] = self.radio.rng.next().to_le_bytes();
                *octet = low;
            }
            if let Some(key) = PrivateKey::new(octets) {
                return key;
            }
        }
    }

    /// Finishes a controller's key.
    pub(crate) fn key_due(&mut self, id: ControllerId, number: u32) {
        let controller = &mut self.controllers[id];
        if let Some((_, work)) = controller.keys.work.take_if(|(n, _)| *n == number) {
            controller.finish(work);
        }
    }
}

impl Controller {
    fn finish(&mut self, work: Work) {
        match work {
            Work::PublicKey(private) => {
                self.public_key_read(private.public_key());
                self.keys.private = Some(private);
            }
            Work::SharedKey(private, peer) => self.shared_key_made(private.shared_key(&peer)),
        }
    }
}
