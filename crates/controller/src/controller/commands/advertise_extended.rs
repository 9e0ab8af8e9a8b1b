//! Extended advertising sets. [Vol 4] Part E, 7.8.52 to 7.8.60

use bindrune_hci::{
    DataOperation, FilterPolicy, Opcode, OwnAddressType, Phy, Status,
    cmd::{
        Done,
        le::{
            AdvertisingProperties, ClearAdvertisingSets, DataFragment, EnabledSet,
            MaximumAdvertisingDataLength, NumberOfAdvertisingSets,
            ReadMaximumAdvertisingDataLength, ReadNumberOfAdvertisingSets, RemoveAdvertisingSet,
            SelectedTxPower, SetAdvertisingSetRandomAddress, SetExtendedAdvertisingData,
            SetExtendedAdvertisingEnable, SetExtendedAdvertisingParameters,
            SetExtendedScanResponseData, interval_units,
        },
    },
};
use embassy_time::Duration;
use zerocopy::little_endian::U16;

use super::{Call, DONE, Reply};
use crate::advertise::{AdvertisingSet, Data, Offer, SetKey};

impl Call<'_> {
    pub(super) fn advertise_extended(&mut self) -> Option<Reply> {
        let p = self.parameters;
        let status = Status::SUCCESS;
        Some(match self.opcode {
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS => {
                self.reply(SetAdvertisingSetRandomAddress::parse(p), Self::set_set_address)
            }
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS => {
                self.reply(SetExtendedAdvertisingParameters::parse(p), Self::set_set_parameters)
            }
            Opcode::LE_SET_EXTENDED_ADVERTISING_DATA => self
                .reply(SetExtendedAdvertisingData::parse(p), |call, c| {
                    call.set_data(&c.fragment, |set| (&mut set.data, set.offer.scannable))
                }),
            Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA => {
                self.reply(SetExtendedScanResponseData::parse(p), |call, c| {
                    call.set_data(&c.fragment, |set| (&mut set.response, !set.offer.scannable))
                })
            }
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE => {
                self.reply(SetExtendedAdvertisingEnable::parse(p), Self::enable_sets)
            }
            Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH => {
                self.reply(ReadMaximumAdvertisingDataLength::parse(p), |call, _| {
                    let len = U16::new(call.controller().config.advertising_data);
                    Ok(MaximumAdvertisingDataLength { status, len })
                })
            }
            Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS => {
                self.reply(ReadNumberOfAdvertisingSets::parse(p), |call, _| {
                    let count = call.controller().config.advertising_sets;
                    Ok(NumberOfAdvertisingSets { status, count })
                })
            }
            Opcode::LE_REMOVE_ADVERTISING_SET => {
                self.reply(RemoveAdvertisingSet::parse(p), |call, c| {
                    call.idle_set(c.set)?;
                    call.controller().sets.remove(&SetKey::extended(c.set));
                    Ok(DONE)
                })
            }
            Opcode::LE_CLEAR_ADVERTISING_SETS => {
                self.reply(ClearAdvertisingSets::parse(p), |call, _| {
                    if call.controller().is_advertising() {
                        return Err(Status::COMMAND_DISALLOWED);
                    }
                    call.controller().sets.clear();
                    Ok(DONE)
                })
            }
            _ => return None,
        })
    }

    fn set(&mut self, set: u8) -> Result<&mut AdvertisingSet, Status> {
        let set = self.controller().sets.get_mut(&SetKey::extended(set));
        set.ok_or(Status::UNKNOWN_ADVERTISING_SET)
    }

    fn idle_set(&mut self, set: u8) -> Result<&mut AdvertisingSet, Status> {
        let set = self.set(set)?;
        if set.running.is_some() { Err(Status::COMMAND_DISALLOWED) } else { Ok(set) }
    }

    fn set_set_address(&mut self, c: SetAdvertisingSetRandomAddress) -> Result<Done, Status> {
        let set = self.set(c.set)?;
        if set.running.is_some() && set.offer.connectable {
            return Err(Status::COMMAND_DISALLOWED);
        }
        set.random = Some(c.address);
        Ok(DONE)
    }

    fn set_set_parameters(
        &mut self,
        c: SetExtendedAdvertisingParameters,
    ) -> Result<SelectedTxPower, Status> {
        let key = SetKey::extended(c.set);
        let controller = self.controller();
        let full = controller.sets.len() >= usize::from(controller.config.advertising_sets);
        let old = controller.sets.get(&key);
        if old.is_some_and(|set| set.running.is_some()) {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if old.is_none() && full {
            return Err(Status::MEMORY_CAPACITY_EXCEEDED);
        }
        let offer = check_parameters(&c, controller.config.phy_2m)?;
        let tx_power = if c.tx_power == 127 { 0 } else { c.tx_power.clamp(-20, 8) };
        let max = u64::from(interval_units(c.interval_max));
        let old = controller.sets.remove(&key);
        let (random, data, response) =
            old.map_or_else(Default::default, |set| (set.random, set.data, set.response));
        let set = AdvertisingSet {
            offer,
            interval: Duration::from_micros(max.saturating_mul(625)),
            own: c.own_address_type,
            filter: c.filter_policy,
            peer: c.peer.get(),
            random,
            data,
            response,
            sid: c.sid,
            tx_power,
            primary_phy: c.primary_phy,
            secondary_phy: if offer.legacy { Phy::LE_1M } else { c.secondary_phy },
            notify_scan_requests: c.scan_request_notification == 1,
            running: None,
        };
        controller.sets.insert(key, set);
        Ok(SelectedTxPower { status: Status::SUCCESS, tx_power })
    }

    /// Takes a fragment; `select` returns the data, and whether the type of the set forbids it.
    fn set_data(
        &mut self,
        fragment: &DataFragment<'_>,
        select: impl FnOnce(&mut AdvertisingSet) -> (&mut Data, bool),
    ) -> Result<Done, Status> {
        let longest = usize::from(self.controller().config.advertising_data);
        let set = self.set(fragment.set)?;
        let (running, legacy) = (set.running.is_some(), set.offer.legacy);
        let longest = if legacy { 31 } else { longest };
        let whole =
            matches!(fragment.operation, DataOperation::COMPLETE | DataOperation::UNCHANGED);
        let (data, forbidden) = select(set);
        if forbidden && !legacy && !fragment.data.is_empty()
            || legacy && fragment.operation != DataOperation::COMPLETE
        {
            return Err(Status::INVALID_PARAMETERS);
        }
        if running && !whole {
            return Err(Status::COMMAND_DISALLOWED);
        }
        data.take(fragment, longest)
    }

    fn enable_sets(&mut self, c: SetExtendedAdvertisingEnable<'_>) -> Result<Done, Status> {
        match c.enable {
            0 if c.sets.is_empty() => {
                self.controller().sets.values_mut().for_each(|set| set.running = None);
            }
            0 => {
                for enabled in c.sets {
                    self.set(enabled.set)?;
                }
                for enabled in c.sets {
                    self.set(enabled.set)?.running = None;
                }
            }
            1 if !c.sets.is_empty() => {
                for (index, enabled) in c.sets.iter().enumerate() {
                    let twice = c.sets.iter().take(index).any(|other| other.set == enabled.set);
                    if twice {
                        return Err(Status::INVALID_PARAMETERS);
                    }
                    self.check_enable(enabled)?;
                }
                for enabled in c.sets {
                    self.enable_set(enabled);
                }
            }
            _ => return Err(Status::INVALID_PARAMETERS),
        }
        Ok(DONE)
    }

    fn check_enable(&mut self, enabled: &EnabledSet) -> Result<(), Status> {
        let set = self.set(enabled.set)?;
        let (own, peer, random, offer) = (set.own, set.peer, set.random, set.offer);
        if set.data.incomplete || set.response.incomplete {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if offer.scannable && !offer.legacy && set.response.octets.is_empty() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        if offer.high_duty && (enabled.duration.get() == 0 || enabled.duration.get() > 128) {
            return Err(Status::INVALID_PARAMETERS);
        }
        let now = self.air.medium.now;
        let controller = self.controller();
        if controller.address_for(own, random, peer, now).is_none() {
            return Err(Status::INVALID_PARAMETERS);
        }
        if offer.connectable && controller.free_handle().is_none() {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        Ok(())
    }

    fn enable_set(&mut self, enabled: &EnabledSet) {
        let duration = Duration::from_millis(u64::from(enabled.duration.get()).saturating_mul(10));
        let duration = Some(duration).filter(|&duration| duration > Duration::MIN);
        let key = SetKey::extended(enabled.set);
        self.air.medium.start_set(self.id, key, duration, enabled.max_events);
    }
}

impl Data {
    /// Adds a fragment. [Vol 4] Part E, 7.8.54
    fn take(&mut self, fragment: &DataFragment<'_>, longest: usize) -> Result<Done, Status> {
        match fragment.operation {
            DataOperation::COMPLETE | DataOperation::FIRST => self.octets.clear(),
            DataOperation::INTERMEDIATE | DataOperation::LAST if !self.incomplete => {
                return Err(Status::COMMAND_DISALLOWED);
            }
            DataOperation::INTERMEDIATE | DataOperation::LAST | DataOperation::UNCHANGED => {}
            _ => return Err(Status::INVALID_PARAMETERS),
        }
        if fragment.operation != DataOperation::COMPLETE
            && fragment.data.is_empty() != (fragment.operation == DataOperation::UNCHANGED)
        {
            return Err(Status::INVALID_PARAMETERS);
        }
        self.octets.extend_from_slice(fragment.data);
        if self.octets.len() > longest {
            self.octets.clear();
            self.incomplete = false;
            return Err(Status::MEMORY_CAPACITY_EXCEEDED);
        }
        self.incomplete =
            matches!(fragment.operation, DataOperation::FIRST | DataOperation::INTERMEDIATE);
        self.version = self.version.wrapping_add(1);
        Ok(DONE)
    }
}

/// Returns the properties of a set with these parameters. [Vol 4] Part E, 7.8.53
fn check_parameters(c: &SetExtendedAdvertisingParameters, phy_2m: bool) -> Result<Offer, Status> {
    let properties =
        AdvertisingProperties::from_bits(c.properties.get()).ok_or(Status::INVALID_PARAMETERS)?;
    let has = |bit| properties.contains(bit);
    let directed = has(AdvertisingProperties::DIRECTED);
    let offer = Offer {
        connectable: has(AdvertisingProperties::CONNECTABLE),
        scannable: has(AdvertisingProperties::SCANNABLE),
        high_duty: has(AdvertisingProperties::HIGH_DUTY),
        legacy: has(AdvertisingProperties::LEGACY),
        anonymous: has(AdvertisingProperties::ANONYMOUS),
        include_tx_power: has(AdvertisingProperties::INCLUDE_TX_POWER),
        directed: c.peer.get().filter(|_| directed),
    };
    let legacy = matches!(c.properties.get(), 0x13 | 0x15 | 0x1d | 0x12 | 0x10);
    let kind = if offer.legacy {
        legacy
    } else {
        !offer.connectable || !offer.scannable && !offer.anonymous
    };
    let (min, max) = (interval_units(c.interval_min), interval_units(c.interval_max));
    let known = c.own_address_type.0 <= OwnAddressType::RESOLVABLE_OR_RANDOM.0
        && c.filter_policy.0 <= FilterPolicy::BY_LIST.0
        && (1..=7).contains(&c.channels)
        && c.sid <= 15
        && c.set <= 0xef
        && c.scan_request_notification <= 1;
    if !kind || !known || min < 0x20 || min > max {
        return Err(Status::INVALID_PARAMETERS);
    }
    let secondary =
        offer.legacy || c.secondary_phy == Phy::LE_1M || phy_2m && c.secondary_phy == Phy::LE_2M;
    if c.primary_phy != Phy::LE_1M || !secondary {
        return Err(Status::UNSUPPORTED_FEATURE);
    }
    Ok(offer)
}
