//! Scanning as a stream of reports. [Vol 3] Part C, 9.2

use core::task::Poll;

use bindrune_gap::{Report, Scan};

use crate::{
    Config, Error, Host,
    waiters::{HostKey, Key},
};

/// Receives advertising reports. Dropping it stops scanning.
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
    /// Sets the bytes of the arena for advertising reports that wait to be read. A report takes its data and about 16
    /// bytes.
    #[must_use]
    pub const fn scan_bytes(mut self, bytes: usize) -> Self {
        self.scan_bytes = bytes;
        self
    }
}

impl Host {
    /// Starts scanning. Only one scanner can exist at a time.
    ///
    /// Reports wait in a bounded ring: a new report replaces the oldest ones, and [`Scanner::lost`] counts them.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another scanner exists, [`Error::ShutDown`] while the host is being shut down.
    pub fn scan(&self, scan: &Scan) -> Result<Scanner<'_>, Error> {
        self.with(|core| core.stack.request_scan(scan))?;
        Ok(Scanner { host: self })
    }
}

impl Scanner<'_> {
    /// Waits for the next report. Copies its data to `buffer`; data that does not fit is cut off.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] after the time of [`Scan::timeout`], when every report was taken; [`Error::Controller`] if
    /// the controller refuses to scan; [`Error::ShutDown`] after [`Host::shutdown`].
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

    /// Returns the number of reports that were dropped because they were not read in time.
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
