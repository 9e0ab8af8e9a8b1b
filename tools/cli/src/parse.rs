//! Parses devices, attributes, values and numbers of the command line.

use std::str::FromStr;

use bindrune::{Address, AddressKind, Opcode, Uuid};

use crate::numbers;

/// A selected device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// An address with its type.
    Address(Address),
    /// An address of unknown type, in the order on the wire; scanning finds the type.
    AnyKind([u8; 6]),
    /// A name, found by scanning.
    Name(String),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("missing address or name".into());
        }
        if let Some(name) = text.strip_prefix("name:") {
            return Ok(Self::Name(name.into()));
        }
        let (digits, kind) = text.split_once('/').map_or((text, None), |(d, k)| (d, Some(k)));
        if !looks_like_address(digits) {
            return Ok(Self::Name(text.into()));
        }
        let address: Address = text.parse().map_err(|e| {
            format!("{e}; an address is AA:BB:CC:DD:EE:FF, and name:{text} is a name")
        })?;
        Ok(match kind {
            Some(_) => Self::Address(address),
            None => Self::AnyKind(address.octets()),
        })
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address:?}"),
            Self::AnyKind(octets) => write!(f, "{:#}", Address::new(AddressKind::Public, *octets)),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

/// Returns whether a text is meant as an address, valid or not: six groups of two characters, or at least four groups
/// of hexadecimal digits, with colons or hyphens between them.
fn looks_like_address(text: &str) -> bool {
    [':', '-'].into_iter().any(|mark| {
        let groups = || text.split(mark);
        let six = groups().count() == 6 && groups().all(|group| group.chars().count() == 2);
        let short =
            |group: &str| group.len() <= 3 && group.bytes().all(|digit| digit.is_ascii_hexdigit());
        six || groups().count() >= 4 && groups().all(short)
    })
}

/// A selected attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Handle(u16),
    Uuid(Uuid),
}

/// First assigned number of services and attributes; lower numbers are handles.
const FIRST_UUID: u16 = 0x1800;

impl FromStr for Attribute {
    type Err = String;

    /// Parses handles (`000b` and `0x000b`, as `gatt tree` prints them), UUIDs (`2a6e`, and longer ones), assigned
    /// names of characteristics, and `handle:2a6e`, which is always a handle.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "not a handle such as 000b, nor a UUID such as 2a6e or \
             6e400002-b5a3-f393-e0a9-e50e24dcca9e, nor an assigned name such as Temperature"
                .to_owned()
        };
        let handle = |digits: &str| hexadecimal(digits).filter(|&n| n != 0).ok_or_else(wrong);
        if let Some(digits) = text.strip_prefix("handle:") {
            return handle(digits.trim_start_matches("0x")).map(Self::Handle);
        }
        let digits = text.strip_prefix("0x").unwrap_or(text);
        match hexadecimal(digits) {
            Some(0) => Err(wrong()),
            Some(number) if number < FIRST_UUID => Ok(Self::Handle(number)),
            Some(number) => Ok(Self::Uuid(Uuid::new_16(number))),
            None => digits
                .parse()
                .ok()
                .or_else(|| numbers::characteristic_named(text))
                .map(Self::Uuid)
                .ok_or_else(wrong),
        }
    }
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Handle(handle) => write!(f, "handle {handle:04x}"),
            Self::Uuid(uuid) => write!(f, "{uuid}"),
        }
    }
}

fn hexadecimal(digits: &str) -> Option<u16> {
    let right = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if right { u16::from_str_radix(digits, 16).ok() } else { None }
}

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value(pub(crate) Vec<u8>);

impl FromStr for Value {
    type Err = String;

    /// Parses `text:hello`, or hexadecimal digits with optional spaces, colons or `0x`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(text) = text.strip_prefix("text:") {
            return Ok(Self(text.as_bytes().to_vec()));
        }
        let digits: String = text.strip_prefix("0x").unwrap_or(text).replace([' ', ':'], "");
        let pairs = digits.as_bytes().chunks(2);
        pairs.map(octet).collect::<Option<Vec<u8>>>().map(Self).ok_or_else(|| {
            "not an even number of hexadecimal digits; write text as text:hello".into()
        })
    }
}

fn octet(pair: &[u8]) -> Option<u8> {
    let &[high, low] = pair else { return None };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Parses a number of 16 bits, decimal or with `0x`.
pub(crate) fn number_16(text: &str) -> Result<u16, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "not a number from 0 to 65535 (0xffff)".into())
}

/// Parses the PSM of an LE credit-based channel. [Vol 3] Part A, 4.22
pub(crate) fn psm(text: &str) -> Result<u16, String> {
    number_16(text)
        .ok()
        .filter(|psm| (0x0001..=0x00ff).contains(psm))
        .ok_or_else(|| "not a PSM from 0x01 to 0xff".into())
}

/// Parses a passkey: six digits, with optional spaces. [Vol 3] Part H, 2.3.5.3
pub(crate) fn passkey(text: &str) -> Result<u32, String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let right = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    if right { digits.parse().ok() } else { None }
        .ok_or_else(|| "not a passkey of six digits".into())
}

/// Parses the data of a manufacturer: its company identifier, a colon, and hexadecimal digits.
pub(crate) fn manufacturer(text: &str) -> Result<(u16, Vec<u8>), String> {
    let wrong = || "not ID:HEX, such as 0x0059:0102".to_owned();
    let (company, data) = text.split_once(':').ok_or_else(wrong)?;
    let Value(data) = data.parse().map_err(|_| wrong())?;
    Ok((number_16(company).map_err(|_| wrong())?, data))
}

/// Parses the opcode of an HCI command, `OGF:OCF`, both decimal or with `0x`. [Vol 4] Part E, 5.4.1
pub(crate) fn opcode(text: &str) -> Result<Opcode, String> {
    let wrong =
        || "not OGF:OCF, such as 0x04:0x0001; an OGF is at most 0x3f, an OCF 0x3ff".to_owned();
    let (group, command) = text.split_once(':').ok_or_else(wrong)?;
    let group = number_16(group).ok().filter(|&ogf| ogf <= 0x3f).ok_or_else(wrong)?;
    let command = number_16(command).ok().filter(|&ocf| ocf <= 0x3ff).ok_or_else(wrong)?;
    Ok(Opcode(group << 10 | command))
}

/// Parses a time in seconds, of a millisecond to a day.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|s| (0.001..=86_400.0).contains(s))
        .ok_or_else(|| "not a number of seconds from 0.001 to 86400 (a day)".into())
}

/// Parses a connection interval in milliseconds, into units of 1.25 ms. [Vol 4] Part E, 7.8.12
pub(crate) fn interval(text: &str) -> Result<u16, String> {
    let wrong = || "not a multiple of 1.25 ms from 7.5 to 4000".to_owned();
    let units = text.parse::<f64>().map_err(|_| wrong())? / 1.25;
    let all = 6..=3200u16;
    all.into_iter().find(|&whole| f64::from(whole) == units).ok_or_else(wrong)
}

/// Parses a UUID of 4, 8 or 32 digits, with or without `0x`.
pub(crate) fn uuid(text: &str) -> Result<Uuid, String> {
    text.strip_prefix("0x")
        .unwrap_or(text)
        .parse()
        .map_err(|e: bindrune::ParseUuidError| e.to_string())
}

/// Parses a random static address.
pub(crate) fn own_address(text: &str) -> Result<Address, String> {
    let wrong = || "not a static random address such as C4:5E:12:00:00:09".to_owned();
    let address: Address = text.trim_end_matches("/random").parse().map_err(|_| wrong())?;
    let address = Address::new(AddressKind::Random, address.octets());
    if address.is_static() && !text.contains("/public") { Ok(address) } else { Err(wrong()) }
}

/// Formats bytes as hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices() {
        let octets = [1, 0, 0, 0x12, 0x5e, 0xc4];
        let random = Address::new(AddressKind::Random, octets);
        let device = |text: &str| text.parse::<Device>();
        assert_eq!(device("C4:5E:12:00:00:01/random"), Ok(Device::Address(random)));
        assert_eq!(device("c4:5e:12:00:00:01"), Ok(Device::AnyKind(octets)));
        assert_eq!(device("HR belt"), Ok(Device::Name("HR belt".into())));
        assert_eq!(device("a/b"), Ok(Device::Name("a/b".into())));
        assert_eq!(device("12:30:15"), Ok(Device::Name("12:30:15".into())));
        assert_eq!(device("name:C4:5E:12:00"), Ok(Device::Name("C4:5E:12:00".into())));
        for text in [
            "",
            "C4:5E:12:00:00:0G",
            "C4:5E:12:00:00:01/other",
            "C4:5E:12:00:00",
            "C4:5E:12:00:00:1",
            "C4:5E:12:00:00:01:02",
            "C4-5E-12-00-00",
            "C4:5E:12:00:00/random",
        ] {
            assert!(device(text).is_err(), "{text}");
        }
    }

    #[test]
    fn attributes() {
        let attribute = |text: &str| text.parse::<Attribute>();
        assert_eq!(attribute("000b"), Ok(Attribute::Handle(0x0b)));
        assert_eq!(attribute("0x000b"), Ok(Attribute::Handle(0x0b)));
        assert_eq!(attribute("handle:2a6e"), Ok(Attribute::Handle(0x2a6e)));
        assert_eq!(attribute("2a6e"), Ok(Attribute::Uuid(Uuid::new_16(0x2a6e))));
        assert_eq!(attribute("0x2A6E"), Ok(Attribute::Uuid(Uuid::new_16(0x2a6e))));
        assert_eq!(attribute("temperature"), Ok(Attribute::Uuid(Uuid::new_16(0x2a6e))));
        let long = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
        assert_eq!(attribute(long), Ok(Attribute::Uuid(long.parse().unwrap())));
        for text in ["", "0000", "xyz", "12345", "handle:", "handle:0"] {
            assert!(attribute(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values() {
        let value = |text: &str| text.parse::<Value>().map(|v| v.0);
        assert_eq!(value("0a0B"), Ok(vec![0x0a, 0x0b]));
        assert_eq!(value("0x0a 0b:0c"), Ok(vec![10, 11, 12]));
        assert_eq!(value("text:hé"), Ok("hé".as_bytes().to_vec()));
        assert_eq!(value(""), Ok(vec![]));
        assert!(value("abc").is_err() && value("zz").is_err() && value("+1").is_err());
    }

    #[test]
    fn numbers() {
        assert_eq!((psm("0x80"), psm("128")), (Ok(0x80), Ok(0x80)));
        assert!(psm("0").is_err() && psm("0x100").is_err() && number_16("65536").is_err());
        assert_eq!(seconds("2.5"), Ok(2.5));
        assert_eq!((interval("7.5"), interval("4000")), (Ok(6), Ok(3200)));
        assert!(interval("7").is_err() && interval("4001.25").is_err() && interval("nan").is_err());
        assert_eq!((passkey("000 123\n"), passkey("999999")), (Ok(123), Ok(999_999)));
        assert!(
            passkey("1000000").is_err()
                && passkey("12").is_err()
                && passkey("").is_err()
                && passkey("+1").is_err()
        );
        assert!(seconds("0").is_err() && seconds("nan").is_err() && seconds("-1").is_err());
        assert_eq!(manufacturer("0x59:01 02"), Ok((0x59, vec![1, 2])));
        assert!(manufacturer("0102").is_err() && manufacturer("59:0").is_err());
        assert_eq!(opcode("0x04:0x0001"), Ok(Opcode(0x1001)));
        assert_eq!(opcode("8:24"), Ok(Opcode(0x2018)));
        assert!(opcode("0x40:1").is_err() && opcode("1").is_err() && opcode("1:0x400").is_err());
        assert!(own_address("C4:5E:12:00:00:09").is_ok());
        assert!(own_address("00:5E:12:00:00:09").is_err());
    }
}
