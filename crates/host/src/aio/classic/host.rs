//! BR/EDR of a host.

use core::task::Poll;

use bindrune_classic::{
    ControllerInfo, Discoverable, FoundSlot, Gap, Incoming, LinkSlot,
    security::{Security, Slot as SecuritySlot},
};
use bindrune_hci::ClassOfDevice;
use bindrune_l2cap::classic::Psm;
use bindrune_wire::Address;
use embassy_time::Duration;

use super::{ClassicChannel, ClassicConnection};
use crate::{
    ClassicChannelConfig, ClassicConfig, ClassicResources, Error, Host,
    core::Core,
    stack::{
        Awaited, ClassicAsk, ClassicBondPlace, ClassicKey, ClassicLink, ClassicParts, ClassicReady,
        ClassicState, ClassicUser, ClassicWaiters, RfcommPort, Stack,
    },
    waiters::Key,
};

/// BR/EDR of a host: inquiry, pairing, L2CAP channels and services, beside LE.
///
/// [`Host::classic`] returns it. Without [`Host::with_classic`], and on a controller without BR/EDR, its calls fail
/// with [`Error::Unsupported`].
///
/// ```
/// use bindrune::{Address, Classic, ClassicChannelConfig, ClassicPsm, Error};
///
/// /// Sends a greeting to a service of a device.
/// async fn greet(classic: Classic<'_>, device: Address) -> Result<(), Error> {
///     let channel = classic.open_channel(device, ClassicPsm(0x1001), ClassicChannelConfig::BASIC).await?;
///     channel.send(b"hello!!").await?;
///     channel.close().await
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Classic<'h> {
    pub(in crate::aio) host: &'h Host,
}

impl Host {
    /// Adds BR/EDR to a host that does not run yet.
    ///
    /// ```
    /// use bindrune::{ClassicConfig, ClassicResources, Config, ConfigError, Host, Resources};
    ///
    /// fn dual_mode() -> Result<Host, ConfigError> {
    ///     let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new("Lamp"))?;
    ///     Ok(host.with_classic(Box::leak(Box::new(ClassicResources::<1>::new())), ClassicConfig::new()))
    /// }
    /// # dual_mode().unwrap();
    /// ```
    #[must_use]
    #[inline(never)]
    pub fn with_classic<
        const L: usize,
        const C: usize,
        const R: usize,
        const S: usize,
        const F: usize,
        const B: usize,
        const V: usize,
        const P: usize,
        const D: usize,
    >(
        self,
        resources: &'static mut ClassicResources<L, C, R, S, F, B, V, P, D>,
        config: ClassicConfig,
    ) -> Self {
        let channels =
            resources.channels.put(ClassicResources::<L, C, R, S, F, B, V, P, D>::channels(
                &mut resources.receive,
                &mut resources.send,
            ));
        let dlcs = resources.dlcs.put(ClassicResources::<L, C, R, S, F, B, V, P, D>::dlcs(
            &mut resources.stream_receive,
            &mut resources.stream_send,
        ));
        let parts = ClassicParts {
            gap: Gap::new(
                config.gap,
                resources.link_slots.put([const { LinkSlot::EMPTY }; L]),
                resources.found.put([const { FoundSlot::EMPTY }; F]),
            ),
            security: Security::new(
                resources.security.put([const { SecuritySlot::EMPTY }; L]),
                config.security,
            ),
            channels,
            users: resources.users.put([ClassicUser::NONE; C]),
            links: resources.links.put([const { ClassicLink::FREE }; L]),
            records: &mut resources.services,
            ports: resources.ports.put([const { RfcommPort::NONE }; L]),
            dlcs,
            response: &mut resources.response,
            bonds: resources.bonds.put([const { ClassicBondPlace::FREE }; B]),
            questions: resources.questions.put([ClassicAsk::NONE; L]),
            config,
        };
        let state = resources.state.put(ClassicState::new(parts));
        let core = self.core.get_mut();
        core.waiters.classic = ClassicWaiters::new(
            &mut resources.host_waiters,
            &mut resources.waiters,
            &mut resources.stream_waiters,
        );
        let ready = ClassicReady::new(
            &mut resources.host_ready,
            &mut resources.ready,
            &mut resources.stream_ready,
        );
        core.stack.add_classic(state, ready);
        self
    }

    /// Returns BR/EDR of this host.
    #[must_use]
    pub const fn classic(&self) -> Classic<'_> {
        Classic { host: self }
    }
}

impl<'h> Classic<'h> {
    /// Waits until BR/EDR can be used, and returns what the controller can do.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host or the controller has no BR/EDR; [`Error::NoAnswer`] if the controller does
    /// not answer a Reset.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn ready(&self) -> Result<ControllerInfo, Error> {
        self.wait(Awaited::Ready, Stack::poll_classic).await
    }

    /// Makes this device discoverable by inquiries, or not. It holds until it is changed, also over a reset of the
    /// controller. [Vol 3] Part C, 4.1
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host has no BR/EDR.
    pub fn set_discoverable(&self, discoverable: Discoverable) -> Result<(), Error> {
        self.host.with(|core| core.stack.classic_discoverable(discoverable))
    }

    /// Lets peers connect also while nothing listens for channels. [Vol 3] Part C, 4.2
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host has no BR/EDR.
    pub fn set_connectable(&self, connectable: bool) -> Result<(), Error> {
        self.host.with(|core| core.stack.classic_connectable(connectable))
    }

    /// Selects the links of peers that are accepted: all by default. [Vol 4] Part E, 7.7.4
    ///
    /// It holds until it is changed, also over a reset of the controller. Links that are up stay. A link that is
    /// accepted has no security yet: what a peer may use depends on the level of each listener.
    ///
    /// ```
    /// use bindrune::{Address, Classic, ClassicIncoming, Error};
    ///
    /// /// Accepts links of two devices alone.
    /// fn accept_two(classic: Classic<'_>, devices: [Address; 2]) -> Result<(), Error> {
    ///     classic.set_incoming(ClassicIncoming::of(&devices).ok_or(Error::InvalidParameters)?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host has no BR/EDR.
    pub fn set_incoming(&self, incoming: Incoming) -> Result<(), Error> {
        self.host.with(|core| core.stack.set_classic_incoming(incoming))
    }

    /// Sets the class of this device, which inquiries report; at first, that of [`ClassicConfig`]. It holds until it is
    /// changed, also over a reset of the controller. Limited discoverable mode adds its bit. [Vol 3] Part C, 3.2.4
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host has no BR/EDR.
    pub fn set_class(&self, class: ClassOfDevice) -> Result<(), Error> {
        self.host.with(|core| core.stack.set_classic_class(class))
    }

    /// Connects to a device, or returns the link to it that is already up. [Vol 3] Part C, 7.1
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the device does not answer; [`Error::Controller`] if it refuses; [`Error::NoClassicLink`]
    /// if all link slots are in use; [`Error::InvalidParameters`] if the address is not public; [`Error::Disconnected`]
    /// if the new link has ended again; [`Error::NoAnswer`] or [`Error::ControllerLost`] if the controller does not
    /// answer, or is reset meanwhile; [`Error::ShutDown`]; [`Error::Unsupported`] without BR/EDR.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn connect(&self, device: Address) -> Result<ClassicConnection<'h>, Error> {
        let ready = self.ready().await;
        ready?;
        self.dated().await?;
        let begun = self.wait(Awaited::Link, |stack| stack.poll_page(device)).await?;
        if let Some(link) = begun {
            return Ok(ClassicConnection::new(self.host, link));
        }
        let _request = Request { classic: *self, end: Stack::stop_paging };
        let link = self.wait(Awaited::Link, Stack::poll_paged).await?;
        Ok(ClassicConnection::new(self.host, link))
    }

    /// Connects to a device if necessary, and opens a channel to one of its services. [Vol 3] Part C, 7.1 and 7.2
    ///
    /// # Errors
    ///
    /// Those of [`Self::connect`] and [`ClassicConnection::open_channel`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the attempt.
    pub async fn open_channel(
        &self,
        device: Address,
        psm: Psm,
        config: ClassicChannelConfig,
    ) -> Result<ClassicChannel<'h>, Error> {
        self.connect(device).await?.open_channel(psm, config).await
    }

    /// Sets after what time the controller drops datagrams of Basic and Streaming mode that a connected device did not
    /// acknowledge: at most 1,279 ms, in steps of 0.625 ms. `None` or zero is for ever, the default. It holds for all
    /// channels to the device, as long as the link. [Vol 4] Part E, 7.3.30
    ///
    /// Data is dropped datagram by datagram, and counted: [`ClassicChannel::lost`].
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the device is not connected; [`Error::InvalidParameters`] if the time is too long, or
    /// the address is not public; [`Error::Controller`] if the controller refuses; [`Error::Unsupported`] if the host
    /// has no BR/EDR.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_packet_timeout(
        &self,
        device: Address,
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let link = self.host.with(|core| core.stack.set_packet_timeout(device, timeout))?;
        self.wait(Awaited::Setting, |stack| stack.poll_packet_timeout(link)).await
    }

    /// Removes the bond with a device. Returns whether there was one.
    #[must_use]
    pub fn remove_bond(&self, device: Address) -> bool {
        self.host.with(|core| core.stack.remove_classic_bond(device))
    }

    /// Returns the bonds: the devices, and the level that a link with each can have. [Vol 3] Part C, 5.2.2.8
    pub fn bonds(&self) -> impl Iterator<Item = (Address, crate::Level)> + use<'h> {
        let host = self.host;
        (0..).map_while(move |at| host.with(|core| core.stack.classic_bond(at)))
    }

    /// Waits until `run` has read the clock, so that the time limits of a request begin when it is made.
    pub(super) async fn dated(&self) -> Result<(), Error> {
        let before = self.host.with(|core| core.stack.ask_classic_time());
        self.wait(Awaited::Setting, |stack| stack.poll_classic_time(before)).await
    }

    pub(in crate::aio) fn wait<T>(
        &self,
        event: Awaited,
        mut poll: impl FnMut(&mut Stack) -> Poll<Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let key = Key::Classic(ClassicKey::of(event));
        self.host.wait(key, move |core: &mut Core, _| poll(&mut core.stack))
    }
}

/// A request that ends when it is dropped.
pub(super) struct Request<'h> {
    pub(super) classic: Classic<'h>,
    pub(super) end: fn(&mut Stack),
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.classic.host.with(|core| (self.end)(&mut core.stack));
    }
}
