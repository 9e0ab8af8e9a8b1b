//! Challenges to the controller, whose answers cannot have been sent before the question. [Vol 4] Part E, 7.8.22

use bindrune_hci::cmd::le::Encrypt;
use bindrune_smp::{Key, crypto};
use embassy_time::Instant;

/// Challenges for LE Encrypt. Each has a key and a plaintext of its own, made from a secret of this host.
#[derive(Debug)]
pub(super) struct Challenges {
    secret: Key,
    count: u64,
    seeded: bool,
    expected: Option<Key>,
}

impl Challenges {
    /// This host can check the answers.
    pub(super) const POSSIBLE: bool = true;

    /// Creates challenges without a secret: until they are seeded, they are only as hard to guess as the time.
    pub(super) const fn new() -> Self {
        Self { secret: Key::new([0; 16]), count: 0, seeded: false, expected: None }
    }

    /// Mixes random octets into the secret.
    pub(super) fn seed(&mut self, random: [u8; 16]) {
        self.secret = Key::new(crypto::e(&self.secret, random));
        self.seeded = true;
    }

    /// Returns whether there is a secret.
    pub(super) const fn is_seeded(&self) -> bool {
        self.seeded
    }

    /// Returns random octets for a static address. They reveal nothing about the secret.
    pub(super) fn address(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = crypto::e(&self.secret, *b"a static address");
        [a, b, c, d, e, f]
    }

    /// Makes the next challenge.
    pub(super) fn next(&mut self, clock: Instant) -> Encrypt {
        self.count = self.count.wrapping_add(1);
        let mut block = [0; 16];
        let (count, time) = block.split_at_mut(8);
        count.copy_from_slice(&self.count.to_le_bytes());
        time.copy_from_slice(&clock.as_ticks().to_le_bytes());
        let key = crypto::e(&self.secret, block);
        let plaintext = crypto::e(&self.secret, block.map(|octet| !octet));
        self.expected = Some(Key::new(crypto::e(&Key::new(key), plaintext)));
        Encrypt { key, plaintext }
    }

    /// Returns whether this is the answer to the last challenge.
    pub(super) fn is_met(&self, ciphertext: [u8; 16]) -> bool {
        self.expected.as_ref() == Some(&Key::new(ciphertext))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_challenge_has_one_answer_of_its_own() {
        let mut challenges = Challenges::new();
        assert!(!challenges.is_met([0; 16]));
        let now = Instant::from_secs(1);
        let answer = |asked: &Encrypt| crypto::e(&Key::new(asked.key), asked.plaintext);
        let first = challenges.next(now);
        assert!(challenges.is_met(answer(&first)));
        let second = challenges.next(now);
        assert!(challenges.is_met(answer(&second)) && !challenges.is_met(answer(&first)));
        challenges.seed([7; 16]);
        let mut other = Challenges::new();
        other.seed([8; 16]);
        assert_ne!(challenges.next(now).key, other.next(now).key);
    }
}
