use core::{fmt, str::FromStr};

use crate::{Malformed, NoRoom, Writer};

/// A Bluetooth UUID of 16, 32 or 128 bits.
///
/// Two UUIDs are equal if they name the same 128-bit value, whatever their form is. [Vol 3] Part B,
/// 2.5.1
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Uuid(u128);

/// The Bluetooth Base UUID, 00000000-0000-1000-8000-00805F9B34FB. [Vol 3] Part B, 2.5.1
const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5f9b_34fb;
const BASE_MASK: u128 = (1 << 96) - 1;

impl Uuid {
    /// Creates a UUID from an assigned number of 16 bits.
    #[must_use]
    pub const fn new_16(value: u16) -> Self {
        Self(BASE | (value as u128) << 96)
    }

    /// Creates a UUID from an assigned number of 32 bits.
    #[must_use]
    pub const fn new_32(value: u32) -> Self {
        Self(BASE | (value as u128) << 96)
    }

    /// Creates a UUID from the number in written order:
    /// `Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e)`.
    #[must_use]
    pub const fn new_128(value: u128) -> Self {
        Self(value)
    }

    /// Returns the 128-bit number.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// Returns the 16-bit form, if there is one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked before")]
    pub const fn as_u16(self) -> Option<u16> {
        match self.as_u32() {
            Some(value) if value <= 0xffff => Some(value as u16),
            _ => None,
        }
    }

    /// Returns the 32-bit form, if there is one; every 16-bit UUID has one too.
    #[must_use]
    pub const fn as_u32(self) -> Option<u32> {
        if self.0 & BASE_MASK == BASE { Some((self.0 >> 96) as u32) } else { None }
    }

    /// Creates a UUID from 2, 4 or 16 octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Value`] for any other length.
    pub fn from_le_bytes(octets: &[u8]) -> Result<Self, Malformed> {
        if let Ok(short) = <[u8; 2]>::try_from(octets) {
            Ok(Self::new_16(u16::from_le_bytes(short)))
        } else if let Ok(middle) = <[u8; 4]>::try_from(octets) {
            Ok(Self::new_32(u32::from_le_bytes(middle)))
        } else {
            let long = <[u8; 16]>::try_from(octets).map_err(|_| Malformed::Value)?;
            Ok(Self(u128::from_le_bytes(long)))
        }
    }

    /// Returns the length of the ATT form in octets: 2 if a 16-bit form exists, otherwise 16. [Vol 3]
    /// Part F, 3.2.1
    #[must_use]
    pub const fn att_len(self) -> usize {
        if self.as_u16().is_some() { 2 } else { 16 }
    }

    /// Writes the ATT form, least significant octet first. [Vol 3] Part F, 3.2.1
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write_att(self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self.as_u16() {
            Some(short) => w.u16(short),
            None => w.u128(self.0),
        }
    }
}

impl fmt::Display for Uuid {
    /// Writes `180f`, `12345678` or `6e400001-b5a3-f393-e0a9-e50e24dcca9e`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(short) = self.as_u16() {
            return write!(f, "{short:04x}");
        }
        if let Some(middle) = self.as_u32() {
            return write!(f, "{middle:08x}");
        }
        let [a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q] = self.0.to_be_bytes();
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}-{e:02x}{g:02x}-{h:02x}{i:02x}-{j:02x}{k:02x}-")?;
        write!(f, "{l:02x}{m:02x}{n:02x}{o:02x}{p:02x}{q:02x}")
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a UUID of 4, 8 or 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseUuidError;

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a UUID such as 180f or 6e400001-b5a3-f393-e0a9-e50e24dcca9e")
    }
}

impl core::error::Error for ParseUuidError {}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut value: u128 = 0;
        let mut digits = 0u8;
        for (at, c) in text.chars().enumerate() {
            if text.len() == 36 && matches!(at, 8 | 13 | 18 | 23) {
                if c != '-' {
                    return Err(ParseUuidError);
                }
                continue;
            }
            value = value << 4 | u128::from(c.to_digit(16).ok_or(ParseUuidError)?);
            digits = digits.checked_add(1).filter(|&n| n <= 32).ok_or(ParseUuidError)?;
        }
        match digits {
            4 | 8 => Ok(Self(BASE | value << 96)),
            32 => Ok(Self(value)),
            _ => Err(ParseUuidError),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn forms_of_one_uuid_are_equal() {
        let short = Uuid::new_16(0x180f);
        assert_eq!(short, Uuid::new_32(0x180f));
        assert_eq!(short, "0000180f-0000-1000-8000-00805f9b34fb".parse().unwrap());
        assert_eq!(short.to_string(), "180f");
        assert_eq!(Uuid::from_le_bytes(&[0x0f, 0x18]), Ok(short));
        assert_eq!(Uuid::from_le_bytes(&[0x0f, 0x18, 0]), Err(Malformed::Value));
    }

    #[test]
    fn long_uuids_keep_their_octets() {
        let text = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.to_string(), text);
        let mut buffer = [0; 16];
        let mut w = Writer::new(&mut buffer);
        uuid.write_att(&mut w).unwrap();
        assert_eq!(Uuid::from_le_bytes(w.written()), Ok(uuid));
        assert_eq!(buffer.first(), Some(&0x9e));
    }

    #[test]
    fn a_printed_uuid_is_read_back() {
        for uuid in
            [Uuid::new_16(0), Uuid::new_16(0xfff0), Uuid::new_32(0x12_0000), Uuid::new_128(7)]
        {
            assert_eq!(uuid.to_string().parse(), Ok(uuid));
        }
    }

    #[test]
    fn text_that_is_not_a_uuid_is_refused() {
        for text in [
            "",
            "180",
            "180g",
            "6e400001b5a3f393e0a9e50e24dcca9e0",
            "6e400001-b5a3-f393-e0a9e50e24dcca9e-",
            "-6e400001-b5a3-f393-e0a9-e50e24dcca9",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(ParseUuidError), "{text}");
        }
    }
}
