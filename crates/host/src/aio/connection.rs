//! A link to a peer, as applications use it.

use core::task::Poll;

use bindrune_gap::{CurrentParameters, DataLengths, Phys};
use bindrune_gatt::server::{SubscriptionChange, Written};
use bindrune_hci::{Role, Status};
use bindrune_wire::Address;

use super::request::{ReadRequest, WriteRequest};
use crate::{
    Error, Host, LinkSecurity, Paired, PairingFailure,
    report::report,
    stack::{LinkRef, Notice},
    waiters::{Key, LinkKey},
};

/// A link to a peer.
///
/// A link can have several handles: clones, and those that [`crate::Listener::accept`] returns. Dropping the last one
/// disconnects the link after all queued data was sent, unless a channel is still open on it. A handle of a link that
/// has ended returns errors; it never refers to another link.
///
/// ```
/// use bindrune::{Connection, Error, Uuid};
///
/// /// Reads the battery level of a peer, in percent.
/// async fn battery_level(link: &Connection<'_>) -> Result<u8, Error> {
///     let service = link.service(Uuid::new_16(0x180f)).await?;
///     let level = service.characteristic(Uuid::new_16(0x2a19)).await?;
///     let mut value = [0];
///     link.read(&level, &mut value).await?;
///     Ok(value[0])
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping the last handle of a connection disconnects it"]
pub struct Connection<'h> {
    host: &'h Host,
    link: LinkRef,
}

/// An event of a link.
///
/// ```
/// use bindrune::{Connection, Event};
///
/// async fn serve(mut link: Connection<'_>) {
///     loop {
///         match link.next().await {
///             Event::Subscribed(change) => println!("the peer subscribed: {change:?}"),
///             Event::LostWrites(count) => println!("{count} write commands had no room"),
///             Event::Disconnected(reason) => return println!("disconnected: {reason}"),
///             _ => {}
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'h> {
    /// The peer reads a value that the application holds.
    Read(ReadRequest<'h>),
    /// The peer writes a value that the application holds.
    Write(WriteRequest<'h>),
    /// Number of write commands of the peer that were dropped, because the application did not read them in time and no
    /// packet was free. `Stats::dropped_pushes` counts them too.
    LostWrites(u32),
    /// The peer wrote a value that the host holds. One event can stand for several writes.
    Written(Written),
    /// The peer subscribed to a characteristic, or unsubscribed.
    Subscribed(SubscriptionChange),
    /// The ATT MTU was exchanged; its value in bytes.
    Mtu(usize),
    /// The connection parameters changed.
    Parameters(CurrentParameters),
    /// The PHYs changed.
    Phy(Phys),
    /// The data lengths changed.
    DataLength(DataLengths),
    /// The peer's attribute table changed in this range of handles. Everything that was discovered in the range is
    /// invalid.
    ServiceChanged {
        /// First handle.
        start: u16,
        /// Last handle.
        end: u16,
    },
    /// The link is encrypted, or its key has changed; the new security of the link.
    Encrypted(LinkSecurity),
    /// A pairing is complete, and its bond, if any, is stored. If the link ends first and the store was loaded, the
    /// bond is stored anyway and [`Host::bonds`] has it, but this event is not reported.
    Paired(Paired),
    /// A pairing failed.
    PairingFailed(PairingFailure),
    /// One side no longer has the key of the bond. As central: the peer has lost the key, or another device uses its
    /// address. The bond is kept and the link stays open; see [`Error::BondLost`]. As peripheral: the peer requests a
    /// key that this device has lost or never had. The peer must remove its bond and pair again.
    BondLost,
    /// The peripheral requests more security than the link has; [`Connection::secure`] grants it.
    SecurityRequested,
    /// The link ended; this is its last event. [`Status::HARDWARE_FAILURE`] means that the controller was lost, see
    /// [`Host::watch_controller`]. [`Status::CONNECTION_TIMEOUT`] means that the peer was lost, or that it took no data
    /// for too long.
    Disconnected(Status),
}

impl<'h> Connection<'h> {
    /// A handle that the stack has already counted.
    pub(crate) const fn adopted(host: &'h Host, link: LinkRef) -> Self {
        Self { host, link }
    }

    pub(crate) const fn host(&self) -> &'h Host {
        self.host
    }

    pub(crate) const fn link(&self) -> LinkRef {
        self.link
    }

    /// Returns the next event of the link, of any kind, in the order of arrival.
    ///
    /// An event that reports a state (the MTU, parameters, encryption, a subscription, a value written several times)
    /// can stand for several of its kind, and takes the place of the last one in the order. Events from before the end
    /// of the link are returned first. [`Event::Disconnected`] is the last, and every later call returns it again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an event is taken only when the future is ready.
    #[expect(
        clippy::should_implement_trait,
        reason = "it returns a future, and events have no end"
    )]
    pub fn next(&mut self) -> impl Future<Output = Event<'h>> {
        let (host, link) = (self.host, self.link);
        self.wait(LinkKey::Event, move |stack| {
            stack.poll_notice(link).map(|notice| event_of(host, link, notice))
        })
    }

    /// Returns the peer's address, or its identity address if the peer is known by its identity.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn peer(&self) -> Result<Address, Error> {
        self.get(|link| link.protection.identity().unwrap_or_else(|| link.control.peer()))
    }

    /// Returns the local role on the link.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn role(&self) -> Result<Role, Error> {
        self.get(|link| link.control.role())
    }

    /// Returns whether the link is still up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.get(|_| ()).is_ok()
    }

    /// Returns the ATT MTU in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn mtu(&self) -> Result<usize, Error> {
        self.get(|link| link.attributes.bearer.mtu().into())
    }

    /// Returns the current connection parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn parameters(&self) -> Result<CurrentParameters, Error> {
        self.get(|link| link.control.parameters())
    }

    /// Disconnects after all queued data has reached the peer, and waits for the end of the link.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link had already ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the disconnection.
    pub async fn disconnect(&self) -> Result<(), Error> {
        self.disconnect_with(Status::REMOTE_USER_TERMINATED).await
    }

    /// Disconnects with a reason that is reported to the peer: 0x05, 0x13 to 0x15, 0x1A, 0x29 or 0x3B. [Vol 4] Part E,
    /// 7.1.6
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] for any other reason; [`Error::Disconnected`] if the link had already ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the disconnection.
    pub async fn disconnect_with(&self, reason: Status) -> Result<(), Error> {
        let link = self.link;
        self.host.with(|core| core.stack.disconnect(link, reason))?;
        self.disconnected().await;
        Ok(())
    }

    /// Waits until the link has ended, and returns the reason.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn disconnected(&self) -> Status {
        let link = self.link;
        let ended = self.wait(LinkKey::Closed, |stack| match stack.link(link) {
            Ok(_) => Poll::Pending,
            Err(Error::Disconnected(reason)) => Poll::Ready(Ok(reason)),
            Err(error) => Poll::Ready(Err(error)),
        });
        ended.await.unwrap_or(Status::UNSPECIFIED)
    }

    pub(crate) fn wait<T>(
        &self,
        key: LinkKey,
        mut poll: impl FnMut(&mut crate::stack::Stack) -> Poll<T>,
    ) -> impl Future<Output = T> {
        let key = Key::Link(self.link.index, key);
        self.host.wait(key, move |core, _| poll(&mut core.stack))
    }

    /// Waits like [`Self::wait`] for room to notify or to send a command. Tasks take turns.
    pub(crate) fn push(
        &self,
        mut poll: impl FnMut(&mut crate::stack::Stack) -> Poll<Result<(), Error>>,
    ) -> impl Future<Output = Result<(), Error>> {
        let link = self.link;
        let key = Key::Link(link.index, LinkKey::Push);
        self.host.wait(key, move |core, first| {
            if core.holds_back_push(link, first) { Poll::Pending } else { poll(&mut core.stack) }
        })
    }

    pub(super) fn get<T>(&self, get: impl FnOnce(&crate::stack::Link) -> T) -> Result<T, Error> {
        self.host.with(|core| core.stack.link(self.link).map(get))
    }
}

/// Returns the event that the application gets.
#[inline(never)]
fn event_of(host: &Host, link: LinkRef, notice: Notice) -> Event<'_> {
    match notice {
        Notice::Read(taken) => Event::Read(ReadRequest::new(host, link, taken)),
        Notice::Write(taken) => Event::Write(WriteRequest::new(host, link, taken)),
        Notice::Event(event) => {
            if let Event::Disconnected(reason) = &event {
                report!(debug, "the link of slot {} ended: {reason}", link.index);
            }
            event
        }
    }
}

impl Clone for Connection<'_> {
    fn clone(&self) -> Self {
        self.host.with(|core| core.stack.share_link(self.link));
        Self { host: self.host, link: self.link }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_link(self.link));
    }
}
