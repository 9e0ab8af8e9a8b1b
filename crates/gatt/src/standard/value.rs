//! Values of standard characteristics, parsed from and written to their octets. [GATT Specification Supplement]
//!
//! A number is little-endian, as a count of steps: a temperature of 21.5 °C is 2,150 steps of 0.01 °C. A type of
//! this module is such a count. `decode` takes octets of a peer: a wrong length, or a count outside the
//! characteristic's range, is an error. `value` and `from_value` use the unit of the characteristic, as
//! floating-point numbers; without floating point, use `new` and `raw`.

use bindrune_wire::{Malformed, Uuid};

pub use super::heart_rate_value::{HeartRate, RrIntervals};

/// Declares a type for each row: its UUID, octets, steps in a unit, unit, range of counts, and the count for an
/// unknown value.
macro_rules! numbers {
    ($($name:ident: $raw:ident, $uuid:literal, $len:literal, $steps:literal, $unit:literal, $range:expr $(, unknown $unknown:expr)?;)*) => {$(
        #[doc = concat!("In ", $unit, ", as a count of ", stringify!($steps), " to the unit. UUID ", stringify!($uuid), ".")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name($raw);

        impl $name {
            /// The UUID of the characteristic.
            pub const UUID: Uuid = Uuid::new_16($uuid);
            /// Length of a value in octets.
            pub const LEN: usize = $len;
            /// The unit of [`Self::value`].
            pub const UNIT: &str = $unit;
            $(
                /// An unknown value.
                pub const UNKNOWN: Self = Self($unknown);
            )?

            const NONE: Option<$raw> = [$($unknown,)?].first().copied();

            /// Creates a value from a count of steps; `None` outside the characteristic's range.
            #[must_use]
            pub const fn new(raw: $raw) -> Option<Self> {
                let (least, most) = $range;
                if raw >= least && raw <= most { Some(Self(raw)) } else { None }
            }

            /// Returns the count of steps.
            #[must_use]
            pub const fn raw(self) -> $raw {
                self.0
            }

            /// Parses the octets of a value.
            ///
            /// # Errors
            ///
            /// [`Malformed`] if the length is wrong or the value is out of range.
            pub const fn decode(octets: &[u8]) -> Result<Self, Malformed> {
                let number = match number(octets, $len) {
                    Ok(number) => number,
                    Err(error) => return Err(error),
                };
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the number has the length and the sign of its type"
                )]
                let raw = (if $raw::MIN == 0 { number.cast_signed() } else { signed(number, $len) }) as $raw;
                if let Some(unknown) = Self::NONE && raw == unknown {
                    return Ok(Self(raw));
                }
                match Self::new(raw) {
                    Some(value) => Ok(value),
                    None => Err(Malformed::Value),
                }
            }

            /// Returns the octets of the value.
            #[must_use]
            pub const fn encode(self) -> [u8; $len] {
                #[allow(clippy::cast_sign_loss, reason = "the length is the same")]
                octets(self.0 as u32)
            }

            /// Returns the value in its unit; `None` if it is unknown.
            #[must_use]
            #[allow(clippy::cast_precision_loss, reason = "a float keeps 24 bits")]
            pub fn value(self) -> Option<f32> {
                let is_known = Self::NONE != Some(self.0);
                is_known.then_some(self.0 as f32 / $steps)
            }

            /// Creates a value from the nearest count; `None` outside the characteristic's range.
            #[must_use]
            pub fn from_value(value: f32) -> Option<Self> {
                $raw::try_from(nearest(value * $steps)?).ok().and_then(Self::new)
            }
        }
    )*};
}

numbers! {
    BatteryLevel: u8, 0x2a19, 1, 1.0, "%", (0, 100);
    TxPowerLevel: i8, 0x2a07, 1, 1.0, "dBm", (-100, 20);
    Temperature: i16, 0x2a6e, 2, 100.0, "°C", (-27_315, i16::MAX), unknown i16::MIN;
    Humidity: u16, 0x2a6f, 2, 100.0, "%", (0, 10_000), unknown u16::MAX;
    Pressure: u32, 0x2a6d, 4, 10.0, "Pa", (0, u32::MAX);
    Elevation: i32, 0x2a6c, 3, 100.0, "m", (-8_388_608, 8_388_607);
    DewPoint: i8, 0x2a7b, 1, 1.0, "°C", (i8::MIN, i8::MAX);
    HeatIndex: i8, 0x2a7a, 1, 1.0, "°C", (i8::MIN, i8::MAX);
    WindChill: i8, 0x2a79, 1, 1.0, "°C", (i8::MIN, i8::MAX);
    TrueWindSpeed: u16, 0x2a70, 2, 100.0, "m/s", (0, u16::MAX);
    TrueWindDirection: u16, 0x2a71, 2, 100.0, "°", (0, 35_999);
    ApparentWindSpeed: u16, 0x2a72, 2, 100.0, "m/s", (0, u16::MAX);
    ApparentWindDirection: u16, 0x2a73, 2, 100.0, "°", (0, 35_999);
    GustFactor: u8, 0x2a74, 1, 10.0, "of the wind speed", (0, u8::MAX);
    PollenConcentration: u32, 0x2a75, 3, 1.0, "1/m³", (0, 0xff_ffff);
    UvIndex: u8, 0x2a76, 1, 1.0, "of the index", (0, u8::MAX);
    Irradiance: u16, 0x2a77, 2, 10.0, "W/m²", (0, u16::MAX);
    Rainfall: u16, 0x2a78, 2, 1.0, "mm", (0, u16::MAX);
    Illuminance: u32, 0x2afb, 3, 100.0, "lx", (0, 0xff_fffe), unknown 0xff_ffff;
    Co2Concentration: u16, 0x2b8c, 2, 1.0, "ppm", (0, 0xfffe), unknown u16::MAX;
    VocConcentration: u16, 0x2be7, 2, 1.0, "ppb", (0, 0xfffe), unknown u16::MAX;
    ElectricCurrent: u16, 0x2aee, 2, 100.0, "A", (0, 0xfffe), unknown u16::MAX;
    Voltage: u16, 0x2b18, 2, 64.0, "V", (0, 0xfffe), unknown u16::MAX;
}

/// Manufacturer, product and version of a device. [Device Information Service 1.1, 3.9]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PnpId {
    /// The organization that assigned `vendor`.
    pub source: VendorSource,
    /// The vendor.
    pub vendor: u16,
    /// The vendor's product number.
    pub product: u16,
    /// The version, 0xJJMN for JJ.M.N.
    pub version: u16,
}

/// The organization that assigns numbers to vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum VendorSource {
    /// The Bluetooth SIG: a company identifier.
    Bluetooth = 1,
    /// The USB Implementer's Forum.
    Usb = 2,
}

impl PnpId {
    /// The UUID of the characteristic.
    pub const UUID: Uuid = Uuid::new_16(0x2a50);

    /// Parses the octets of a value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the length is wrong or the source is unknown.
    pub const fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let &[source, a, b, c, d, e, f] = octets else {
            return Err(if octets.len() < 7 { Malformed::Truncated } else { Malformed::Trailing });
        };
        let source = match source {
            1 => VendorSource::Bluetooth,
            2 => VendorSource::Usb,
            _ => return Err(Malformed::Value),
        };
        let (vendor, product) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        Ok(Self { source, vendor, product, version: u16::from_le_bytes([e, f]) })
    }

    /// Returns the octets of the value.
    #[must_use]
    pub const fn encode(self) -> [u8; 7] {
        let [a, b] = self.vendor.to_le_bytes();
        let [c, d] = self.product.to_le_bytes();
        let [e, f] = self.version.to_le_bytes();
        [self.source as u8, a, b, c, d, e, f]
    }
}

/// Reads the number in exactly `len` octets.
const fn number(octets: &[u8], len: usize) -> Result<u32, Malformed> {
    if octets.len() < len {
        return Err(Malformed::Truncated);
    }
    if octets.len() > len {
        return Err(Malformed::Trailing);
    }
    let (mut number, mut rest) = (0u32, octets);
    while let [more @ .., last] = rest {
        number = number.wrapping_shl(8) | *last as u32;
        rest = more;
    }
    Ok(number)
}

/// Returns the number with the sign of its `len` octets.
const fn signed(number: u32, len: usize) -> i32 {
    let above = match len {
        1 => 24,
        2 => 16,
        3 => 8,
        _ => 0,
    };
    number.wrapping_shl(above).cast_signed().wrapping_shr(above)
}

/// Returns the low octets of a number.
const fn octets<const LEN: usize>(number: u32) -> [u8; LEN] {
    let (mut octets, mut rest) = ([0; LEN], number);
    let mut place: &mut [u8] = &mut octets;
    while let [first, more @ ..] = place {
        [*first, ..] = rest.to_le_bytes();
        rest = rest.wrapping_shr(8);
        place = more;
    }
    octets
}

/// Returns the nearest whole number; `None` if the value is not a number or far out of range.
#[expect(clippy::cast_possible_truncation, reason = "the range was checked before")]
fn nearest(value: f32) -> Option<i64> {
    let rounded = if value < 0.0 { value - 0.5 } else { value + 0.5 };
    (rounded.abs() < 1e15).then_some(rounded as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_counts() {
        assert_eq!(Temperature::from_value(21.5).unwrap().encode(), [0x66, 0x08]);
        assert_eq!(Temperature::from_value(-0.01).unwrap().encode(), [0xff, 0xff]);
        assert_eq!(Temperature::decode(&[0xff, 0xff]).unwrap().value(), Some(-0.01));
        assert_eq!(Humidity::new(5512).unwrap().encode(), [0x88, 0x15]);
        assert_eq!(Humidity::decode(&[0x88, 0x15]).unwrap().value(), Some(55.12));
        assert_eq!(Pressure::from_value(101_325.0).unwrap().encode(), [0x02, 0x76, 0x0f, 0x00]);
        assert_eq!(Pressure::decode(&[0xff; 4]).unwrap().raw(), u32::MAX);
        assert_eq!(Elevation::from_value(-1.5).unwrap().encode(), [0x6a, 0xff, 0xff]);
        assert_eq!(Elevation::decode(&[0x6a, 0xff, 0xff]).unwrap().raw(), -150);
        assert_eq!(Elevation::decode(&[0xff, 0xff, 0x7f]).unwrap().raw(), 8_388_607);
        assert_eq!(TxPowerLevel::decode(&[0xf8]).unwrap().value(), Some(-8.0));
        assert_eq!(Voltage::from_value(3.25).unwrap().raw(), 208);
        assert_eq!(Illuminance::new(0x12_3456).unwrap().encode(), [0x56, 0x34, 0x12]);
    }

    #[test]
    fn counts_out_of_range_are_refused() {
        assert_eq!(BatteryLevel::new(101), None);
        assert_eq!(BatteryLevel::decode(&[101]), Err(Malformed::Value));
        assert_eq!(BatteryLevel::decode(&[100]).unwrap().value(), Some(100.0));
        assert_eq!(Temperature::from_value(-273.2), None);
        assert_eq!(Temperature::decode(&[0x4c, 0x95]), Err(Malformed::Value));
        assert_eq!(Temperature::from_value(f32::NAN), None);
        assert_eq!(Pressure::from_value(f32::INFINITY), None);
        assert_eq!(Pressure::from_value(-1.0), None);
        assert_eq!(Humidity::decode(&[0x11, 0x27]), Err(Malformed::Value));
        assert_eq!(Illuminance::new(0x0100_0000), None);
        assert_eq!(Elevation::new(8_388_608), None);
    }

    #[test]
    fn octets_that_are_too_few_or_too_many_are_refused() {
        for (octets, error) in [
            (&[][..], Malformed::Truncated),
            (&[1], Malformed::Truncated),
            (&[1, 2, 3], Malformed::Trailing),
        ] {
            assert_eq!(Temperature::decode(octets), Err(error));
        }
        assert_eq!(Elevation::decode(&[0; 4]), Err(Malformed::Trailing));
        assert_eq!(Pressure::decode(&[0; 3]), Err(Malformed::Truncated));
    }

    #[test]
    fn an_unknown_value_has_no_number() {
        assert_eq!(Temperature::decode(&[0, 0x80]), Ok(Temperature::UNKNOWN));
        assert_eq!(
            (Temperature::UNKNOWN.value(), Temperature::UNKNOWN.encode()),
            (None, [0, 0x80])
        );
        assert_eq!(Humidity::decode(&[0xff, 0xff]), Ok(Humidity::UNKNOWN));
        assert_eq!(Illuminance::decode(&[0xff; 3]).unwrap().value(), None);
        assert_eq!(Temperature::new(i16::MIN), None);
    }

    #[test]
    fn every_value_survives_its_octets() {
        for raw in i16::MIN..=i16::MAX {
            if let Some(value) = Temperature::new(raw) {
                assert_eq!(Temperature::decode(&value.encode()), Ok(value));
                assert_eq!(Temperature::from_value(value.value().unwrap()), Some(value));
            }
        }
        for raw in (-8_388_608..8_388_608).step_by(997) {
            let value = Elevation::new(raw).unwrap();
            assert_eq!(Elevation::decode(&value.encode()), Ok(value));
        }
    }

    #[test]
    fn pnp_id() {
        const ID: PnpId =
            PnpId { source: VendorSource::Usb, vendor: 0x1915, product: 0xeeee, version: 0x0102 };
        const OCTETS: [u8; 7] = ID.encode();
        assert_eq!(OCTETS, [2, 0x15, 0x19, 0xee, 0xee, 0x02, 0x01]);
        assert_eq!(PnpId::decode(&OCTETS), Ok(ID));
        assert_eq!(PnpId::decode(&OCTETS[..6]), Err(Malformed::Truncated));
        assert_eq!(PnpId::decode(&[1; 8]), Err(Malformed::Trailing));
        assert_eq!(PnpId::decode(&[3; 7]), Err(Malformed::Value));
    }
}
