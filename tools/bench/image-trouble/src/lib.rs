//! Common code of the images with trouble-host.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod server;

use bindrune_bench_board::{Receiver, Sender};
use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use trouble_host::prelude::*;

#[cfg(feature = "server")]
pub use server::serve;

/// The controller behind the board's UART.
pub type External = ExternalController<SerialTransport<NoopRawMutex, Receiver, Sender>, 4>;
/// Memory for one link and two channels.
pub type Memory = HostResources<DefaultPacketPool, 1, 2>;
/// The PSM of the echo.
pub const PSM: u16 = 0x81;

/// The controller behind the board's UART.
#[must_use]
pub fn controller() -> External {
    ExternalController::new(SerialTransport::new(Receiver, Sender))
}

/// The device's address.
#[must_use]
pub fn address() -> Address {
    Address::random([0xff, 0x8f, 0x1a, 0x05, 0xe4, 0xff])
}

/// Advertises until a central connects; `None` if the host cannot.
pub async fn advertise<'d>(
    peripheral: &mut Peripheral<'d, External, DefaultPacketPool>,
) -> Option<Connection<'d, DefaultPacketPool>> {
    let flags = [AdStructure::Flags(LE_GENERAL_DISCOVERABLE | BR_EDR_NOT_SUPPORTED)];
    let mut data = [0; 31];
    let len = AdStructure::encode_slice(&flags, &mut data).ok()?;
    let advertisement =
        Advertisement::ConnectableScannableUndirected { adv_data: &data[..len], scan_data: &[] };
    peripheral.advertise(&Default::default(), advertisement).await.ok()?.accept().await.ok()
}

#[cfg(all(feature = "server", not(feature = "security")))]
fn allow_bonds(_: &Connection<'_, DefaultPacketPool>) {}

#[cfg(feature = "security")]
fn allow_bonds(link: &Connection<'_, DefaultPacketPool>) {
    let _bondable = link.set_bondable(true);
}

#[cfg(all(feature = "server", not(feature = "security")))]
fn keep_bond(
    _: &Stack<'_, External, DefaultPacketPool>,
    _: GattConnectionEvent<'_, '_, DefaultPacketPool>,
) {
}

/// Keeps the bond of a completed pairing.
#[cfg(feature = "security")]
fn keep_bond(
    stack: &Stack<'_, External, DefaultPacketPool>,
    event: GattConnectionEvent<'_, '_, DefaultPacketPool>,
) {
    if let GattConnectionEvent::PairingComplete { bond: Some(bond), .. } = event {
        let _added = stack.add_bond_information(bond);
    }
}
