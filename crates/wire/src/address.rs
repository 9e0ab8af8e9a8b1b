use core::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// Kind of a device address. [Vol 6] Part B, 1.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AddressKind {
    /// Public device address.
    Public,
    /// Random device address: static, resolvable private or non-resolvable private.
    Random,
}

/// A Bluetooth device address with its kind.
///
/// The octets are in the order of the wire, least significant first; the text shows the most significant first.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Address {
    kind: AddressKind,
    octets: [u8; 6],
}

/// Addresses are compared in many places, and seldom: one function is smaller.
impl PartialEq for Address {
    #[inline(never)]
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.octets == other.octets
    }
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.octets).hash(state);
    }
}

impl Address {
    /// Creates an address from its octets in the order of the wire, least significant first.
    #[must_use]
    pub const fn new(kind: AddressKind, octets: [u8; 6]) -> Self {
        Self { kind, octets }
    }

    /// Creates a public address from its octets in written order, most significant first.
    #[must_use]
    pub const fn public([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self::new(AddressKind::Public, [f, e, d, c, b, a])
    }

    /// Creates a random address from its octets in written order, most significant first.
    #[must_use]
    pub const fn random([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self::new(AddressKind::Random, [f, e, d, c, b, a])
    }

    /// Creates an address from an HCI address type: 0 and 2 are public, 1 and 3 random. [Vol 4] Part E, 7.7.65.2
    #[must_use]
    pub const fn from_hci(kind: u8, octets: [u8; 6]) -> Option<Self> {
        match kind {
            0 | 2 => Some(Self::new(AddressKind::Public, octets)),
            1 | 3 => Some(Self::new(AddressKind::Random, octets)),
            _ => None,
        }
    }

    /// Returns the kind as an HCI address type: 0 public, 1 random.
    #[must_use]
    pub const fn hci_kind(self) -> u8 {
        match self.kind {
            AddressKind::Public => 0,
            AddressKind::Random => 1,
        }
    }

    /// Returns whether the address is public or random.
    #[must_use]
    pub const fn kind(self) -> AddressKind {
        self.kind
    }

    /// Returns the octets in the order of the wire, least significant first.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.octets
    }

    /// Returns whether this is a random static address. [Vol 6] Part B, 1.3.2.1
    #[must_use]
    pub const fn is_static(self) -> bool {
        self.top_bits_are(0b11)
    }

    /// Returns whether this is a resolvable private address. [Vol 6] Part B, 1.3.2.2
    #[must_use]
    pub const fn is_resolvable(self) -> bool {
        self.top_bits_are(0b01)
    }

    /// Returns whether this is a non-resolvable private address. [Vol 6] Part B, 1.3.2.2
    #[must_use]
    pub const fn is_non_resolvable(self) -> bool {
        self.top_bits_are(0b00)
    }

    /// Returns whether the address stays the same over the life of the device: public or static.
    #[must_use]
    pub const fn is_identity(self) -> bool {
        matches!(self.kind, AddressKind::Public) || self.is_static()
    }

    const fn top_bits_are(self, bits: u8) -> bool {
        let [.., top] = self.octets;
        matches!(self.kind, AddressKind::Random) && top >> 6 == bits
    }
}

impl fmt::Display for Address {
    /// Writes `C4:5E:12:00:00:01/random`, which [`str::parse`] reads back as the same address. `{:#}` leaves the kind
    /// out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.octets;
        write!(f, "{g:02X}:{e:02X}:{d:02X}:{c:02X}:{b:02X}:{a:02X}")?;
        match self.kind {
            _ if f.alternate() => Ok(()),
            AddressKind::Public => f.write_str("/public"),
            AddressKind::Random => f.write_str("/random"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The text is not an address such as `C4:5E:12:00:00:01/random`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseAddressError;

impl fmt::Display for ParseAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address such as C4:5E:12:00:00:01/random")
    }
}

impl core::error::Error for ParseAddressError {}

impl FromStr for Address {
    type Err = ParseAddressError;

    /// Parses `AA:BB:CC:DD:EE:FF/public` or `/random`; public if the kind is left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, kind) = match text.split_once('/') {
            None | Some((_, "public")) => (text.trim_end_matches("/public"), AddressKind::Public),
            Some((digits, "random")) => (digits, AddressKind::Random),
            Some(_) => return Err(ParseAddressError),
        };
        let mut octets = [0; 6];
        let mut parts = digits.split(':');
        for octet in octets.iter_mut().rev() {
            let part = parts
                .next()
                .filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
                .ok_or(ParseAddressError)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| ParseAddressError)?;
        }
        match parts.next() {
            None => Ok(Self::new(kind, octets)),
            Some(_) => Err(ParseAddressError),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn text_and_octets_agree() {
        let a: Address = "C4:5E:12:00:00:01/random".parse().unwrap();
        assert_eq!(a.octets(), [1, 0, 0, 0x12, 0x5e, 0xc4]);
        assert_eq!(a.to_string(), "C4:5E:12:00:00:01/random");
        assert_eq!(
            std::format!("{a:?} {a:#?}"),
            "C4:5E:12:00:00:01/random C4:5E:12:00:00:01/random"
        );
        assert_eq!(std::format!("{a:#}"), "C4:5E:12:00:00:01");
        assert!(a.is_static() && a.is_identity());
        assert!(!a.is_resolvable() && !a.is_non_resolvable());
        assert_eq!(a, Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]));
    }

    #[test]
    fn a_printed_address_is_read_back_with_its_kind() {
        for kind in [AddressKind::Public, AddressKind::Random] {
            for octets in [[0; 6], [0xff; 6], [1, 0xa0, 3, 4, 0x5f, 0xc6]] {
                let address = Address::new(kind, octets);
                assert_eq!(address.to_string().parse(), Ok(address));
                assert_eq!(std::format!("{address:?}").parse(), Ok(address));
            }
        }
    }

    #[test]
    fn text_that_is_not_an_address_is_refused() {
        for text in [
            "",
            "C4:5E:12:00:00",
            "C4:5E:12:00:00:01:02",
            "C4:5E:12:00:00:1",
            "g4:5E:12:00:00:01",
            "C4:5E:12:00:00:01/other",
            "+4:5E:12:00:00:01",
        ] {
            assert_eq!(
                text.parse::<Address>().map(|a| a.to_string()),
                Err(ParseAddressError),
                "{text}"
            );
        }
    }
}
