//! Discovery of services, includes, characteristics and descriptors. [Vol 3] Part G, 4.4 to 4.7

mod characteristic;
mod descriptor;
mod include;
mod service;
mod sweep;

pub use characteristic::{Characteristic, Characteristics};
pub use descriptor::{Descriptor, Descriptors};
pub use include::{Include, Includes};
pub use service::{Service, Services};

pub(super) use sweep::Sweep;

use bindrune_wire::{Malformed, Uuid};

/// Parses a UUID as ATT carries it: 2 or 16 octets. [Vol 3] Part F, 3.2.1
fn att_uuid(octets: &[u8]) -> Result<Uuid, Malformed> {
    match octets.len() {
        2 | 16 => Uuid::from_le_bytes(octets),
        _ => Err(Malformed::Value),
    }
}
