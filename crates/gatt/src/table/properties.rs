use bitflags::bitflags;

bitflags! {
    /// Permitted operations on a characteristic's value. [Vol 3] Part G, 3.3.1.1
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Properties: u8 {
        /// The value may be broadcast.
        const BROADCAST = 0x01;
        /// The value may be read.
        const READ = 0x02;
        /// The value may be written without a response.
        const WRITE_WITHOUT_RESPONSE = 0x04;
        /// The value may be written with a response.
        const WRITE = 0x08;
        /// The value may be notified.
        const NOTIFY = 0x10;
        /// The value may be indicated.
        const INDICATE = 0x20;
        /// The value may be written with a signature and without a response.
        const SIGNED_WRITE = 0x40;
        /// The Characteristic Extended Properties descriptor has more properties.
        const EXTENDED = 0x80;
        /// All other bits, which a peer may set.
        const _ = !0;
    }
}

bitflags! {
    /// The properties of the Characteristic Extended Properties descriptor. [Vol 3] Part G, 3.3.3.1
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ExtendedProperties: u8 {
        /// The value may be written reliably.
        const RELIABLE_WRITE = 0x01;
        /// The Characteristic User Description descriptor may be written.
        const WRITABLE_AUXILIARIES = 0x02;
    }
}
