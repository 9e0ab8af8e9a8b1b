//! A link, as an application uses it.

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
/// Several handles of one link may exist: clones, and those that [`crate::Listener::accept`] gives. Dropping the last one
/// disconnects the link, unless a channel is still open on it; what was given to send leaves first. A handle of a link that has ended stays an error; it never names another link.
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

/// What happened on a link.
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
    /// So many write commands of the peer were dropped here, since there was no room to keep them until the application asks
    /// for them. `Stats::dropped_pushes` counts them as well.
    LostWrites(u32),
    /// The peer wrote a value that the host holds; several writes may be reported as one.
    Written(Written),
    /// The peer subscribed to a characteristic, or ended its subscription.
    Subscribed(SubscriptionChange),
    /// The ATT MTU was exchanged, in octets.
    Mtu(usize),
    /// The connection parameters changed.
    Parameters(CurrentParameters),
    /// The PHYs changed.
    Phy(Phys),
    /// The data lengths changed.
    DataLength(DataLengths),
    /// The peer's attribute table changed in this range of handles: what was discovered there is void.
    ServiceChanged {
        /// First handle.
        start: u16,
        /// Last handle.
        end: u16,
    },
    /// The link is encrypted now, or with another key: this is what it is worth.
    Encrypted(LinkSecurity),
    /// A pairing is complete, and its bond is stored where there is one. Where the link ends first and the store was loaded, the
    /// bond is stored all the same, and [`Host::bonds`] has it, but this is not told.
    Paired(Paired),
    /// A pairing failed.
    PairingFailed(PairingFailure),
    /// One side no longer has the key of the bond. As the central: the peer has lost it, or another device uses its address; the
    /// bond is kept and the link stays open; see [`Error::BondLost`]. As the peripheral: the peer asks for a key that is not here,
    /// so it believes in a bond that this device has lost or never had; it must remove it and pair anew.
    BondLost,
    /// The peripheral asks for more security than the link has; [`Connection::secure`] gives it.
    SecurityRequested,
    /// The link ended; nothing more will happen. With [`Status::HARDWARE_FAILURE`] the controller was lost, see
    /// [`Host::watch_controller`]; with [`Status::CONNECTION_TIMEOUT`] the peer, or it took no data for too long.
    Disconnected(Status),
}

impl<'h> Connection<'h> {
    /// A handle that the stack has counted already.
    pub(crate) const fn adopted(host: &'h Host, link: LinkRef) -> Self {
        Self { host, link }
    }

    pub(crate) const fn host(&self) -> &'h Host {
        self.host
    }

    pub(crate) const fn link(&self) -> LinkRef {
        self.link
    }

    /// Returns the next thing that happened on the link, in the order in which it arrived, of whatever kind.
    ///
    /// An event that says how things stand (the MTU, parameters, encryption, a subscription or a value written several times)
    /// may stand for several of its kind; then it comes where the last of them arrived. What arrived before the link
    /// ended is returned first; [`Event::Disconnected`] is the last, and comes again on every later call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what happened is taken only when the future is ready.
    pub async fn next(&mut self) -> Event<'h> {
        let (host, link) = (self.host, self.link);
        loop {
            let event = self.wait(LinkKey::Event, |stack| {
                stack.poll_notice(link).map(|notice| {
                    Ok(match notice {
                        Notice::Read(taken) => Event::Read(ReadRequest::new(host, link, taken)),
                        Notice::Write(taken) => Event::Write(WriteRequest::new(host, link, taken)),
                        Notice::Event(event) => event,
                    })
                })
            });
            // Waiting cannot fail, and no event is an error.
            let Ok(event) = event.await else { continue };
            if let Event::Disconnected(reason) = &event {
                report!(debug, "the link of slot {} ended: {reason}", link.index);
            }
            return event;
        }
    }

    /// The peer's address. For a peer that is known by its identity, the identity address.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn peer(&self) -> Result<Address, Error> {
        self.get(|link| link.protection.identity().unwrap_or_else(|| link.control.peer()))
    }

    /// Our role on the link.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn role(&self) -> Result<Role, Error> {
        self.get(|link| link.control.role())
    }

    /// True until the link ends.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.get(|_| ()).is_ok()
    }

    /// The ATT MTU, in octets.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn mtu(&self) -> Result<usize, Error> {
        self.get(|link| link.attributes.bearer.mtu().into())
    }

    /// The connection parameters in force.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn parameters(&self) -> Result<CurrentParameters, Error> {
        self.get(|link| link.control.parameters())
    }

    /// Ends the link, once what was given to send is with the peer, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link had ended before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the disconnection.
    pub async fn disconnect(&self) -> Result<(), Error> {
        self.disconnect_with(Status::REMOTE_USER_TERMINATED).await
    }

    /// Ends the link with a reason that the peer is told: 0x05, 0x13 to 0x15, 0x1A, 0x29 or 0x3B. [Vol 4] Part E, 7.1.6
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] for any other reason; [`Error::Disconnected`] if the link had ended before.
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

    /// Waits until the link has ended, and says why.
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

    pub(crate) async fn wait<T>(
        &self,
        key: LinkKey,
        mut poll: impl FnMut(&mut crate::stack::Stack) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        let key = Key::Link(self.link.index, key);
        self.host.wait(key, |core, _| poll(&mut core.stack)).await
    }

    pub(super) fn get<T>(&self, get: impl FnOnce(&crate::stack::Link) -> T) -> Result<T, Error> {
        self.host.with(|core| core.stack.link(self.link).map(get))
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
