//! The applications of the firmware, on a desktop.
//!
//! `cargo run -p bindrune-cortex-m-desktop -- peripheral localhost:6402`, or a serial port as `/dev/ttyACM0` or
//! `/dev/ttyACM0,115200`.
#![forbid(unsafe_code)]

use std::{convert::Infallible, error::Error, io};

use bindrune::{
    FlashStore, Host, Platform,
    transport::{
        PortReader, PortWriter,
        serial::{DEFAULT_BAUD, Serial},
        tcp,
    },
};
use bindrune_cortex_m_app::{
    central,
    flash::{RamFlash, SIZE},
    peripheral,
};
use embassy_futures::select::{Either, select};
use log::{LevelFilter, Log, Metadata, Record};

fn main() -> Result<(), Box<dyn Error>> {
    log::set_logger(&Console)?;
    log::set_max_level(LevelFilter::Info);
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [role, port] = arguments.as_slice() else {
        return Err("usage: peripheral|central HOST:PORT|PATH[,BAUD]".into());
    };
    let (rx, tx) = open(port)?;
    match role.as_str() {
        "peripheral" => {
            let memory = Box::leak(Box::new(peripheral::Memory::new()));
            let host = Host::new(memory, peripheral::CONFIG)?;
            pollster::block_on(drive(&host, rx, tx, peripheral::run(&host)))
        }
        "central" => {
            let memory = Box::leak(Box::new(central::Memory::new()));
            let host = Host::new(memory, central::CONFIG)?;
            pollster::block_on(drive(&host, rx, tx, central::run(&host)))
        }
        other => Err(format!("{other} is neither peripheral nor central").into()),
    }
}

async fn drive(
    host: &Host,
    rx: PortReader,
    tx: PortWriter,
    app: impl Future<Output = Result<Infallible, bindrune::Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut bytes = [0; SIZE];
    let store = FlashStore::new(RamFlash::erased(&mut bytes), RamFlash::range())
        .map_err(|refusal| refusal.to_string())?;
    match select(host.run_with(rx, tx, Platform::new().store(store)), app).await {
        Either::First(end) => Err(end.into()),
        Either::Second(Err(end)) => Err(end.into()),
        Either::Second(Ok(never)) => match never {},
    }
}

fn open(port: &str) -> io::Result<(PortReader, PortWriter)> {
    if port.contains(':') {
        return tcp::connect(port);
    }
    let (path, baud) = port.split_once(',').unwrap_or((port, ""));
    Serial::new(path).baud(baud.parse().unwrap_or(DEFAULT_BAUD)).open()
}

/// Prints log messages.
struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        println!("{} {}", record.level(), record.args());
    }

    fn flush(&self) {}
}
