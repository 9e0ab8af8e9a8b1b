//! Settings for private addresses.

use embassy_time::Duration;

use crate::{Config, Privacy};

/// The longest time that one private address may be used, in seconds: 11.5 h.
const ROTATE_MAX: u64 = 41_400;

impl Config {
    /// Sets whether the host uses private addresses on the air. Default: the identity address. The key with which
    /// bonded devices resolve them is made once and kept in the store of bonds. A rotation of less than 1 s counts as
    /// 1 s, and one of more than 11.5 h as 11.5 h.
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
