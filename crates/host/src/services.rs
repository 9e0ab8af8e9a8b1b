//! Configuration of the GATT server.

use bindrune_gatt::Service;

use crate::Config;

impl Config {
    /// Sets the services of the GATT server, which follow the built-in GAP and GATT services. If bonds are kept, at
    /// most 64 values can be subscribed to, including Service Changed: a bond remembers no more.
    #[must_use]
    pub const fn services(mut self, services: &'static [Service]) -> Self {
        self.services = services;
        self
    }

    /// Sets the appearance of the GAP service, an assigned number.
    #[must_use]
    pub const fn appearance(mut self, appearance: u16) -> Self {
        self.appearance = appearance;
        self
    }
}
