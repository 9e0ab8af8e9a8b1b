//! Lists advertising devices until it is interrupted.
//!
//! `cargo run -p bindrune --features serial,tcp --example scan -- /dev/ttyACM0`

mod port;

use bindrune::{Config, Error, Host, Resources, Scan};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (rx, tx) = port::open()?;
    // Many devices advertise: a large ring for reports that wait to be read.
    let config = Config::new("Scanner").scan_bytes(4096);
    let host = Host::new(Box::leak(Box::new(Resources::<1, 0, 6, 4, 264, 4608>::new())), config)?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = app(&host) => Ok(result?),
    }
}

pub(crate) async fn app(host: &Host) -> Result<(), Error> {
    let mut data = [0; 256];
    let mut scanner = host.scan(&Scan::active())?;
    loop {
        let report = scanner.next(&mut data).await?;
        let name = report.ad().name().and_then(|name| name.text()).unwrap_or_default();
        match (report.address, report.rssi) {
            (Some(address), Some(rssi)) => println!("{address} {rssi:4} dBm {name}"),
            (Some(address), None) => println!("{address}          {name}"),
            (None, _) => {}
        }
    }
}
