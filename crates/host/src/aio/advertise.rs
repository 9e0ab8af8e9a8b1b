//! Advertising: it lasts for as long as a future or a guard holds it. [Vol 3] Part C, 9.2 and 9.3

use bindrune_gap::{Advertisement, SetId};

use crate::{
    Connection, Error, Host,
    waiters::{HostKey, Key},
};

impl Host {
    /// Advertises until a central connects, and gives the connection.
    ///
    /// The data is copied; it may overflow into the scan response. While the controller is being reset it waits. While every
    /// link slot is taken nothing is on the air, and it waits until a link ends; with
    /// [`WhenFull::Fail`](crate::WhenFull::Fail) it fails instead. A link is given once the central has been received on
    /// it; if it ends before, with Connection Failed to be Established (0x3E), advertising goes on.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] where the data does not fit, [`Error::Busy`] where every advertising set is taken,
    /// [`Error::Timeout`] when the time of [`Advertisement::timeout`] is over, [`Error::NoLink`] where every link slot is
    /// taken and [`Advertisement::when_full`] says so, [`Error::Controller`] where the controller refuses or cannot do it,
    /// [`Error::ShutDown`] by [`Self::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops advertising; a link that comes up nevertheless is disconnected.
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

    /// Advertises for as long as the guard lives, for advertisements that nobody connects to. One that is connectable stops
    /// with the first link, which is disconnected: use [`Self::advertise`] for those.
    ///
    /// # Errors
    ///
    /// As for [`Self::advertise`].
    pub fn broadcast(&self, advertisement: &Advertisement<'_>) -> Result<Broadcast<'_>, Error> {
        Ok(Broadcast { request: Request::new(self, advertisement)? })
    }
}

/// Advertising that goes on while it is held.
#[derive(Debug)]
#[must_use = "dropping it stops advertising"]
pub struct Broadcast<'h> {
    request: Request<'h>,
}

impl Broadcast<'_> {
    /// Waits until advertising ends by itself, and says why: [`Error::Timeout`] when its time is over.
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

/// An advertising set that is taken; released on drop.
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
