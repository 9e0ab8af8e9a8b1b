mod parameters;

use bindrune_hci::FilterPolicy;
use bindrune_wire::{Address, Uuid};
use embassy_time::Duration;

pub(crate) use self::parameters::Parameters;
pub use self::parameters::{AdvertisementKind, Channels, Discoverable, ExtendedPdus, WhenFull};
use crate::{
    adv_data::{Compose, write_others, write_services},
    command::in_units,
};

/// Parameters and data of an advertisement.
///
/// It is a plain value: keep it, also as a `const`, and advertise with it repeatedly. A discoverable advertisement
/// also shows the name and the appearance of the device, if they have room: see [`Self::name`], [`Self::appearance`],
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
    pub(crate) parameters: Parameters,
    pub(crate) discoverable: Discoverable,
    pub(crate) compose: Compose,
    pub(crate) name: Option<&'a str>,
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

/// Name and appearance of this device (0 for none). A discoverable advertisement shows them if it does not set its own
/// and has room; they displace nothing and cause no error.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// The name; empty for none.
    pub name: &'a str,
    /// The appearance; 0 for none.
    pub appearance: u16,
}

impl Device<'_> {
    /// Nothing to show.
    pub const UNNAMED: Self = Self { name: "", appearance: 0 };
}

/// Maximum number of services in an [`Advertisement`] besides the user's list.
const OWN_SERVICES: usize = 4;

/// Maximum time in limited discoverable mode: T_GAP(lim_adv_timeout). [Vol 3] Part C, Appendix A
pub const LIMITED_TIMEOUT: Duration = Duration::from_secs(180);

/// T_GAP(adv_fast_interval1): 30 ms to 60 ms, in units of 0.625 ms. [Vol 3] Part C, Appendix A
const FAST_INTERVAL: (u32, u32) = (48, 96);
/// T_GAP(adv_fast_interval2): 100 ms to 150 ms, in units of 0.625 ms. [Vol 3] Part C, Appendix A
const BEACON_INTERVAL: (u32, u32) = (160, 240);
/// The unit of intervals, in microseconds.
const INTERVAL_UNIT: u16 = 625;

impl<'a> Advertisement<'a> {
    /// Any device may connect; general discoverable mode, legacy PDUs, every 30 to 60 ms, until withdrawn.
    #[must_use]
    pub const fn connectable() -> Self {
        Self::new(AdvertisementKind::Connectable, Discoverable::General, FAST_INTERVAL)
    }

    /// No device may connect, but any may request the scan response; not discoverable, every 100 to 150 ms.
    #[must_use]
    pub const fn scannable() -> Self {
        Self::new(AdvertisementKind::Scannable, Discoverable::No, BEACON_INTERVAL)
    }

    /// A beacon, every 100 to 150 ms.
    #[must_use]
    pub const fn non_connectable() -> Self {
        Self::new(AdvertisementKind::NonConnectable, Discoverable::No, BEACON_INTERVAL)
    }

    /// Only `peer` may connect. If a bonded peer has private addresses, the controller must resolve addresses, and
    /// generates one for it; otherwise the advertising fails with Unsupported Feature (0x11).
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
        interval: (u32, u32),
    ) -> Self {
        Self {
            parameters: Parameters {
                kind,
                interval,
                timeout: None,
                channels: Channels::all(),
                filter: FilterPolicy::ALL,
                extended: None,
                when_full: WhenFull::Wait,
                established: false,
            },
            discoverable,
            compose: Compose::NOTHING,
            name: None,
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

    /// Returns whether peers may connect.
    #[must_use]
    pub const fn is_connectable(&self) -> bool {
        matches!(
            self.parameters.kind,
            AdvertisementKind::Connectable | AdvertisementKind::Directed { .. }
        )
    }

    /// Returns the peer of directed advertising.
    #[must_use]
    pub const fn peer(&self) -> Option<Address> {
        match self.parameters.kind {
            AdvertisementKind::Directed { peer, .. } => Some(peer),
            AdvertisementKind::Connectable
            | AdvertisementKind::Scannable
            | AdvertisementKind::NonConnectable => None,
        }
    }

    /// Adds one service UUID, at most four; for more use [`Self::services`].
    #[must_use]
    pub const fn service(mut self, uuid: Uuid) -> Self {
        self.compose.services = Some(write_services);
        let (mut list, len) = self.own_services;
        if let Some((_, [slot, ..])) = list.split_at_mut_checked(len) {
            *slot = uuid;
            self.own_services = (list, len.saturating_add(1));
        } else {
            self.too_many_services = true;
        }
        self
    }

    /// Adds a list of service UUIDs, after those of [`Self::service`].
    #[must_use]
    pub const fn services(mut self, list: &'a [Uuid]) -> Self {
        self.compose.services = Some(write_services);
        self.service_list = list;
        self
    }

    /// Adds data of one service.
    #[must_use]
    pub const fn service_data(mut self, service: Uuid, data: &'a [u8]) -> Self {
        self.compose.others = Some(write_others);
        self.service_data = Some((service, data));
        self
    }

    /// Adds data of a manufacturer, with its company identifier.
    #[must_use]
    pub const fn manufacturer(mut self, company: u16, data: &'a [u8]) -> Self {
        self.compose.others = Some(write_others);
        self.manufacturer = Some((company, data));
        self
    }

    /// Leaves out the device's own name and appearance, which a discoverable advertisement shows otherwise, unless
    /// [`Self::name`] and [`Self::appearance`] set others.
    #[must_use]
    pub const fn without_name(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Sets the local name, instead of the device's own. Passive scanners find it, or its beginning, if the
    /// advertising data has room after the other structures; the scan response then has the whole name, or as much of
    /// it as fits. [`Self::shown_name`] returns that part.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the appearance, instead of the device's own.
    #[must_use]
    pub const fn appearance(mut self, appearance: u16) -> Self {
        self.compose.others = Some(write_others);
        self.appearance = Some(appearance);
        self
    }

    /// Adds the transmit power `dbm` to the data.
    #[must_use]
    pub const fn tx_power(mut self, dbm: i8) -> Self {
        self.compose.others = Some(write_others);
        self.tx_power = Some(dbm);
        self
    }

    /// Adds AD structures, as octets, to the advertising data.
    #[must_use]
    pub const fn data(mut self, structures: &'a [u8]) -> Self {
        self.compose.others = Some(write_others);
        self.data = Some(structures);
        self
    }

    /// Sets exactly these octets as advertising data, instead of all others: no flags, no services, no name.
    #[must_use]
    pub const fn exactly(mut self, octets: &'a [u8]) -> Self {
        self.exactly = Some(octets);
        self
    }

    /// Sets AD structures, as octets, in the scan response.
    #[must_use]
    pub const fn scan_response(mut self, structures: &'a [u8]) -> Self {
        self.scan_response = Some(structures);
        self
    }

    /// Sets the discoverable mode. Limited mode also sets a timeout of [`LIMITED_TIMEOUT`], if there is none.
    #[must_use]
    pub const fn discoverable(mut self, mode: Discoverable) -> Self {
        self.discoverable = mode;
        if matches!(mode, Discoverable::Limited) && self.parameters.timeout.is_none() {
            self.parameters.timeout = Some(LIMITED_TIMEOUT);
        }
        self
    }

    /// Sets limited discoverable mode, for at most [`LIMITED_TIMEOUT`].
    #[must_use]
    pub const fn limited(self) -> Self {
        self.discoverable(Discoverable::Limited)
    }

    /// Sets the shortest and longest time between two advertising events: 20 ms to 10.24 s; with extended PDUs up to
    /// 10,485 s. Values outside are clamped.
    #[must_use]
    pub const fn interval(mut self, min: Duration, max: Duration) -> Self {
        self.parameters.interval = (in_units(min, INTERVAL_UNIT), in_units(max, INTERVAL_UNIT));
        self
    }

    /// Ends the advertising after this time without a connection. A time of more than 12 days has no end.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.parameters.timeout = Some(timeout);
        self
    }

    /// Waits while every link of the host is in use, or fails. Waits by default. Only connectable advertising needs a
    /// link.
    #[must_use]
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.parameters.when_full = when_full;
        self
    }

    /// Returns a link only after a packet of the central arrived on it. If none arrives, the advertising continues, as
    /// with [`crate::Connect::until_established`].
    #[must_use]
    pub const fn until_established(mut self) -> Self {
        self.parameters.established = true;
        self
    }

    /// Sets the primary channels; an empty set means all.
    #[must_use]
    pub const fn channels(mut self, channels: Channels) -> Self {
        self.parameters.channels = if channels.is_empty() { Channels::all() } else { channels };
        self
    }

    /// Serves every device, or only peers of the accept list.
    #[must_use]
    pub const fn filter(mut self, policy: FilterPolicy) -> Self {
        self.parameters.filter = policy;
        self
    }

    /// Returns all services: those of [`Self::service`], and the list of [`Self::services`].
    pub(crate) fn all_services(&self) -> [&[Uuid]; 2] {
        let (own, len) = &self.own_services;
        [own.get(..*len).unwrap_or_default(), self.service_list]
    }
}
