//! Names and numbers of both sides.

use bindrune::{ChannelConfig, Psm, Uuid};

pub(crate) const BATTERY: Uuid = Uuid::new_16(0x180f);
pub(crate) const BATTERY_LEVEL: Uuid = Uuid::new_16(0x2a19);
/// The Nordic UART service: writes to `UART_RX` come back as notifications of `UART_TX`.
pub(crate) const UART: Uuid = Uuid::new_128(0x6e40_0001_b5a3_f393_e0a9_e50e_24dc_ca9e);
pub(crate) const UART_RX: Uuid = Uuid::new_128(0x6e40_0002_b5a3_f393_e0a9_e50e_24dc_ca9e);
pub(crate) const UART_TX: Uuid = Uuid::new_128(0x6e40_0003_b5a3_f393_e0a9_e50e_24dc_ca9e);

/// Maximum bytes of one notification at the ATT MTU of 247.
pub(crate) const UART_MAX: usize = 244;

/// PSM of the echo channel.
pub(crate) const ECHO: Psm = Psm(0x81);
/// The longest SDU of the echo channel, in bytes.
pub(crate) const ECHO_MAX: usize = 512;
/// Receive packets that the echo channel reserves. An SDU of 512 bytes takes three.
pub(crate) const ECHO_WINDOW: usize = 8;
pub(crate) const ECHO_CHANNEL: ChannelConfig =
    ChannelConfig { mtu: Some(ECHO_MAX as u16), mps: 247, window: ECHO_WINDOW as u16 };
