use bindrune_hci::{FilterPolicy, Phy};
use bindrune_wire::{Address, Uuid};
use embassy_time::Duration;

/// What a user wishes to advertise: how, and which data.
///
/// It is a plain value: keep it, as a `const` too, and advertise with it again and again. One that is discoverable
/// shows the name and the appearance of the device too, if they have room: see [`Self::name`], [`Self::appearance`],
/// [`Self::without_name`].
///
/// ```
/// use bindrune_gap::Advertisement;
/// use bindrune_wire::Uuid;
///
/// const BATTERY: Uuid = Uuid::new_16(0x180f);
/// const BELT: Advertisement<'_> = Advertisement::connectable().service(BATTERY).name("Belt");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Advertisement<'a> {
    pub(crate) kind: AdvertisementKind,
    pub(crate) discoverable: Discoverable,
    pub(crate) interval: (Duration, Duration),
    pub(crate) timeout: Option<Duration>,
    pub(crate) channels: Channels,
    pub(crate) filter: FilterPolicy,
    pub(crate) extended: Option<ExtendedPdus>,
    pub(crate) when_full: WhenFull,
    pub(crate) established: bool,
    pub(crate) name: Option<&'a str>,
    /// Name and appearance of the device, for what is not said here; shown if there is room.
    pub(crate) device: Option<(&'a str, u16)>,
    pub(crate) anonymous: bool,
    pub(crate) appearance: Option<u16>,
    pub(crate) tx_power: Option<i8>,
    pub(crate) service_list: &'a [Uuid],
    pub(crate) own_services: ([Uuid; OWN_SERVICES], usize),
    pub(crate) too_many_services: bool,
    pub(crate) service_data: Option<(Uuid, &'a [u8])>,
    pub(crate) manufacturer: Option<(u16, &'a [u8])>,
    pub(crate) data: Option<&'a [u8]>,
    pub(crate) exactly: Option<&'a [u8]>,
    pub(crate) scan_response: Option<&'a [u8]>,
}

/// What others can do with an advertisement. [Vol 6] Part B, 4.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdvertisementKind {
    /// Connect (and, with legacy PDUs, ask for the scan response).
    Connectable,
    /// Ask for the scan response.
    Scannable,
    /// Only listen.
    NonConnectable,
    /// One peer may connect; there is no data with legacy PDUs.
    Directed {
        /// Who.
        peer: Address,
        /// As often as possible, for at most 1.28 s. Legacy PDUs only.
        high_duty: bool,
    },
}

/// What a request for a link does while there is no room for one more: every link slot of the host is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WhenFull {
    /// It waits until a link ends, and is not on the air meanwhile. Its time limit goes on.
    Wait,
    /// It fails at once; also later, when other links have taken the room.
    Fail,
}

/// In which mode a device is discoverable. [Vol 3] Part C, 9.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Discoverable {
    /// Not at all.
    No,
    /// Limited: for a short time, at most [`LIMITED_TIMEOUT`].
    Limited,
    /// General.
    General,
}

bitflags::bitflags! {
    /// Primary advertising channels. [Vol 4] Part E, 7.8.5
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Channels: u8 {
        /// Channel 37, 2402 MHz.
        const C37 = 1;
        /// Channel 38, 2426 MHz.
        const C38 = 1 << 1;
        /// Channel 39, 2480 MHz.
        const C39 = 1 << 2;
    }
}

/// What only extended advertising PDUs can do. [Vol 4] Part E, 7.8.53
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedPdus {
    /// PHY of the primary channels: 1M or Coded.
    pub primary: Phy,
    /// PHY of the data: 1M, 2M or Coded.
    pub secondary: Phy,
    /// Advertising SID, 0 to 15: tells sets of one device apart.
    pub sid: u8,
    /// Highest transmit power in dBm; the controller's choice where none.
    pub tx_power: Option<i8>,
    /// Without our address. Only where nobody can connect or ask for a scan response.
    pub anonymous: bool,
    /// The PDUs carry the transmit power.
    pub include_tx_power: bool,
}

/// How many services an [`Advertisement`] holds by itself, without a list of the user's.
const OWN_SERVICES: usize = 4;

/// How long a device may be in limited discoverable mode: T_GAP(lim_adv_timeout). [Vol 3] Part C, Appendix A
pub const LIMITED_TIMEOUT: Duration = Duration::from_secs(180);

/// T_GAP(adv_fast_interval1). [Vol 3] Part C, Appendix A
const FAST_INTERVAL: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(60));
/// T_GAP(adv_fast_interval2). [Vol 3] Part C, Appendix A
const BEACON_INTERVAL: (Duration, Duration) =
    (Duration::from_millis(100), Duration::from_millis(150));

impl<'a> Advertisement<'a> {
    /// Anyone may connect; generally discoverable, legacy PDUs, every 30 to 60 ms, until withdrawn.
    #[must_use]
    pub const fn connectable() -> Self {
        Self::new(AdvertisementKind::Connectable, Discoverable::General, FAST_INTERVAL)
    }

    /// Nobody may connect, anyone may ask for the scan response; not discoverable, every 100 to 150 ms.
    #[must_use]
    pub const fn scannable() -> Self {
        Self::new(AdvertisementKind::Scannable, Discoverable::No, BEACON_INTERVAL)
    }

    /// A beacon, every 100 to 150 ms.
    #[must_use]
    pub const fn non_connectable() -> Self {
        Self::new(AdvertisementKind::NonConnectable, Discoverable::No, BEACON_INTERVAL)
    }

    /// Only `peer` may connect. A bonded peer that has private addresses is reached by one that the controller makes,
    /// if it resolves addresses; else the advertising fails with Unsupported Feature (0x11).
    #[must_use]
    pub const fn directed(peer: Address) -> Self {
        let kind = AdvertisementKind::Directed { peer, high_duty: false };
        Self::new(kind, Discoverable::No, FAST_INTERVAL)
    }

    /// Only `peer` may connect; as often as possible, for at most 1.28 s.
    #[must_use]
    pub const fn directed_high_duty(peer: Address) -> Self {
        let kind = AdvertisementKind::Directed { peer, high_duty: true };
        Self::new(kind, Discoverable::No, FAST_INTERVAL)
    }

    const fn new(
        kind: AdvertisementKind,
        discoverable: Discoverable,
        interval: (Duration, Duration),
    ) -> Self {
        Self {
            kind,
            discoverable,
            interval,
            timeout: None,
            channels: Channels::all(),
            filter: FilterPolicy::ALL,
            extended: None,
            when_full: WhenFull::Wait,
            established: false,
            name: None,
            device: None,
            anonymous: false,
            appearance: None,
            tx_power: None,
            service_list: &[],
            own_services: ([Uuid::new_16(0); OWN_SERVICES], 0),
            too_many_services: false,
            service_data: None,
            manufacturer: None,
            data: None,
            exactly: None,
            scan_response: None,
        }
    }

    /// Returns the peer of directed advertising.
    #[must_use]
    pub const fn peer(&self) -> Option<Address> {
        match self.kind {
            AdvertisementKind::Directed { peer, .. } => Some(peer),
            AdvertisementKind::Connectable
            | AdvertisementKind::Scannable
            | AdvertisementKind::NonConnectable => None,
        }
    }

    /// Adds one service UUID. At most four; more are given by [`Self::services`].
    #[must_use]
    pub const fn service(mut self, uuid: Uuid) -> Self {
        let (mut list, len) = self.own_services;
        if let Some((_, [slot, ..])) = list.split_at_mut_checked(len) {
            *slot = uuid;
            self.own_services = (list, len.saturating_add(1));
        } else {
            self.too_many_services = true;
        }
        self
    }

    /// A list of service UUIDs, after those of [`Self::service`].
    #[must_use]
    pub const fn services(mut self, list: &'a [Uuid]) -> Self {
        self.service_list = list;
        self
    }

    /// Data of one service.
    #[must_use]
    pub const fn service_data(mut self, service: Uuid, data: &'a [u8]) -> Self {
        self.service_data = Some((service, data));
        self
    }

    /// Data of a manufacturer, by its company identifier.
    #[must_use]
    pub const fn manufacturer(mut self, company: u16, data: &'a [u8]) -> Self {
        self.manufacturer = Some((company, data));
        self
    }

    /// Leaves out the device's own name and appearance, which a discoverable advertisement has otherwise, unless it
    /// says others by [`Self::name`] and [`Self::appearance`].
    #[must_use]
    pub const fn without_name(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Gives the device's own name and appearance (0 for none), of which a discoverable advertisement shows what it
    /// does not say otherwise and what has room: they displace nothing, and are no error. The host does this for each
    /// advertisement.
    #[must_use]
    pub const fn of_device(mut self, name: &'a str, appearance: u16) -> Self {
        if !self.anonymous && !matches!(self.discoverable, Discoverable::No) {
            self.device = Some((name, appearance));
        }
        self
    }

    /// Sets the local name, in place of the device's own. Passive scanners find it, or its beginning, if the
    /// advertising data has room after the other structures; the scan response then has the whole name if it fits.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the appearance, in place of the device's own.
    #[must_use]
    pub const fn appearance(mut self, appearance: u16) -> Self {
        self.appearance = Some(appearance);
        self
    }

    /// Says in the data that the transmit power is `dbm`.
    #[must_use]
    pub const fn tx_power(mut self, dbm: i8) -> Self {
        self.tx_power = Some(dbm);
        self
    }

    /// More AD structures, as octets, in the advertising data.
    #[must_use]
    pub const fn data(mut self, structures: &'a [u8]) -> Self {
        self.data = Some(structures);
        self
    }

    /// Exactly these octets as advertising data, in place of all others: no flags, no services, no name.
    #[must_use]
    pub const fn exactly(mut self, octets: &'a [u8]) -> Self {
        self.exactly = Some(octets);
        self
    }

    /// AD structures, as octets, in the scan response.
    #[must_use]
    pub const fn scan_response(mut self, structures: &'a [u8]) -> Self {
        self.scan_response = Some(structures);
        self
    }

    /// In which mode the device is discoverable. Limited sets a timeout of [`LIMITED_TIMEOUT`], if there is none.
    #[must_use]
    pub const fn discoverable(mut self, mode: Discoverable) -> Self {
        self.discoverable = mode;
        if matches!(mode, Discoverable::Limited) && self.timeout.is_none() {
            self.timeout = Some(LIMITED_TIMEOUT);
        }
        self
    }

    /// Limited discoverable, for at most [`LIMITED_TIMEOUT`].
    #[must_use]
    pub const fn limited(self) -> Self {
        self.discoverable(Discoverable::Limited)
    }

    /// Shortest and longest time between two advertising events: 20 ms to 10.24 s, with extended PDUs up to 10,485 s.
    /// What lies outside is brought inside.
    #[must_use]
    pub const fn interval(mut self, min: Duration, max: Duration) -> Self {
        self.interval = (min, max);
        self
    }

    /// Ends by itself after this time without a connection.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits while every link of the host is taken, or fails. It waits by default. Only what can be connected to needs
    /// a link.
    #[must_use]
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Gives a link only once the central has been received on it, and goes on advertising if it never is, as with
    /// [`crate::Connect::until_established`].
    #[must_use]
    pub const fn until_established(mut self) -> Self {
        self.established = true;
        self
    }

    /// Which primary channels are used; all where none.
    #[must_use]
    pub const fn channels(mut self, channels: Channels) -> Self {
        self.channels = if channels.is_empty() { Channels::all() } else { channels };
        self
    }

    /// Whom to serve: everyone, or only peers of the accept list.
    #[must_use]
    pub const fn filter(mut self, policy: FilterPolicy) -> Self {
        self.filter = policy;
        self
    }

    /// All services: those of [`Self::service`], and the list of [`Self::services`].
    pub(crate) fn all_services(&self) -> [&[Uuid]; 2] {
        let (own, len) = &self.own_services;
        [own.get(..*len).unwrap_or_default(), self.service_list]
    }
}
