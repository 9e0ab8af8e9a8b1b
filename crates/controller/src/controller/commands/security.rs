//! Encryption. [Vol 4] Part E, 7.8.22 to 7.8.26

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use bindrune_hci::{
    Opcode, Status,
    cmd::le::{
        EnableEncryption, Encrypt, Encrypted, LongTermKeyRequestNegativeReply,
        LongTermKeyRequestReply,
    },
};

use super::{ACCEPTED, Call, Reply, link::handle_return};
use crate::link::End;

impl Call<'_> {
    pub(super) fn security(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_ENCRYPT => self.reply(Encrypt::parse(p), |_, c| {
                let ciphertext = encrypt(c.key, c.plaintext);
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
                    let (link, end, _) = call.link(c.handle)?;
                    link.answer_key(end, Some(c.key.0))?;
                    Ok(handle_return(c.handle))
                })
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => {
                self.reply(LongTermKeyRequestNegativeReply::parse(p), |call, c| {
                    let (link, end, _) = call.link(c.handle)?;
                    link.answer_key(end, None)?;
                    Ok(handle_return(c.handle))
                })
            }
            _ => return None,
        })
    }
}

/// AES-128 of one block; all least significant octet first, as HCI has it. [Vol 4] Part E, 7.8.22
fn encrypt(mut key: [u8; 16], mut block: [u8; 16]) -> [u8; 16] {
    key.reverse();
    block.reverse();
    let mut block = block.into();
    Aes128::new(&key.into()).encrypt_block(&mut block);
    let mut block: [u8; 16] = block.into();
    block.reverse();
    block
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    /// FIPS 197, appendix C.1
    #[test]
    fn one_block() {
        let (mut key, mut plain) =
            (hex!("000102030405060708090a0b0c0d0e0f"), hex!("00112233445566778899aabbccddeeff"));
        key.reverse();
        plain.reverse();
        let mut cipher = encrypt(key, plain);
        cipher.reverse();
        assert_eq!(cipher, hex!("69c4e0d86a7b0430d8cdb78070b4c55a"));
    }
}
