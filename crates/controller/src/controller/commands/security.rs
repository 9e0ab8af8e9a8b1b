//! Encryption. [Vol 4] Part E, 7.8.22 to 7.8.26

use bindrune_hci::{
    Opcode, Status,
    cmd::le::{
        EnableEncryption, Encrypt, Encrypted, LongTermKeyRequestNegativeReply,
        LongTermKeyRequestReply,
    },
};

use super::{ACCEPTED, Call, Reply, link::handle_return};
use crate::{crypto, link::End};

impl Call<'_> {
    pub(super) fn security(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_ENCRYPT => self.reply(Encrypt::parse(p), |_, c| {
                let ciphertext = crypto::encrypt(c.key, c.plaintext);
                Ok(Encrypted { status: Status::SUCCESS, ciphertext })
            }),
            Opcode::LE_ENABLE_ENCRYPTION => self.reply(EnableEncryption::parse(p), |call, c| {
                let (link, end, m) = call.link(c.handle)?;
                if end != End::Central {
                    return Err(Status::COMMAND_DISALLOWED);
                }
                let random = c.random_number.to_bytes();
                link.encrypt(c.key.0, random, c.encrypted_diversifier.get(), m)?;
                Ok(ACCEPTED)
            }),
            Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY => {
                self.reply(LongTermKeyRequestReply::parse(p), |call, c| {
                    let (link, end, m) = call.link(c.handle)?;
                    link.answer_key(end, Some(c.key.0), m)?;
                    Ok(handle_return(c.handle))
                })
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => {
                self.reply(LongTermKeyRequestNegativeReply::parse(p), |call, c| {
                    let (link, end, m) = call.link(c.handle)?;
                    link.answer_key(end, None, m)?;
                    Ok(handle_return(c.handle))
                })
            }
            _ => return None,
        })
    }
}
