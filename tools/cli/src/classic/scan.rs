//! `classic scan`: prints a live table on a terminal, and lines elsewhere.

mod device;

use std::{collections::BTreeMap, time::Duration};

use bindrune::{Address, Classic, Inquiry};
use tokio::time::{self, Instant};

use super::{Use, cli, session};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    output::Output,
    table::Screen,
};
use device::Device;
pub(super) use device::Named;
use device::table;

/// Time between two redraws of the table.
const REDRAW: Duration = Duration::from_millis(250);

pub(super) async fn run(globals: &Globals, out: Output, options: cli::Scan) -> Result<(), Failure> {
    let how = Use { endless: options.seconds.is_none(), ..Use::central() };
    session(globals, how, async |_, classic| {
        let mut scan = Listening::new(out, options.limited);
        match options.seconds.map(Duration::from_secs_f64) {
            Some(limit) => match time::timeout(limit, scan.run(classic)).await {
                Ok(end) => end?,
                Err(_) => scan.finish()?,
            },
            None => scan.run(classic).await?,
        }
        Ok(())
    })
    .await
}

/// A running scan: one inquiry after another, and then the names that are not known yet.
struct Listening {
    out: Output,
    inquiry: Inquiry,
    devices: BTreeMap<Address, Device>,
    lost: u32,
    screen: Screen,
    drawn: Instant,
}

impl Listening {
    fn new(out: Output, limited: bool) -> Self {
        Self {
            out,
            inquiry: if limited { Inquiry::LIMITED } else { Inquiry::GENERAL },
            devices: BTreeMap::new(),
            lost: 0,
            screen: Screen::default(),
            drawn: Instant::now(),
        }
    }

    async fn run(&mut self, classic: Classic<'static>) -> Result<(), Failure> {
        loop {
            self.inquire(classic).await?;
            self.ask_names(classic).await?;
        }
    }

    async fn inquire(&mut self, classic: Classic<'static>) -> Result<(), Failure> {
        let before = self.lost;
        let mut discovery = classic.discover(self.inquiry).await.doing("looking for devices")?;
        let mut buffer = [0; 240];
        loop {
            if let Ok(found) = time::timeout(REDRAW, discovery.next(&mut buffer)).await {
                let Some(found) = found.doing("looking for devices")? else { return Ok(()) };
                let device =
                    self.devices.entry(found.address).or_insert_with(|| Device::new(found.address));
                if device.hear(&found) && !self.out.is_live() {
                    self.out.record(device)?;
                }
            }
            self.lost = before.saturating_add(discovery.lost());
            self.redraw()?;
        }
    }

    /// Asks each device without a name for it. One that does not answer is asked again after the next inquiry.
    async fn ask_names(&mut self, classic: Classic<'static>) -> Result<(), Failure> {
        let nameless = self.devices.values().filter(|d| d.wants_name()).map(Device::peer);
        for address in nameless.collect::<Vec<_>>() {
            let mut buffer = [0; 248];
            let Ok(name) = classic.name(address, &mut buffer).await else { continue };
            if let Some(device) = self.devices.get_mut(&address) {
                device.is_called(name);
                if !self.out.is_live() {
                    self.out.record(device)?;
                }
            }
            self.redraw()?;
        }
        Ok(())
    }

    fn redraw(&mut self) -> Result<(), Failure> {
        if self.out.is_live() && self.drawn.elapsed() >= REDRAW {
            self.draw()?;
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<(), Failure> {
        self.drawn = Instant::now();
        let devices: Vec<_> = self.devices.values().collect();
        self.screen.draw(&table(self.out, &devices, Screen::size()))?;
        Ok(())
    }

    /// Prints the final table, and totals.
    fn finish(&mut self) -> Result<(), Failure> {
        if self.out.is_live() {
            self.draw()?;
        }
        let count = self.devices.len();
        let plural = if count == 1 { "" } else { "s" };
        let summary = format!(" {count} device{plural}, {} lost", self.lost);
        if self.out.is_json() {
            self.out.note(&summary);
            return Ok(());
        }
        self.out.text(&summary)
    }
}
