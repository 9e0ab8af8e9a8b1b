//! Scanning, legacy and extended. [Vol 4] Part E, 7.8.10, 7.8.11, 7.8.64, 7.8.65

use std::collections::BTreeSet;

use bindrune_hci::{
    Opcode, OwnAddressType, ScanFilterPolicy, Status,
    cmd::{
        Done,
        le::{SetExtendedScanEnable, SetExtendedScanParameters, SetScanEnable, SetScanParameters},
    },
};
use embassy_time::Duration;

use super::{Call, DONE, Reply};
use crate::scan::{ScanParameters, Scanning};

impl Call<'_> {
    pub(super) fn scan(&mut self) -> Option<Reply> {
        let p = self.parameters;
        Some(match self.opcode {
            Opcode::LE_SET_SCAN_PARAMETERS => self.reply(SetScanParameters::parse(p), |call, c| {
                if c.interval.get() > 0x4000 {
                    return Err(Status::INVALID_PARAMETERS);
                }
                let (interval, window) = (c.interval.get(), c.window.get());
                let parameters = (c.own_address_type, c.filter_policy);
                call.set_scan(c.active, interval, window, parameters)
            }),
            Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS => {
                self.reply(SetExtendedScanParameters::parse(p), |call, c| {
                    let phy = c.le_1m.ok_or(Status::UNSUPPORTED_FEATURE)?;
                    if c.coded.is_some() {
                        return Err(Status::UNSUPPORTED_FEATURE);
                    }
                    let (interval, window) = (phy.interval.get(), phy.window.get());
                    let parameters = (c.own_address_type, c.filter_policy);
                    call.set_scan(phy.active, interval, window, parameters)
                })
            }
            Opcode::LE_SET_SCAN_ENABLE => self.reply(SetScanEnable::parse(p), |call, c| {
                call.enable_scan(c.enable, c.filter_duplicates, None)
            }),
            Opcode::LE_SET_EXTENDED_SCAN_ENABLE => {
                self.reply(SetExtendedScanEnable::parse(p), |call, c| {
                    let times = (c.duration.get(), c.period.get());
                    call.enable_scan(c.enable, c.filter_duplicates, Some(times))
                })
            }
            _ => return None,
        })
    }

    fn set_scan(
        &mut self,
        active: u8,
        interval: u16,
        window: u16,
        (own, filter): (OwnAddressType, ScanFilterPolicy),
    ) -> Result<Done, Status> {
        let scanner = &mut self.controller().scanner;
        if scanner.running.is_some() {
            return Err(Status::COMMAND_DISALLOWED);
        }
        let known = active <= 1
            && own.0 <= OwnAddressType::RESOLVABLE_OR_RANDOM.0
            && filter.0 <= ScanFilterPolicy::BY_LIST_OR_RESOLVABLE.0;
        if !known || window < 4 || window > interval {
            return Err(Status::INVALID_PARAMETERS);
        }
        let slots = |n: u16| Duration::from_micros(u64::from(n).saturating_mul(625));
        scanner.parameters = ScanParameters {
            active: active == 1,
            interval: slots(interval),
            window: slots(window),
            own,
            filter,
        };
        Ok(DONE)
    }

    /// Turns scanning on or off; `times` are duration and period of an extended scan.
    fn enable_scan(
        &mut self,
        enable: u8,
        duplicates: u8,
        times: Option<(u16, u16)>,
    ) -> Result<Done, Status> {
        let (duration, period) = times.unwrap_or((0, 0));
        let duration = Duration::from_millis(u64::from(duration).saturating_mul(10));
        let period = Duration::from_millis(u64::from(period).saturating_mul(1280));
        let most = if times.is_some() { 2 } else { 1 };
        let bad_period =
            period > Duration::MIN && (duration == Duration::MIN || duration >= period);
        if enable > 1
            || duplicates > most
            || bad_period
            || (duplicates == 2 && period == Duration::MIN)
        {
            return Err(Status::INVALID_PARAMETERS);
        }
        let now = self.air.medium.now;
        let controller = self.controller();
        if enable == 0 {
            controller.scanner.running = None;
            return Ok(DONE);
        }
        let own = controller.scanner.parameters.own;
        if controller.own_address(own, controller.random_address).is_none() {
            return Err(Status::INVALID_PARAMETERS);
        }
        let number = controller.next_number();
        controller.scanner.running = Some(Scanning {
            number,
            since: now,
            extended: times.is_some(),
            seen: (duplicates > 0).then(BTreeSet::new),
            forgets_each_period: duplicates == 2,
            duration,
            period,
            paused: false,
        });
        self.air.medium.time_scan(self.id);
        Ok(DONE)
    }
}
