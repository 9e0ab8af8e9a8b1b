//! The bench service: what a device does for `bindrune bench`.

mod channels;
mod guest;

use bindrune::{ChannelConfig, Characteristic, ControllerInfo, Error, Host, Psm, Service, Uuid};

pub(crate) use channels::{sdu_len, serve_all};
pub(crate) use guest::{Guest, attend};

const fn uuid(number: u128) -> Uuid {
    Uuid::new_128(0x6f0e1000_5a4d_4c8b_9a5e_b1d2c3a4e5f6 | number << 96)
}

/// The service.
pub(crate) const BENCH: Uuid = uuid(1);
/// Takes values, and commands of one byte.
pub(crate) const SINK_UUID: Uuid = uuid(2);
/// Sends values, and answers.
pub(crate) const SOURCE_UUID: Uuid = uuid(3);
/// Facts about the device.
pub(crate) const FACTS_UUID: Uuid = uuid(4);

static SINK: Characteristic = Characteristic::new(SINK_UUID).write().write_without_response();
static SOURCE: Characteristic = Characteristic::new(SOURCE_UUID).notify();
static FACTS: Characteristic = Characteristic::new(FACTS_UUID).read().value(&[0; Facts::LEN]);

/// The service, for the table of a host.
pub(crate) const SERVICE: Service = Service::primary(BENCH, VALUES);
static VALUES: &[&Characteristic] = &[&SINK, &SOURCE, &FACTS];

/// Commands: the whole value that the central writes, or the first SDU of a channel.
pub(crate) mod command {
    /// Send this back at once; on a channel, everything from now on.
    pub(crate) const ECHO: u8 = 1;
    /// Send values without end.
    pub(crate) const START: u8 = 2;
    /// Send no more values.
    pub(crate) const STOP: u8 = 3;
    /// Send the number of values that arrived on this link.
    pub(crate) const COUNT: u8 = 4;
    /// Drop everything that comes over the channel.
    pub(crate) const DROP: u8 = 5;
}

/// Longest value, in bytes: one PDU of the link layer.
pub(crate) const VALUE: usize = 244;
/// Longest SDU, in bytes: one K-frame, and one PDU of the link layer.
pub(crate) const SDU: u16 = 245;
/// PSM of the channels.
pub(crate) const PSM: Psm = Psm(0xb0);
/// Window of the channels.
pub(crate) const WINDOW: u16 = 20;

/// Returns the configuration of a channel whose SDUs have one K-frame.
pub(crate) const fn channel(window: u16) -> ChannelConfig {
    ChannelConfig { mtu: Some(SDU), mps: SDU + 2, window }
}

/// What the other end must know for its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// PSM of the channels; 0 if there are none.
    pub(crate) psm: Psm,
    /// Their window.
    pub(crate) window: u16,
    /// ACL buffers of the device's controller.
    pub(crate) acl_len: u16,
    pub(crate) acl_count: u16,
    /// Bits per second of its serial line; 0 if it has none, or it is not known.
    pub(crate) baud: u32,
}

impl Facts {
    const LEN: usize = 13;
    const VERSION: u8 = 1;

    pub(crate) const fn new(
        psm: Psm,
        window: u16,
        info: &ControllerInfo,
        baud: Option<u32>,
    ) -> Self {
        let baud = match baud {
            Some(baud) => baud,
            None => 0,
        };
        Self { psm, window, acl_len: info.acl_len, acl_count: info.acl_count, baud }
    }

    fn encode(self) -> [u8; Self::LEN] {
        let [a, b] = self.psm.0.to_le_bytes();
        let [c, d] = self.window.to_le_bytes();
        let [e, f] = self.acl_len.to_le_bytes();
        let [g, h] = self.acl_count.to_le_bytes();
        let [i, j, k, l] = self.baud.to_le_bytes();
        [Self::VERSION, a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Returns `None` for another version.
    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        let &[Self::VERSION, a, b, c, d, e, f, g, h, i, j, k, l] = value else { return None };
        Some(Self {
            psm: Psm(u16::from_le_bytes([a, b])),
            window: u16::from_le_bytes([c, d]),
            acl_len: u16::from_le_bytes([e, f]),
            acl_count: u16::from_le_bytes([g, h]),
            baud: u32::from_le_bytes([i, j, k, l]),
        })
    }

    /// Lets centrals read the facts.
    pub(crate) fn publish(self, host: &Host) -> Result<(), Error> {
        host.gatt().write(&FACTS, &self.encode())
    }
}

/// Numbers values, so that the other end sees which are lost.
#[derive(Debug, Default)]
pub(crate) struct Numbered(u32);

impl Numbered {
    /// Returns the next value of this length, at least four bytes.
    pub(crate) fn next(&mut self, len: usize) -> Vec<u8> {
        let mut value = vec![0x5a; len.max(4)];
        if let Some(number) = value.first_chunk_mut() {
            *number = self.0.to_le_bytes();
        }
        self.0 = self.0.wrapping_add(1);
        value
    }

    /// Returns the number of values that are missing before this one.
    pub(crate) fn missing(&mut self, value: &[u8]) -> u32 {
        let Some(number) = value.first_chunk() else { return 0 };
        let number = u32::from_le_bytes(*number);
        let missing = number.wrapping_sub(self.0);
        self.0 = number.wrapping_add(1);
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_arrive_as_they_are() {
        let facts =
            Facts { psm: Psm(0xb0), window: 20, acl_len: 251, acl_count: 8, baud: 1_000_000 };
        assert_eq!(Facts::decode(&facts.encode()), Some(facts));
        assert_eq!(Facts::decode(&[2; Facts::LEN]), None);
        assert_eq!(Facts::decode(&[]), None);
    }

    #[test]
    fn a_gap_in_the_numbers_is_counted() {
        let (mut sent, mut seen) = (Numbered::default(), Numbered::default());
        assert_eq!(seen.missing(&sent.next(20)), 0);
        sent.next(20);
        sent.next(20);
        assert_eq!(seen.missing(&sent.next(20)), 2);
        assert_eq!(seen.missing(&sent.next(0)), 0);
    }
}
