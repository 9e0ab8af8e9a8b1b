//! One value for all subscribers.

use core::task::Poll;

use bindrune_gatt::Characteristic;

use super::server::Gatt;
use crate::{
    Connection, Error,
    core::Core,
    waiters::{HostKey, Key, LinkKey},
};

impl Gatt<'_> {
    /// Sends a value to every subscriber: as a notification, or as an indication if the peer subscribed to indications
    /// only. Returns how many peers were reached. [`Self::notify_each`] reports each peer.
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

    /// Sends a value to every subscriber: as a notification, or as an indication if the peer subscribed to indications
    /// only. Reports the result for each peer to `each`: `Ok` when the value is queued for the controller. Does not
    /// wait for confirmations of indications; for that, see [`Connection::indicate`].
    ///
    /// Each peer is served as soon as it has room, independently of the others. If a peer has no room for 400 ms, it is
    /// reported with [`Error::Timeout`], and later calls skip it until it has room: a peer that takes nothing costs
    /// 400 ms once. Other errors are those of [`Connection::notify`]. A peer whose link ends meanwhile is not reported.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, the peers that were not reported get nothing.
    pub fn notify_each(
        &self,
        characteristic: &'static Characteristic,
        value: &[u8],
        each: impl FnMut(&Connection<'_>, Result<(), Error>),
    ) -> impl Future<Output = Result<(), Error>> {
        self.round::<false>(characteristic, value, each)
    }

    /// Sends `value`, or the value that the host holds, to every subscriber.
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
