/// Builder methods that a characteristic and a descriptor share: the length of the value, the permissions, and
/// getters. Both have the fields `uuid`, `properties` and `content`.
macro_rules! value_builders {
    () => {
        /// Sets the maximum length of the value in octets, at most 512; never less than the initial value's length.
        #[must_use]
        pub const fn max_len(mut self, octets: u16) -> Self {
            self.content = self.content.max_len(octets);
            self
        }

        /// Requires every write to have exactly the maximum length.
        #[must_use]
        pub const fn fixed_len(mut self) -> Self {
            self.content.fixed = true;
            self
        }

        /// Sets the security level for reading and writing; subscribing needs the same level as reading.
        #[must_use]
        pub const fn permission(mut self, level: Level) -> Self {
            self.content = self.content.permission(level);
            self
        }

        /// Sets the security level for reading and subscribing.
        #[must_use]
        pub const fn read_permission(mut self, level: Level) -> Self {
            self.content.read.level = level;
            self
        }

        /// Sets the security level for writing.
        #[must_use]
        pub const fn write_permission(mut self, level: Level) -> Self {
            self.content.write.level = level;
            self
        }

        /// Sets the shortest encryption key for access, in octets; implies encryption.
        #[must_use]
        pub const fn min_key_size(mut self, octets: u8) -> Self {
            self.content = self.content.min_key_size(octets);
            self
        }

        /// Requires that the user has authorized the peer.
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

        /// Returns the maximum length of the value in octets.
        #[must_use]
        pub const fn limit(&self) -> usize {
            self.content.limit()
        }

        /// Returns the permitted operations on the value.
        #[must_use]
        pub const fn properties(&self) -> Properties {
            self.properties
        }

        /// Returns the requirements for reading and subscribing.
        #[must_use]
        pub const fn reading(&self) -> Permission {
            self.content.read
        }

        /// Returns the requirements for writing.
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
