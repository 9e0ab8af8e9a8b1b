//! Scanning as a stream of reports. [Vol 3] Part C, 9.2

use core::task::Poll;

use bindrune_gap::{Report, Scan};
use bindrune_wire::{Address, Uuid};

use crate::{
    Config, Error, Host,
    waiters::{HostKey, Key},
};

/// Bytes of a report's data that [`Scanner::find_service`] reads.
const FIND_DATA: usize = 255;

/// Receives advertising reports. Dropping it stops scanning.
///
/// ```
/// use bindrune::{Error, Host, Scan};
///
/// /// Prints each device that advertises, with its name and its signal strength.
/// async fn list(host: &Host) -> Result<(), Error> {
///     let (mut scanner, mut data) = (host.scan(&Scan::active())?, [0; 64]);
///     loop {
///         let report = scanner.next(&mut data).await?;
///         println!("{:?} {:?} {:?} dBm", report.address, report.ad().name(), report.rssi);
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a scanner stops it"]
pub struct Scanner<'h> {
    host: &'h Host,
}

impl Config {
    /// Sets the bytes of the arena for advertising reports that wait to be read. A report takes its data and about
    /// 16 bytes.
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

    /// Waits for a connectable device that advertises a service, stops scanning, and returns the device's address for
    /// [`Host::connect`].
    ///
    /// Skips other reports, and reads at most 255 bytes of the data of each. To choose by name or signal strength, use
    /// [`Self::next`]; for a time limit, [`Scan::timeout`] or [`Host::within`]. Services in a scan response are found
    /// only by [`Scan::active`].
    ///
    /// ```
    /// use bindrune::{Connection, Error, Host, Scan, Uuid};
    ///
    /// async fn connect(host: &Host) -> Result<Connection<'_>, Error> {
    ///     let peer = host.scan(&Scan::active())?.find_service(Uuid::new_16(0x180f)).await?;
    ///     host.connect(&peer).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Self::next`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops scanning.
    pub async fn find_service(mut self, service: Uuid) -> Result<Address, Error> {
        let mut data = [0; FIND_DATA];
        loop {
            let report = self.next(&mut data).await?;
            if let Some(address) = report.address
                && report.is_connectable()
                && report.ad().services().any(|uuid| uuid == service)
            {
                return Ok(address);
            }
        }
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
