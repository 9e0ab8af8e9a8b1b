//! Names of devices.

use bindrune_wire::Address;

use super::{Classic, host::Request};
use crate::{
    Error,
    stack::{Awaited, Stack},
};

impl Classic<'_> {
    /// Reads the name of a device into `buffer`, of at most 248 bytes, and returns it. Invalid UTF-8 ends it.
    /// [Vol 4] Part E, 7.1.19
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the device does not answer; [`Error::BufferTooSmall`] if the name is longer than `buffer`;
    /// [`Error::Controller`] if the controller or the device refuses; [`Error::InvalidParameters`] if the address is
    /// not public; [`Error::NoAnswer`] or [`Error::ControllerLost`] if the controller does not answer, or is reset
    /// meanwhile; [`Error::Unsupported`] without BR/EDR.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the request.
    pub async fn name<'b>(&self, device: Address, buffer: &'b mut [u8]) -> Result<&'b str, Error> {
        self.ready().await?;
        self.dated().await?;
        self.wait(Awaited::Name, |stack| stack.poll_read_name(device)).await?;
        let _request = Request { classic: *self, end: Stack::stop_reading_name };
        let len = self.wait(Awaited::Name, |stack| stack.poll_name(buffer)).await?;
        let name = buffer.get(..len).unwrap_or_default();
        match core::str::from_utf8(name) {
            Ok(name) => Ok(name),
            Err(error) => {
                let valid = name.get(..error.valid_up_to()).unwrap_or_default();
                Ok(core::str::from_utf8(valid).unwrap_or_default())
            }
        }
    }
}
