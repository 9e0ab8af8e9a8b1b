//! Advertising with extended PDUs. [Vol 6] Part B, 2.3.1

use bindrune_hci::Phy;

use crate::{Advertisement, ExtendedPdus};

impl Advertisement<'_> {
    /// Uses extended PDUs on the 1M PHY: up to 1,650 octets of data, but legacy scanners see
    /// nothing.
    #[must_use]
    pub const fn extended(self) -> Self {
        self.extended_with(ExtendedPdus {
            primary: Phy::LE_1M,
            secondary: Phy::LE_1M,
            sid: 0,
            tx_power: None,
            anonymous: false,
            include_tx_power: false,
        })
    }

    /// Uses extended PDUs with all their choices.
    #[must_use]
    pub const fn extended_with(mut self, extended: ExtendedPdus) -> Self {
        self.parameters.extended = Some(extended);
        self
    }
}
