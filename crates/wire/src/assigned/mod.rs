//! Assigned numbers of the Bluetooth SIG, under their official names. [Assigned Numbers]
//!
//! These are only constants: an unused one is not in the image.
//!
//! ```
//! use bindrune_wire::{Uuid, assigned::{appearance, characteristic, company, service}};
//!
//! assert_eq!(service::ENVIRONMENTAL_SENSING, Uuid::new_16(0x181a));
//! assert_eq!(characteristic::TEMPERATURE, Uuid::new_16(0x2a6e));
//! assert_eq!((appearance::GENERIC_THERMOMETER, company::NORDIC_SEMICONDUCTOR), (0x0300, 0x0059));
//! ```

macro_rules! uuids {
    ($($name:ident = $number:literal $text:literal;)*) => {$(
        #[doc = concat!($text, ", ", stringify!($number))]
        pub const $name: crate::Uuid = crate::Uuid::new_16($number);
    )*};
}

macro_rules! numbers {
    ($($name:ident = $number:literal $text:literal;)*) => {$(
        #[doc = concat!($text, ", ", stringify!($number))]
        pub const $name: u16 = $number;
    )*};
}

pub mod appearance;
pub mod characteristic;
pub mod company;
pub mod descriptor;
pub mod service;
