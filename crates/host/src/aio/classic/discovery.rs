//! Finding devices by inquiry.

use bindrune_classic::{Inquiry, InquiryData};
use bindrune_hci::ClassOfDevice;
use bindrune_wire::Address;

use super::Classic;
use crate::{Error, Host, stack::Awaited};

/// A device that answered an inquiry.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Device<'b> {
    /// Address of the device.
    pub address: Address,
    /// What the device is. [Vol 3] Part C, 3.2.4
    pub class: ClassOfDevice,
    /// Signal strength in dBm, if the controller measures it.
    pub rssi: Option<i8>,
    /// What the device says of itself: its name and services. Empty if it says nothing. [Vol 3] Part C, 8
    pub data: InquiryData<'b>,
}

/// An inquiry in progress. Dropping it ends the inquiry.
///
/// ```
/// use bindrune::{Classic, Error, Inquiry};
///
/// async fn print_devices(classic: Classic<'_>) -> Result<(), Error> {
///     let mut discovery = classic.discover(Inquiry::GENERAL).await?;
///     let mut buffer = [0; 240];
///     while let Some(device) = discovery.next(&mut buffer).await? {
///         println!("{} {:?}", device.address, device.data.name());
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the inquiry"]
pub struct Discovery<'h> {
    host: &'h Host,
}

impl<'h> Classic<'h> {
    /// Begins to look for discoverable devices. [Vol 3] Part C, 6.1 and 6.2
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another inquiry is in progress, [`Error::ShutDown`], [`Error::Unsupported`] without BR/EDR;
    /// [`Error::NoAnswer`] if the controller does not answer, or is reset meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn discover(&self, inquiry: Inquiry) -> Result<Discovery<'h>, Error> {
        self.ready().await?;
        self.dated().await?;
        self.host.with(|core| core.stack.inquire(inquiry))?;
        Ok(Discovery { host: self.host })
    }
}

impl Discovery<'_> {
    /// Returns the next device; `None` when the inquiry has ended. Its data is in `buffer`, of 240 bytes for all of it.
    /// A device is returned again if more is known of it. [Vol 4] Part E, 7.7.2, 7.7.33 and 7.7.38
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller refused the inquiry.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<Device<'b>>, Error> {
        let classic = self.host.classic();
        let found = classic.wait(Awaited::Inquiry, |stack| {
            stack.poll_found(|found| {
                let data = found.data.octets();
                let len = data.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..len), data.get(..len)) {
                    to.copy_from_slice(from);
                }
                (found.address.get(), found.class, found.rssi, len)
            })
        });
        let found = found.await?;
        Ok(found.map(|(address, class, rssi, len)| {
            let data = InquiryData::new(buffer.get(..len).unwrap_or_default());
            Device { address, class, rssi, data }
        }))
    }

    /// Returns how many devices were lost because they were not read in time.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.host.with(|core| core.stack.lost_found())
    }
}

impl Drop for Discovery<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.stop_inquiry());
    }
}
