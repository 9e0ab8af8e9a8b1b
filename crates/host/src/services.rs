//! What the user decides about the GATT server.

use bindrune_gatt::Service;

use crate::Config;

impl Config {
    /// The services of the GATT server, after the GAP and GATT services that are always there. Where bonds are kept, at most
    /// 64 values can be subscribed to, Service Changed among them: a bond remembers no more.
    #[must_use]
    pub const fn services(mut self, services: &'static [Service]) -> Self {
        self.services = services;
        self
    }

    /// The appearance that the GAP service shows, an assigned number.
    #[must_use]
    pub const fn appearance(mut self, appearance: u16) -> Self {
        self.appearance = appearance;
        self
    }
}
