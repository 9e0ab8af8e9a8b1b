//! The programs of the PyBluez tutorial, in Rust. `docs/coming-from-pybluez.md` explains each of them.
//!
//! ```sh
//! cargo run -p bindrune --features classic,serial,tcp --example pybluez -- l2cap-client 01:23:45:67:89:AB /dev/ttyACM0
//! ```
#![allow(
    clippy::indexing_slicing,
    reason = "lengths that the host gives fit the buffers that it was given"
)]

#[path = "../port/mod.rs"]
mod port;

pub(crate) mod find_services;
pub(crate) mod inquiry;
pub(crate) mod l2cap_client;
pub(crate) mod l2cap_server;
pub(crate) mod mtu;
pub(crate) mod packet_timeout;
pub(crate) mod rfcomm_client;
pub(crate) mod rfcomm_server;
pub(crate) mod sdp_server;

use bindrune::{Address, ClassicConfig, ClassicResources, Config, ConfigError, Host, Resources};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (rx, tx) = port::open()?;
    let host = host("pybluez")?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = run(&host) => result,
    }
}

/// A host with BR/EDR: one link, and datagrams of up to 65,535 bytes.
pub(crate) fn host(name: &'static str) -> Result<Host, ConfigError> {
    let classic = Box::leak(Box::new(ClassicResources::<1, 2, 66_000, 66_000>::new()));
    let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new(name))?;
    Ok(host.with_classic(classic, ClassicConfig::new()))
}

async fn run(host: &Host) -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (name, device) = (arguments.next().unwrap_or_default(), arguments.next());
    match name.as_str() {
        "l2cap-server" => l2cap_server::serve(host).await.map(drop)?,
        "rfcomm-server" => rfcomm_server::serve(host).await.map(drop)?,
        "sdp-server" => sdp_server::serve(host).await.map(drop)?,
        "inquiry" => inquiry::discover(host).await.map(drop)?,
        "l2cap-client" => l2cap_client::greet(host, address(device)?).await?,
        "rfcomm-client" => rfcomm_client::write(host, address(device)?, b"hello!!").await?,
        "mtu" => mtu::receive(host, address(device)?).await.map(drop)?,
        "packet-timeout" => packet_timeout::stream(host, address(device)?).await.map(drop)?,
        "find-services" => find_services::find(host, address(device)?).await.map(drop)?,
        _ => {
            return Err(format!(
                "\"{name}\" is no example: l2cap-server, rfcomm-server, sdp-server or inquiry, and then the controller; or l2cap-client, rfcomm-client, mtu, \
                 packet-timeout or find-services, the address of a device, and then the controller"
            )
            .into());
        }
    }
    Ok(())
}

fn address(text: Option<String>) -> Result<Address, Box<dyn std::error::Error>> {
    let text = text.ok_or("say the address of the device, for example 01:23:45:67:89:AB")?;
    Ok(text.parse::<Address>()?)
}
