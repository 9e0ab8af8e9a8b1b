//! The host, created from resources and a configuration.

use core::{fmt, task::Poll};

use bindrune_gap::{AdvertisingSet, ControllerInfo, Gap};
use bindrune_gatt::{GapConfig, Server};
use bindrune_l2cap::Channels;
use bindrune_wire::Pool;

use super::{receiving::Receiving, wait::DueFlags};
use crate::{
    Config, ConfigError, Error, Resources,
    arena::Arena,
    config::{MAX_ADVERTISING_SETS, table_error},
    core::Core,
    lock::Lock,
    resources::Place,
    stack::{Output, Parts, Receive, Stack, TransmitPackets, gap_config},
    waiters::{HostKey, Key, Ready, Waiters},
};

/// A Bluetooth LE host. Links, channels and scanners borrow from it.
///
/// Nothing happens unless [`Self::run`] is running. With the feature `sync`, which `std` implies, the host is `Send +
/// Sync`.
///
/// One task runs the host; other tasks share it:
///
/// ```no_run
/// use bindrune::{Config, Error, Host, Resources};
/// use embassy_futures::select::{Either, select};
///
/// async fn app(host: &Host) -> Result<(), Error> {
///     println!("this device is {:?}", host.controller().await?.own_address());
///     Ok(())
/// }
///
/// # async fn example<R, W>(rx: R, tx: W) -> Result<(), Box<dyn std::error::Error>>
/// # where
/// #     R: embedded_io_async::Read<Error = std::io::Error>,
/// #     W: embedded_io_async::Write<Error = std::io::Error>,
/// # {
/// let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new("Lamp"))?;
/// match select(host.run(rx, tx), app(&host)).await {
///     Either::First(end) => Err(end.into()),
///     Either::Second(result) => Ok(result?),
/// }
/// # }
/// ```
pub struct Host {
    pub(crate) core: &'static mut Lock<Core>,
    /// What `run` must do, as of the last visit.
    pub(crate) due: DueFlags,
}

/// Numbers of free packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreePackets {
    /// Receive packets.
    pub receive: usize,
    /// Transmit packets.
    pub transmit: usize,
}

impl Host {
    /// Creates a host from resources and a configuration.
    ///
    /// # Errors
    ///
    /// Names what the resources lack, and how much: [`Resources::assert_fits`] finds the same at compile time.
    /// [`ConfigError::Mtu`], [`ConfigError::Address`] and [`ConfigError::Name`] for a configuration that no host can
    /// have; [`ConfigError::Table`] if the services form no table, and [`ConfigError::Subscriptions`] if bonds cannot
    /// remember all subscriptions of a peer.
    #[inline(never)]
    pub fn new<
        const L: usize,
        const C: usize,
        const R: usize,
        const T: usize,
        const S: usize,
        const A: usize,
        const I: usize,
        const O: usize,
        const P: usize,
    >(
        resources: &'static mut Resources<L, C, R, T, S, A, I, O, P>,
        config: Config,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        config.check_packets(L, R, T, S)?;
        let shares = Arena::split(&mut resources.arena, &config, L)?;
        let mut rx = Receive::new(
            Pool::new(&mut resources.rx_slots, resources.rx.as_flattened_mut(), S),
            L,
            C,
        );
        rx.pool.reset();
        let tx = TransmitPackets::new(
            Pool::new(&mut resources.tx_slots, resources.tx.as_flattened_mut(), S),
            L,
        );
        let device = GapConfig { appearance: config.appearance, ..GapConfig::new(config.name) };
        let server = Server::new(config.services, &device, shares.values, shares.peer_octets);
        let server = server.map_err(table_error)?;
        for (link, share) in resources.links.iter_mut().zip(shares.peers) {
            link.peer = Some(bindrune_gatt::Peer::new(share));
        }
        let channels = Channels::new(&mut resources.channels, L, rx.window_budget(L), S);
        let sets = make_sets(&mut resources.advertising_sets, config.advertising_sets);
        let gap = Gap::new(gap_config(&config, &rx, S), sets, shares.advertising, shares.reports);
        let waiters = Waiters::new(
            &mut resources.host_waiters,
            &mut resources.link_waiters,
            &mut resources.channel_waiters,
        );
        let stack = Stack::new(Parts {
            ready: Ready::new(&mut resources.link_ready, &mut resources.channel_ready),
            rx,
            tx,
            server,
            channels,
            config,
            links: &mut resources.links,
            channel_users: &mut resources.channel_users,
            gap,
            app_command: &mut resources.app_command,
            bonds: shares.bonds,
            pairings: &mut resources.pairings,
            output: Output::new(&mut resources.output),
        });
        let receiving = Receiving::new(&mut resources.input);
        let core = resources.core.put(Lock::new(Core::new(stack, waiters, receiving)));
        Ok(Self { core, due: DueFlags::new() })
    }

    /// Returns the capabilities of the controller, and which of them this host uses. Waits until initialization is
    /// complete.
    ///
    /// # Errors
    ///
    /// [`Error::NoAnswer`] if the controller did not answer a Reset for 2 s. [`Self::run`] keeps trying.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn controller(&self) -> Result<ControllerInfo, Error> {
        self.wait(Key::Host(HostKey::Controller), |core, _| match core.stack.controller_info() {
            Some(info) => Poll::Ready(Ok(*info)),
            None if core.stack.is_silent() => Poll::Ready(Err(Error::NoAnswer)),
            None => Poll::Pending,
        })
        .await
    }

    /// Returns the number of links that are up, of LE and BR/EDR.
    #[must_use]
    pub fn links(&self) -> usize {
        self.with(|core| core.stack.live_links().saturating_add(core.stack.classic.live_links()))
    }

    /// Returns the number of channel slots in use: open channels, and closed ones that the application still holds.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.with(|core| {
            core.stack.taken_channels().saturating_add(core.stack.classic.taken_channels())
        })
    }

    /// Returns the number of free packets. If no link is up and no packet is borrowed, all packets are free.
    #[must_use]
    pub fn free_packets(&self) -> FreePackets {
        self.with(|core| FreePackets {
            receive: core.stack.rx.pool.free(),
            transmit: core.stack.tx.pool.free(),
        })
    }

    /// Resets the host to the state of a new one, except for what leaked guards still hold.
    ///
    /// # Errors
    ///
    /// As for [`Self::new`]. Also fails if the services need more of the arena than those that the host was created
    /// with.
    pub fn reset(&mut self, config: Config) -> Result<(), ConfigError> {
        config.check()?;
        self.core.get_mut().reset(config)
    }
}

#[inline(never)]
fn make_sets(
    place: &mut Place<[AdvertisingSet; MAX_ADVERTISING_SETS]>,
    count: usize,
) -> &mut [AdvertisingSet] {
    let sets = place.put([const { AdvertisingSet::EMPTY }; MAX_ADVERTISING_SETS]);
    sets.split_at_mut(count).0
}

#[cfg(feature = "std")]
impl Host {
    /// Panics if two parts of the state contradict each other. For fuzzing and tests.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.with(|core| {
            core.stack.check_claims();
            core.stack.check_deadline();
            core.stack.check_packets();
            core.stack.check_pending();
        });
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("free", &self.free_packets()).finish_non_exhaustive()
    }
}
