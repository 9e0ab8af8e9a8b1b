//! Advertising, which lasts as long as its future or guard. [Vol 3] Part C, 9.2 and 9.3

use bindrune_gap::{Advertisement, SetId};

use crate::{
    Connection, Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Advertises until a central connects, and returns the connection.
    ///
    /// The data is copied; data that does not fit may go into the scan response. Advertising pauses while the
    /// controller is being reset. While all link slots are in use it pauses too, and resumes when a link ends; with
    /// [`WhenFull::Fail`](crate::WhenFull::Fail) it fails instead. A link is returned after the first packet of the
    /// central has arrived. If it ends before, with Connection Failed to be Established (0x3E), advertising continues.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] if the data does not fit, [`Error::Busy`] if all advertising sets are in use,
    /// [`Error::Timeout`] after the time of [`Advertisement::timeout`], [`Error::NoLink`] if all link slots are in use
    /// and [`Advertisement::when_full`] says so, [`Error::Controller`] if the controller refuses or does not support
    /// it, [`Error::NonResolvable`] for a connectable advertisement while addresses make no links, see
    /// `Host::set_address_mode`, [`Error::ShutDown`] after [`Self::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops advertising. If a link comes up anyway, it is disconnected.
    pub async fn advertise(
        &self,
        advertisement: &Advertisement<'_>,
    ) -> Result<Connection<'_>, Error> {
        self.open().await?;
        let request = Request::new(self, advertisement)?;
        let set = request.set;
        let link = self
            .wait(Key::Host(HostKey::Advertise), |core, _| core.stack.poll_advertised(set))
            .await?;
        Ok(Connection::adopted(self, link))
    }

    /// Advertises while the guard lives. For advertisements that are not connectable: a connectable one stops with the
    /// first link, which is disconnected. Use [`Self::advertise`] for those.
    ///
    /// # Errors
    ///
    /// As for [`Self::advertise`].
    pub fn broadcast(&self, advertisement: &Advertisement<'_>) -> Result<Broadcast<'_>, Error> {
        Ok(Broadcast { request: Request::new(self, advertisement)? })
    }
}

/// Advertising that lasts while this guard is held.
#[derive(Debug)]
#[must_use = "dropping it stops advertising"]
pub struct Broadcast<'h> {
    request: Request<'h>,
}

impl Broadcast<'_> {
    /// Waits until advertising ends by itself, and returns the reason: [`Error::Timeout`] after the configured time.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn ended(&mut self) -> Error {
        let set = self.request.set;
        let ended = self
            .request
            .host
            .wait(Key::Host(HostKey::Advertise), |core, _| core.stack.poll_advertised(set));
        match ended.await {
            Ok(link) => {
                self.request.host.with(|core| core.stack.release_link(link));
                Error::Busy
            }
            Err(error) => error,
        }
    }
}

/// An advertising set in use; released on drop.
#[derive(Debug)]
struct Request<'h> {
    host: &'h Host,
    set: SetId,
}

impl<'h> Request<'h> {
    fn new(host: &'h Host, advertisement: &Advertisement<'_>) -> Result<Self, Error> {
        let set = host.with(|core| core.stack.request_advertising(advertisement))?;
        Ok(Self { host, set })
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_advertising(self.set));
    }
}
