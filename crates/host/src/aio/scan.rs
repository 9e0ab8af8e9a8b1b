//! Scanning as a stream of reports. [Vol 3] Part C, 9.2

use core::task::Poll;

use bindrune_gap::{Report, Scan};

use crate::{
    Config, Error, Host,
    waiters::{HostKey, Key},
};

/// The devices that are heard, report by report. Dropping it stops scanning.
///
/// ```
/// use bindrune::{Address, Error, Host, Scan, Uuid};
///
/// /// Finds the first device that advertises a service.
/// async fn find(host: &Host, service: Uuid) -> Result<Address, Error> {
///     let (mut scanner, mut data) = (host.scan(&Scan::active())?, [0; 64]);
///     loop {
///         let report = scanner.next(&mut data).await?;
///         let offers = report.ad().services().any(|uuid| uuid == service);
///         if let (true, Some(address)) = (offers, report.address) {
///             return Ok(address);
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a scanner stops it"]
pub struct Scanner<'h> {
    host: &'h Host,
}

impl Config {
    /// Octets of the arena for advertising reports that wait to be read; a report takes its data and about 16 more.
    #[must_use]
    pub const fn scan_octets(mut self, octets: usize) -> Self {
        self.scan_octets = octets;
        self
    }
}

impl Host {
    /// Begins to scan. One scanner can be there at a time.
    ///
    /// Reports wait in a bounded ring: the oldest give way, and [`Scanner::lost`] counts them.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where another scanner is there, [`Error::ShutDown`] while the host is being shut down.
    pub fn scan(&self, scan: &Scan) -> Result<Scanner<'_>, Error> {
        self.with(|core| core.stack.request_scan(scan))?;
        Ok(Scanner { host: self })
    }
}

impl Scanner<'_> {
    /// The next report; its data is copied to `buffer`, and cut off where that is too short.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the time of [`Scan::timeout`] is over and every report was taken, [`Error::Controller`] where the
    /// controller refuses to scan, [`Error::ShutDown`] by [`Host::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a report is taken only when the future is ready.
    pub async fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Report<'b>, Error> {
        let key = Key::Host(HostKey::Scan);
        self.host
            .wait(key, |core, _| match core.stack.scan_state() {
                Ok(true) => Poll::Ready(Ok(())),
                Ok(false) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            })
            .await?;
        self.host.with(|core| core.stack.next_report(buffer)).ok_or(Error::Busy)
    }

    /// Reports that were dropped because they were not read in time.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.host.with(|core| core.stack.lost_reports())
    }
}

impl Drop for Scanner<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_scan());
    }
}
