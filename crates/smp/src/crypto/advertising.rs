//! Encrypted Advertising Data. Core Specification Supplement, Part A, 1.23

use aes::Aes128;
use bindrune_wire::{NoRoom, Writer};
use ccm::{
    Ccm,
    aead::AeadInOut,
    consts::{U4, U13},
};
use cmac::KeyInit;

use super::most_first;
use crate::keys::Key;

const RANDOMIZER: usize = 5;
const MIC: usize = 4;
const ASSOCIATED_DATA: [u8; 1] = [0xea];

type Cipher = Ccm<Aes128, U4, U13>;

/// The Encrypted Data Key Material, which an advertiser shares with the devices that may read its data. [Vol 3] Part C,
/// 12.6
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMaterial {
    /// The session key.
    pub session_key: Key,
    /// The initialization vector, in the order of the nonce.
    pub iv: [u8; 8],
}

impl KeyMaterial {
    /// Octets that encryption adds: the Randomizer before the data, the MIC after it.
    pub const OVERHEAD: usize = RANDOMIZER + MIC;

    /// Encrypts advertising structures. Returns the content of an Encrypted Data structure (0x31), [`Self::OVERHEAD`]
    /// octets longer.
    ///
    /// `randomizer` must be random and new for each change of the data: if it is reused, both data can be read.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if `out` is shorter than the data and [`Self::OVERHEAD`].
    pub fn encrypt<'a>(
        &self,
        randomizer: [u8; RANDOMIZER],
        data: &[u8],
        out: &'a mut [u8],
    ) -> Result<&'a [u8], NoRoom> {
        let len = data.len().checked_add(Self::OVERHEAD).ok_or(NoRoom)?;
        let out = out.get_mut(..len).ok_or(NoRoom)?;
        let mut w = Writer::new(out);
        w.bytes(&randomizer)?;
        w.bytes(data)?;
        let (_, sealed) = out.split_at_mut_checked(RANDOMIZER).ok_or(NoRoom)?;
        let (text, mic) = sealed.split_at_mut_checked(data.len()).ok_or(NoRoom)?;
        let nonce = self.nonce(randomizer).into();
        let tag = self.cipher().encrypt_inout_detached(&nonce, &ASSOCIATED_DATA, text.into());
        mic.copy_from_slice(&tag.map_err(|_| NoRoom)?);
        Ok(out)
    }

    /// Decrypts the content of an Encrypted Data structure; `None` if it is too short, was not encrypted with this key,
    /// or `out` has too little room.
    pub fn decrypt<'a>(&self, content: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
        let (randomizer, sealed) = content.split_first_chunk::<RANDOMIZER>()?;
        let (text, mic) = sealed.split_last_chunk::<MIC>()?;
        let out = out.get_mut(..text.len())?;
        out.copy_from_slice(text);
        let (nonce, mic) = (self.nonce(*randomizer).into(), (*mic).into());
        let opened = self.cipher().decrypt_inout_detached(
            &nonce,
            &ASSOCIATED_DATA,
            (&mut *out).into(),
            &mic,
        );
        opened.ok().map(|()| &*out)
    }

    fn cipher(&self) -> Cipher {
        Cipher::new((&*most_first(&self.session_key)).into())
    }

    fn nonce(&self, randomizer: [u8; RANDOMIZER]) -> [u8; 13] {
        let mut nonce = [0; 13];
        let octets = randomizer.into_iter().chain(self.iv);
        nonce.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
        nonce
    }
}
