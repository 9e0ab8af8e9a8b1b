//! The programs of the MicroPython and aioble documentation, in Rust. `docs/coming-from-micropython.md` explains each
//! of them.
//!
//! `cargo run -p bindrune --features serial,tcp --example micropython -- environment /dev/ttyACM0`
#![expect(clippy::wildcard_enum_match_arm, reason = "an application cares for some events only")]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "lengths and indices that the host gives fit the buffers that it was given"
)]

#[path = "../port/mod.rs"]
mod port;

pub(crate) mod blob;
pub(crate) mod commands;
pub(crate) mod environment;
pub(crate) mod events;
pub(crate) mod image;
pub(crate) mod limited_read;
mod sensor;
pub(crate) mod uart;

use bindrune::{Advertisement, Config, Error, Host, Resources, Uuid};
use embassy_futures::select::{Either, select};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let (rx, tx) = port::open()?;
    let host =
        Host::new(Box::leak(Box::new(Resources::<1, 1, 20, 8, 264, 6144>::new())), config(&name)?)?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = run(&name, &host) => Ok(result?),
    }
}

/// Accepts one central after another, concurrently with the work of an example.
async fn advertise_beside(
    host: &Host,
    service: Uuid,
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().service(service);
    let advertise = async {
        loop {
            host.advertise(&advertisement).await?.disconnected().await;
        }
    };
    match select(advertise, work).await {
        Either::First(end) | Either::Second(end) => end,
    }
}

/// The services of an example.
fn config(name: &str) -> Result<Config, String> {
    match name {
        "environment" => Ok(environment::CONFIG),
        "limited-read" => Ok(limited_read::CONFIG),
        "commands" => Ok(commands::CONFIG),
        "blob" => Ok(blob::CONFIG),
        "uart" => Ok(uart::CONFIG),
        "events" => Ok(events::CONFIG),
        "image-server" | "image-client" => Ok(image::CONFIG),
        _ => Err(format!(
            "\"{name}\" is no example: environment, limited-read, commands, blob, uart, events, image-server or image-client, and then \
             the controller"
        )),
    }
}

async fn run(name: &str, host: &Host) -> Result<(), Error> {
    match name {
        "environment" => environment::serve(host).await,
        "limited-read" => limited_read::serve(host).await,
        "commands" => commands::serve(host).await,
        "blob" => blob::serve(host).await,
        "uart" => uart::serve(host).await,
        "events" => events::serve(host).await,
        "image-server" => image::serve(host, &[0x5a; 20_000]).await,
        _ => image::fetch(host, 20_000).await.map(|image| println!("{} bytes came", image.len())),
    }
}
