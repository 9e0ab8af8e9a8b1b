//! Services of this device and of others, by the Service Discovery Protocol.

use bindrune_l2cap::classic::Psm;
use bindrune_sdp::{Answer, AttributeRange, Client, Failure, Records, Service};
use bindrune_wire::{Address, Uuid, Writer};
use embassy_time::Duration;

use super::{Classic, ClassicChannel};
use crate::{ClassicChannelConfig, Error, Host};

/// Time limit for each response of a server; the specification has none.
const RESPONSE: Duration = Duration::from_secs(30);

/// Longest request of ours: 12 UUIDs and a continuation. [Vol 3] Part B, 4.3 and 4.5.1
const REQUEST: usize = 300;

/// Longest response that we take at once.
const RESPONSE_MTU: usize = 672;

/// The records of services that a device returned.
pub type ServiceRecords<'b> = Records<'b>;

/// A service of this device that other devices can find. Dropping it removes the service.
#[derive(Debug)]
#[must_use = "dropping it removes the service"]
pub struct Advertised<'h> {
    host: &'h Host,
    handle: u32,
}

impl<'h> Classic<'h> {
    /// Lets other devices find a service, until the returned value is dropped. Its classes are also in the response to
    /// inquiries, as far as there is room. [Vol 3] Part B, 2.2 and Part C, 8
    ///
    /// ```
    /// use bindrune::{Advertised, Classic, Error, Port, ServiceRecord, Uuid};
    ///
    /// const ECHO: [Uuid; 1] = [Uuid::new_128(0x2a5e_7b1c_6c1f_4f0e_9a36_0b5d_7f3c_1e52)];
    ///
    /// fn offer(classic: Classic<'_>) -> Result<Advertised<'_>, Error> {
    ///     classic.advertise(&ServiceRecord::new(&ECHO, Port::L2cap(0x1001)).name("Echo"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NoServiceRoom`] if the memory for services is full; [`Error::Unsupported`] without BR/EDR.
    pub fn advertise(&self, service: &Service<'_>) -> Result<Advertised<'h>, Error> {
        let handle = self.host.with(|core| core.stack.register_service(service))?;
        Ok(Advertised { host: self.host, handle })
    }

    /// Returns the services of a device that contain all of `uuids`, with all their attributes, in `buffer`. Use
    /// [`Uuid::new_16`] of 0x0100 (L2CAP) to find all services. [Vol 3] Part B, 4.7
    ///
    /// ```
    /// use bindrune::{Address, Classic, Error, Uuid};
    ///
    /// async fn print_services(classic: Classic<'_>, device: Address) -> Result<(), Error> {
    ///     let mut buffer = [0; 4096];
    ///     for record in classic.services(device, &[Uuid::new_16(0x0100)], &mut buffer).await? {
    ///         println!("{:?} at {:?}", record.name(), record.port());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::connect`]; [`Error::ServiceSearch`] if the device answers wrongly, or more than `buffer` holds;
    /// [`Error::Timeout`] if it does not answer for 30 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the search.
    pub async fn services<'b>(
        &self,
        device: Address,
        uuids: &[Uuid],
        buffer: &'b mut [u8],
    ) -> Result<ServiceRecords<'b>, Error> {
        let channel = self.open_channel(device, Psm::SDP, ClassicChannelConfig::BASIC).await?;
        let mut client = Client::new(channel.peer_mtu());
        let begun = client.search_attributes(uuids, &[AttributeRange::ALL], buffer.len());
        begun.map_err(|_| Error::InvalidParameters)?;
        let len = self.search(&channel, &mut client, buffer).await?;
        let records = buffer.get(..len).unwrap_or_default();
        Records::parse(records).map_err(|_| Error::ServiceSearch(Failure::Malformed))
    }

    /// Runs a transaction to its end. Returns how many bytes of results are in `buffer`. [Vol 3] Part B, 4.3
    async fn search(
        &self,
        channel: &ClassicChannel<'_>,
        client: &mut Client,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let mut len = 0usize;
        loop {
            let mut request = [0; REQUEST];
            let mut w = Writer::new(&mut request);
            if client.poll_transmit(&mut w) {
                channel.send(w.written()).await?;
            }
            let mut response = [0; RESPONSE_MTU];
            let received = self.host.within(RESPONSE, channel.recv(&mut response)).await?;
            let (part, is_last) =
                match client.handle_response(response.get(..received).unwrap_or_default()) {
                    Answer::Ignored => continue,
                    Answer::More(part) => (part, false),
                    Answer::Complete(part) => (part, true),
                    Answer::Failed(failure) => return Err(Error::ServiceSearch(failure)),
                };
            let end = len.saturating_add(part.len());
            let place = buffer.get_mut(len..end).ok_or(Error::ServiceSearch(Failure::TooLong))?;
            place.copy_from_slice(part);
            len = end;
            if is_last {
                return Ok(len);
            }
        }
    }
}

impl Drop for Advertised<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.remove_service(self.handle));
    }
}
