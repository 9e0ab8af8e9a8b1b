//! Services and values that the Bluetooth SIG defines: services for a table, and values in their octets.
//!
//! Everything here is data and pure functions; unused items are not linked. A ready-made service is a module of `const
//! fn`s. Put their results into `static` items, as with any other characteristic:
//!
//! ```
//! use bindrune_gatt::{Characteristic, Service, standard::{battery, environmental_sensing, value::Temperature}};
//!
//! static LEVEL: Characteristic = battery::level(&[100]);
//! static TEMPERATURE: Characteristic = environmental_sensing::temperature();
//! static SERVICES: &[Service] =
//!     &[battery::service(&[&LEVEL]), environmental_sensing::service(&[&TEMPERATURE])];
//!
//! // The value to write or notify: 21.5 °C.
//! let measured = Temperature::from_value(21.5).unwrap();
//! assert_eq!(measured.encode(), [0x66, 0x08]);
//! assert_eq!(Temperature::decode(&[0x66, 0x08]).unwrap().value(), Some(21.5));
//! ```

mod heart_rate_value;
mod services;
pub mod value;

pub use services::{
    battery, device_information, environmental_sensing, heart_rate, hid, nordic_uart,
};
