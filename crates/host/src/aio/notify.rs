//! One value for every peer that subscribed to it.

use core::task::Poll;

use bindrune_gatt::Characteristic;

use super::server::Gatt;
use crate::{
    Connection, Error,
    core::Core,
    waiters::{HostKey, Key, LinkKey},
};

impl Gatt<'_> {
    /// Notifies every peer that subscribed to a characteristic, or indicates to those that asked for that alone, and returns
    /// how many were reached. [`Self::notify_each`] says which.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::notify_each`].
    pub async fn notify_all(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
    ) -> Result<usize, Error> {
        let mut reached = 0usize;
        self.notify_each(characteristic, value, |_, result| {
            reached = reached.saturating_add(usize::from(result.is_ok()));
        })
        .await?;
        Ok(reached)
    }

    /// Notifies every peer that subscribed to a characteristic, or indicates to those that asked for that alone, and reports to
    /// `each` how that went, peer by peer: `Ok` once the value is on its way to the controller. Confirmations of indications
    /// are not waited for: see [`Connection::indicate`].
    ///
    /// Each peer is served as soon as it has room, whatever the others do. One that has no room for 400 ms is reported with
    /// [`Error::Timeout`], and is passed over at once by later calls until it has: so a peer that takes nothing costs 400 ms
    /// once.
    /// Other errors are those of [`Connection::notify`]. A peer whose link ends meanwhile is not reported.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the peers that were not reported get nothing.
    pub async fn notify_each(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
        each: impl FnMut(&Connection<'_>, Result<(), Error>),
    ) -> Result<(), Error> {
        self.round::<false>(characteristic, value, each).await
    }

    /// Hands `value`, or the value that the host holds, to every peer that subscribed.
    pub(super) async fn round<const CURRENT: bool>(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
        mut each: impl FnMut(&Connection<'_>, Result<(), Error>),
    ) -> Result<(), Error> {
        let mut round = self.host.with(|core| core.stack.begin_round(characteristic, CURRENT))?;
        loop {
            let next = self.host.wait(Key::Host(HostKey::Room), |core, _| {
                let Core { stack, waiters, .. } = core;
                let may_indicate = |index| waiters.is_idle(Key::Link(index, LinkKey::Confirmation));
                let next = if CURRENT {
                    stack.poll_round_current(&mut round, characteristic, may_indicate)
                } else {
                    stack.poll_round(&mut round, characteristic, value, may_indicate).map(Ok)
                };
                if let Poll::Ready(Ok(Some((link, _)))) = next {
                    stack.share_link(link);
                }
                next
            });
            let Some((link, result)) = next.await? else { return Ok(()) };
            each(&Connection::adopted(self.host, link), result);
        }
    }
}
