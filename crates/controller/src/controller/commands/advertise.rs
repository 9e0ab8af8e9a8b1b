//! Legacy advertising. [Vol 4] Part E, 7.8.5 to 7.8.9

use bindrune_hci::{
    AdvertisingType, FilterPolicy, Opcode, OwnAddressType, Phy, Status,
    cmd::{
        Done,
        le::{
            AdvertisingTxPower, LegacyData, ReadAdvertisingTxPower, SetAdvertisingData,
            SetAdvertisingEnable, SetAdvertisingParameters, SetScanResponseData,
        },
    },
};
use embassy_time::Duration;

use super::{Call, DONE, Reply};
use crate::advertise::{AdvertisingSet, Data, Offer, SetKey};

impl Call<'_> {
    pub(super) fn advertise(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_SET_ADVERTISING_PARAMETERS => {
                self.reply(SetAdvertisingParameters::parse(p), Self::set_parameters)
            }
            Opcode::LE_READ_ADVERTISING_TX_POWER => self
                .reply(ReadAdvertisingTxPower::parse(p), |_, _| {
                    Ok(AdvertisingTxPower { status: Status::SUCCESS, level: 0 })
                }),
            Opcode::LE_SET_ADVERTISING_DATA => self
                .reply(SetAdvertisingData::parse(p), |call, c| {
                    call.legacy_set().data.replace(&c.data)
                }),
            Opcode::LE_SET_SCAN_RESPONSE_DATA => self
                .reply(SetScanResponseData::parse(p), |call, c| {
                    call.legacy_set().response.replace(&c.data)
                }),
            Opcode::LE_SET_ADVERTISING_ENABLE => {
                self.reply(SetAdvertisingEnable::parse(p), |call, c| match c.enable {
                    0 => {
                        call.legacy_set().running = None;
                        Ok(DONE)
                    }
                    1 => call.enable_legacy(),
                    _ => Err(Status::INVALID_PARAMETERS),
                })
            }
            _ => return None,
        })
    }

    fn legacy_set(&mut self) -> &mut AdvertisingSet {
        self.controller().sets.entry(SetKey::LEGACY).or_insert_with(default_set)
    }

    fn set_parameters(&mut self, c: SetAdvertisingParameters) -> Result<Done, Status> {
        if self.legacy_set().running.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let high_duty = c.kind == AdvertisingType::DIRECTED_HIGH_DUTY;
        let directed = high_duty || c.kind == AdvertisingType::DIRECTED_LOW_DUTY;
        let (min, max) = (c.interval_min.get(), c.interval_max.get());
        let interval = high_duty || (min <= max && min >= 0x20 && max <= 0x4000);
        let known = c.kind.0 <= AdvertisingType::DIRECTED_LOW_DUTY.0
            && c.own_address_type.0 <= OwnAddressType::RESOLVABLE_OR_RANDOM.0
            && c.filter_policy.0 <= FilterPolicy::BY_LIST.0
            && c.peer.kind.0 <= 1;
        if !interval || !known || c.channels == 0 || c.channels > 7 {
            return Err(Status::INVALID_PARAMETERS);
        }
        let set = self.legacy_set();
        set.offer = Offer {
            connectable: directed || c.kind == AdvertisingType::CONNECTABLE,
            scannable: matches!(c.kind, AdvertisingType::CONNECTABLE | AdvertisingType::SCANNABLE),
            high_duty,
            directed: c.peer.get().filter(|_| directed),
            ..LEGACY
        };
        set.interval = Duration::from_micros(u64::from(max).saturating_mul(625));
        set.peer = c.peer.get();
        set.own = c.own_address_type;
        set.filter = c.filter_policy;
        Ok(DONE)
    }

    fn enable_legacy(&mut self) -> Result<Done, Status> {
        let set = self.legacy_set();
        if set.running.is_some() {
            return Ok(DONE);
        }
        let (own, peer, connectable) = (set.own, set.peer, set.offer.connectable);
        let now = self.air.medium.now;
        let controller = self.controller();
        if controller.address_for(own, controller.random_address, peer, now).is_none() {
            return Err(Status::INVALID_PARAMETERS);
        }
        if connectable && controller.free_handle().is_none() {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        self.air.medium.start_set(self.id, SetKey::LEGACY, None, 0);
        Ok(DONE)
    }
}

impl Data {
    fn replace(&mut self, data: &LegacyData) -> Result<Done, Status> {
        let octets = data.get().ok_or(Status::INVALID_PARAMETERS)?;
        self.octets = octets.to_vec();
        self.version = self.version.wrapping_add(1);
        Ok(DONE)
    }
}

/// Properties of every legacy advertisement.
const LEGACY: Offer = Offer {
    connectable: true,
    scannable: true,
    high_duty: false,
    legacy: true,
    anonymous: false,
    include_tx_power: false,
    directed: None,
};

/// The parameters before the host sets any. [Vol 4] Part E, 7.8.5
fn default_set() -> AdvertisingSet {
    AdvertisingSet {
        offer: LEGACY,
        interval: Duration::from_millis(1280),
        own: OwnAddressType::PUBLIC,
        filter: FilterPolicy::ALL,
        peer: None,
        random: None,
        data: Data::default(),
        response: Data::default(),
        sid: 0,
        tx_power: 0,
        primary_phy: Phy::LE_1M,
        secondary_phy: Phy::LE_1M,
        notify_scan_requests: false,
        running: None,
    }
}
