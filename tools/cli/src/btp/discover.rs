//! Discovery of devices.

use std::rc::Rc;

use bindrune::{AdType, Error, Report, ReportFlags, Scan, Scanner};
use bindrune_btp::{
    Bytes16, Status,
    gap::{Event, OwnAddress, discovery, found},
};

use super::{
    gap::failed,
    tester::{Task, Tester},
};

/// Longest data of an advertiser that is reported, in bytes.
const LONGEST: usize = 1650;

impl Tester {
    pub(super) async fn start_discovery(self: &Rc<Self>, flags: u8) -> Result<(), Status> {
        let classic_only = flags & (discovery::LE | discovery::BR_EDR) == discovery::BR_EDR;
        if classic_only || flags & discovery::LE == 0 {
            return Err(Status::FAIL);
        }
        self.stop_discovery().await;
        let identity = flags & discovery::OWN_IDENTITY != 0;
        let mode = {
            let settings = self.settings.borrow();
            if identity { Some(settings.identity()) } else { settings.mode(OwnAddress::IDENTITY) }
        };
        self.use_address(mode).await?;
        let active = flags & discovery::ACTIVE != 0;
        let scan = Scan { active, merge: active, filter_duplicates: true, ..Scan::passive() };
        let scanner = self.host.scan(&scan).map_err(|error| failed("scanning", error))?;
        let tester = Rc::clone(self);
        let task = Task::spawn(async move {
            if let Err(error) = tester.report(scanner, flags).await {
                log::info!("discovery ended: {error}");
            }
        });
        self.settings.borrow_mut().discovery = Some(task);
        Ok(())
    }

    pub(super) async fn stop_discovery(&self) {
        let task = self.settings.borrow_mut().discovery.take();
        if let Some(task) = task {
            task.stop().await;
        }
    }

    async fn report(&self, mut scanner: Scanner<'static>, flags: u8) -> Result<(), Error> {
        let mut buffer = vec![0; LONGEST];
        loop {
            let report = scanner.next(&mut buffer).await?;
            let listed =
                || report.address.is_some_and(|peer| self.settings.borrow().filter.contains(&peer));
            if flags & discovery::FILTER_LIST != 0 && !listed() || !is_wanted(&report, flags) {
                continue;
            }
            if let Some(event) = event_of(&report) {
                self.event(event).await;
            }
        }
    }
}

/// Returns whether a procedure reports the advertiser. [Vol 3] Part C, 9.2.5 and 9.2.6
fn is_wanted(report: &Report<'_>, flags: u8) -> bool {
    const LIMITED: u8 = 0x01;
    const GENERAL: u8 = 0x02;
    if flags & discovery::OBSERVE != 0 {
        return true;
    }
    let modes = report.ad().find(AdType::FLAGS).and_then(|flags| flags.first().copied());
    let wanted = if flags & discovery::LIMITED != 0 { LIMITED } else { LIMITED | GENERAL };
    modes.is_some_and(|modes| modes & wanted != 0)
}

fn event_of(report: &Report<'_>) -> Option<Event> {
    let merged = report.flags.contains(ReportFlags::MERGED);
    let response = report.flags.contains(ReportFlags::SCAN_RESPONSE);
    let mut flags = 0;
    for (is_on, bit) in [
        (report.rssi.is_some(), found::RSSI),
        (merged || !response, found::ADVERTISING_DATA),
        (merged || response, found::SCAN_RESPONSE),
    ] {
        flags |= if is_on { bit } else { 0 };
    }
    Some(Event::DeviceFound {
        peer: report.address?,
        rssi: report.rssi.unwrap_or_default(),
        flags,
        data: Bytes16(report.data.to_vec()),
    })
}
