//! Two hosts over BR/EDR, in virtual time.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod both;
mod channel;
mod discover;
mod goodput;
mod life;
mod link;
mod port;
mod rfcomm;
mod security;
mod share;
mod sizes;
mod suite;
mod timeout;
mod trace;
mod transfer;

use bindrune::{
    Address, Classic, ClassicChannel, ClassicChannelConfig, ClassicConfig, ClassicPsm, Config,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::join;

/// A device with BR/EDR.
fn dual(scene: &Scene, name: &'static str) -> Device {
    scene.dual(Config::new(name), ClassicConfig::new())
}

/// Two devices with BR/EDR.
fn two(scene: &Scene) -> (Device, Device) {
    (dual(scene, "lamp"), dual(scene, "phone"))
}

/// Three devices with BR/EDR.
fn three(scene: &Scene) -> [Device; 3] {
    ["one", "two", "three"].map(|name| dual(scene, name))
}

/// Returns the address of a device.
async fn address(classic: Classic<'_>) -> Address {
    classic.ready().await.unwrap().address.get()
}

/// Opens a channel from `from` to `to`, and returns the ends: that of `to` first.
async fn channels<'d>(
    to: &'d Device,
    from: &'d Device,
    psm: ClassicPsm,
    config: ClassicChannelConfig,
) -> (ClassicChannel<'d>, ClassicChannel<'d>) {
    let (to, from) = (to.host().classic(), from.host().classic());
    let at = address(to).await;
    let mut listener = to.listen(psm, config).unwrap();
    let (there, here) = join(listener.accept(), from.open_channel(at, psm, config)).await;
    (there.unwrap(), here.unwrap())
}

/// Returns bytes that depend on `seed`.
fn random(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut data = Vec::with_capacity(len + 8);
    while data.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(len);
    data
}
