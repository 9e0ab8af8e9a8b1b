/// What the builders of a characteristic and of a descriptor have in common: how long the value may be, what access
/// to it asks for, and what was chosen. Both have the fields `uuid`, `properties` and `content`.
macro_rules! value_builders {
    () => {
        /// The longest value in octets, at most 512; never less than the initial value's length.
        #[must_use]
        pub const fn max_len(mut self, octets: u16) -> Self {
            self.content = self.content.max_len(octets);
            self
        }

        /// Every write must be exactly as long as the longest value.
        #[must_use]
        pub const fn fixed_len(mut self) -> Self {
            self.content.fixed = true;
            self
        }

        /// The security level that reading and writing ask for; subscribing asks for what reading does.
        #[must_use]
        pub const fn permission(mut self, level: Level) -> Self {
            self.content = self.content.permission(level);
            self
        }

        /// The security level that reading and subscribing ask for.
        #[must_use]
        pub const fn read_permission(mut self, level: Level) -> Self {
            self.content.read.level = level;
            self
        }

        /// The security level that writing asks for.
        #[must_use]
        pub const fn write_permission(mut self, level: Level) -> Self {
            self.content.write.level = level;
            self
        }

        /// The shortest encryption key, in octets, that access asks for; it implies encryption.
        #[must_use]
        pub const fn min_key_size(mut self, octets: u8) -> Self {
            self.content = self.content.min_key_size(octets);
            self
        }

        /// The user must have authorized the peer.
        #[must_use]
        pub const fn authorize(mut self) -> Self {
            self.content = self.content.authorize();
            self
        }

        /// Returns the value's attribute type.
        #[must_use]
        pub const fn uuid(&self) -> Uuid {
            self.uuid
        }

        /// The longest value in octets.
        #[must_use]
        pub const fn limit(&self) -> usize {
            self.content.limit()
        }

        /// What may be done with the value.
        #[must_use]
        pub const fn properties(&self) -> Properties {
            self.properties
        }

        /// What reading and subscribing ask for.
        #[must_use]
        pub const fn reading(&self) -> Permission {
            self.content.read
        }

        /// What writing asks for.
        #[must_use]
        pub const fn writing(&self) -> Permission {
            self.content.write
        }

        pub(crate) const fn content(&self) -> &Content {
            &self.content
        }
    };
}
pub(super) use value_builders;
