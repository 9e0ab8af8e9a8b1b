use super::report::Meta;

/// Reports that were delivered, so that a scan without duplicates drops them.
///
/// It remembers [`SEEN`] reports. A further report replaces one that was not received again lately, chosen at random:
/// even with more advertisers than entries, most duplicates are dropped. A forgotten report may be delivered again; a
/// new report is never dropped.
#[derive(Debug)]
pub(super) struct Seen {
    /// A hash for each report; 0 for a free entry.
    hashes: [u32; SEEN],
    /// Entries whose report was received again since they were last considered for replacement.
    again: u128,
    /// State of the random choice of entries.
    random: u32,
}

/// Number of reports that are remembered to drop duplicates.
pub(super) const SEEN: usize = 128;
/// Maximum number of entries that are considered before one is replaced.
const TRIES: usize = 8;

impl Seen {
    pub(super) const EMPTY: Self = Self { hashes: [0; SEEN], again: 0, random: 1 };

    /// Returns whether the report was seen before; records it if not.
    pub(super) fn is_duplicate(&mut self, meta: &Meta, first: &[u8], second: &[u8]) -> bool {
        let id = [&[meta.address.kind.0, meta.flags, meta.sid], &meta.address.octets[..]];
        let octets = id.into_iter().chain([first, second]).flatten();
        // FNV-1a.
        let hash = octets
            .fold(0x811c_9dc5_u32, |hash, &o| (hash ^ u32::from(o)).wrapping_mul(0x0100_0193))
            .max(1);
        if let Some(at) = self.hashes.iter().position(|&known| known == hash) {
            self.again |= bit(at);
            return true;
        }
        let free = self.hashes.iter().position(|&known| known == 0);
        let at = free.unwrap_or_else(|| self.victim());
        if let Some(place) = self.hashes.get_mut(at) {
            *place = hash;
        }
        self.again &= !bit(at);
        false
    }

    fn victim(&mut self) -> usize {
        let mut at = 0;
        for _ in 0..TRIES {
            // Xorshift.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            at = usize::try_from(self.random)
                .unwrap_or_default()
                .checked_rem(SEEN)
                .unwrap_or_default();
            if self.again & bit(at) == 0 {
                break;
            }
            self.again &= !bit(at);
        }
        at
    }
}

fn bit(at: usize) -> u128 {
    1u128.wrapping_shl(u32::try_from(at).unwrap_or_default())
}
