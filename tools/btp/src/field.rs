//! Fields of messages, and their layout.

use bindrune_wire::{Address, Malformed, Reader, Uuid};

/// A field of a message. Numbers have the least significant byte first.
pub trait Field: Sized {
    /// Reads the field.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if bytes are missing, or have no meaning.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed>;
    /// Appends the field.
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($number:ident),*) => {
        $(impl Field for $number {
            fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                r.$number()
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        })*
    };
}
numbers!(u8, i8, u16, u32);

impl Field for bool {
    /// Reads 0 or 1; other values have no meaning.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed::Value),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl<const N: usize> Field for [u8; N] {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array()
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<T: Field> Field for Box<T> {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        T::read(r).map(Self::new)
    }

    fn write(&self, out: &mut Vec<u8>) {
        T::write(self, out);
    }
}

impl Field for Address {
    /// Reads the kind, 0 or 1, and six bytes.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            kind @ (0 | 1) => Self::from_hci(kind, r.array()?).ok_or(Malformed::Value),
            _ => Err(Malformed::Value),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.hci_kind());
        out.extend(self.octets());
    }
}

impl Field for Uuid {
    /// Reads the length, 2 or 16, and as many bytes.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.u8()? {
            len @ (2 | 16) => Self::from_le_bytes(r.bytes(len.into())?),
            _ => Err(Malformed::Value),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.as_u16() {
            Some(short) => {
                out.push(2);
                out.extend(short.to_le_bytes());
            }
            None => {
                out.push(16);
                out.extend(self.as_u128().to_le_bytes());
            }
        }
    }
}

/// At most 255 bytes, after their number in one byte. More are cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes8(pub Vec<u8>);

impl Field for Bytes8 {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let len = r.u8()?;
        Ok(Self(r.bytes(len.into())?.to_vec()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let len = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        out.push(len);
        out.extend(self.0.iter().take(len.into()));
    }
}

/// At most 65,535 bytes, after their number in two bytes. More are cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes16(pub Vec<u8>);

impl Field for Bytes16 {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let len = r.u16()?;
        Ok(Self(r.bytes(len.into())?.to_vec()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let len = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        out.extend(len.to_le_bytes());
        out.extend(self.0.iter().take(len.into()));
    }
}

/// At most 255 items, after their number in one byte. More are cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List8<T>(pub Vec<T>);

impl<T> Default for List8<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Field> Field for List8<T> {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = r.u8()?;
        (0..count).map(|_| T::read(r)).collect::<Result<_, _>>().map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let count = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        out.push(count);
        self.0.iter().take(count.into()).for_each(|item| item.write(out));
    }
}

/// A bit for each number of a command or service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported(pub Vec<u8>);

impl Supported {
    /// Sets a bit for each number.
    #[must_use]
    pub fn of(numbers: impl IntoIterator<Item = u8>) -> Self {
        let mut bits = Vec::new();
        for number in numbers {
            let place = usize::from(number >> 3);
            if bits.len() <= place {
                bits.resize(place.saturating_add(1), 0);
            }
            if let Some(byte) = bits.get_mut(place) {
                *byte |= 1 << (number & 7);
            }
        }
        Self(bits)
    }

    /// Returns whether a number is supported.
    #[must_use]
    pub fn has(&self, number: u8) -> bool {
        self.0.get(usize::from(number >> 3)).is_some_and(|byte| byte >> (number & 7) & 1 == 1)
    }
}

impl Field for Supported {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self(r.rest().to_vec()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}
