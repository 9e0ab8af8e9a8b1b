//! Two hosts over BR/EDR, in virtual time.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod both;
mod channel;
mod discover;
mod rfcomm;

use bindrune::{Address, Classic, ClassicConfig, Config};
use bindrune_pair::{Device, Scene};

/// Two devices with BR/EDR.
fn two(scene: &Scene) -> (Device, Device) {
    let device = |name| scene.dual(Config::new(name), ClassicConfig::new());
    (device("lamp"), device("phone"))
}

/// Returns the address of a device.
async fn address(classic: Classic<'_>) -> Address {
    classic.ready().await.unwrap().address.get()
}
