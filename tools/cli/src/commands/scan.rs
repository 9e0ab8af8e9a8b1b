//! `scan`: prints a live table on a terminal, and lines elsewhere.

mod device;
mod table;

use std::{collections::BTreeMap, time::Duration};

use bindrune::{Address, Host, Report, Scan};
use tokio::time::{self, Instant};

pub(crate) use device::Device;

use crate::{
    cli::{self, Globals},
    failure::{Doing as _, Failure},
    output::Output,
    session::{self, Setup},
    table::Screen,
};

/// Time between two redraws of the table.
const REDRAW: Duration = Duration::from_millis(250);

pub(crate) async fn run(globals: &Globals, out: Output, options: cli::Scan) -> Result<(), Failure> {
    let setup = Setup { endless: options.seconds.is_none(), ..Setup::central() };
    session::run(globals, setup, async |host| print(host, out, options).await).await
}

/// Scans, and prints the devices.
pub(crate) async fn print(host: &Host, out: Output, options: cli::Scan) -> Result<(), Failure> {
    let mut scan = Listening::new(out, options);
    match scan.options.seconds.map(Duration::from_secs_f64) {
        Some(limit) => match time::timeout(limit, scan.run(host)).await {
            Ok(end) => end,
            Err(_) => scan.finish(),
        },
        None => scan.run(host).await,
    }
}

/// Returns all devices that are received within a time.
pub(crate) async fn listen(host: &Host, limit: Duration) -> Result<Vec<Device>, Failure> {
    let mut devices: BTreeMap<Address, Device> = BTreeMap::new();
    let mut scanner = host.scan(&Scan::active()).doing("scanning")?;
    let mut buffer = [0; 1650];
    let hear = async {
        loop {
            let report = scanner.next(&mut buffer).await.doing("scanning")?;
            if let Some(address) = report.address {
                devices.entry(address).or_insert_with(|| Device::new(address)).hear(&report);
            }
        }
    };
    match time::timeout(limit, hear).await {
        Ok(end) => end,
        Err(_) => Ok(devices.into_values().collect()),
    }
}

/// A running scan.
struct Listening {
    out: Output,
    options: cli::Scan,
    devices: BTreeMap<Address, Device>,
    reports: u64,
    lost: u64,
    screen: Screen,
    drawn: Instant,
}

impl Listening {
    fn new(out: Output, options: cli::Scan) -> Self {
        Self {
            out,
            options,
            devices: BTreeMap::new(),
            reports: 0,
            lost: 0,
            screen: Screen::default(),
            drawn: Instant::now(),
        }
    }

    async fn run(&mut self, host: &Host) -> Result<(), Failure> {
        let kind = if self.options.passive { Scan::passive() } else { Scan::active() };
        let mut scanner =
            host.scan(&Scan { filter_duplicates: false, ..kind }).doing("scanning")?;
        let mut buffer = [0; 1650];
        loop {
            if let Ok(report) = time::timeout(REDRAW, scanner.next(&mut buffer)).await {
                self.hear(&report.doing("scanning")?)?;
            }
            self.lost = scanner.lost().into();
            if self.out.is_live() && self.drawn.elapsed() >= REDRAW {
                self.draw()?;
            }
        }
    }

    fn hear(&mut self, report: &Report<'_>) -> Result<(), Failure> {
        self.reports = self.reports.saturating_add(1);
        let Some(address) = report.address else { return Ok(()) };
        let device = self.devices.entry(address).or_insert_with(|| Device::new(address));
        if device.hear(report) && !self.out.is_live() && device.matches(&self.options) {
            self.out.record(device)?;
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<(), Failure> {
        self.drawn = Instant::now();
        let shown: Vec<_> = self.devices.values().filter(|d| d.matches(&self.options)).collect();
        let text = table::table(self.out, &shown, self.options.sort, Screen::size());
        self.screen.draw(&text)?;
        Ok(())
    }

    /// Prints the final table, and totals.
    fn finish(&mut self) -> Result<(), Failure> {
        if self.out.is_live() {
            self.draw()?;
        }
        let shown = self.devices.values().filter(|d| d.matches(&self.options)).count();
        let plural = if shown == 1 { "" } else { "s" };
        let summary =
            format!(" {shown} device{plural}, {} reports, {} lost", self.reports, self.lost);
        if self.out.is_json() {
            self.out.note(&summary);
            return Ok(());
        }
        self.out.text(&summary)
    }
}
