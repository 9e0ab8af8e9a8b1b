mod any;
mod combinations;
mod hostile;
mod transcripts;
mod vet;

use super::Config;
use crate::{IoCapability, pdu::KeyDistribution};
use bindrune_wire::Level;

/// A configuration that accepts everything.
fn open() -> Config {
    Config {
        io: IoCapability::NoInputNoOutput,
        legacy: true,
        require: Level::Open,
        min_key_size: 7,
        send: KeyDistribution::from_bits_truncate(7),
        accept: KeyDistribution::from_bits_truncate(7),
        ..Config::default()
    }
}
