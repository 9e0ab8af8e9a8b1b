//! What the user decides about private addresses.

use embassy_time::Duration;

use crate::{Config, Privacy};

/// The longest time that one private address may be used, in seconds: 11.5 h.
const ROTATE_MAX: u64 = 41_400;

impl Config {
    /// Private addresses on the air; the identity address by default. The key that bonded devices resolve them with is made
    /// once, and kept in the store of bonds. A rotation of less than 1 s is taken as 1 s, and of more than 11.5 h as that.
    #[must_use]
    pub const fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = match privacy {
            Privacy::On { rotate } if rotate.as_secs() < 1 => {
                Privacy::On { rotate: Duration::from_secs(1) }
            }
            Privacy::On { rotate } if rotate.as_secs() > ROTATE_MAX => {
                Privacy::On { rotate: Duration::from_secs(ROTATE_MAX) }
            }
            Privacy::On { .. } | Privacy::Off => privacy,
        };
        self
    }
}
