//! Memory and settings of BR/EDR.

mod config;
mod resources;

pub use config::{ClassicChannelConfig, ClassicConfig};
pub use resources::ClassicResources;
