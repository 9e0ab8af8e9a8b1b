//! What other devices see of this one: name, class, inquiry response, and whether they can find it and connect.
//! [Vol 3] Part C, 4.1 and 4.2

use bindrune_hci::{
    ClassOfDevice, Lap, Opcode, ServiceClasses, Status,
    cmd::classic::{
        LocalName, ScanEnable, WriteClassOfDevice, WriteCurrentIacLap,
        WriteExtendedInquiryResponse, WriteLocalName, WriteScanEnable,
    },
};
use bindrune_wire::{Uuid, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    ControllerInfo,
    command::put,
    eir::{self, SERVICES_MAX},
};

/// Longest time of limited discoverable mode. [Vol 3] Part C, appendix A, T_GAP(104)
pub const LIMITED_TIME: Duration = Duration::from_secs(60);

/// Who finds this device by an inquiry. [Vol 3] Part C, 4.1
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Discoverable {
    /// No device.
    #[default]
    No,
    /// Any device, until this changes.
    General,
    /// Any device, for a limited time; devices in a limited inquiry find only such devices.
    Limited(
        /// At most [`LIMITED_TIME`].
        #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
        Duration,
    ),
}

bitflags::bitflags! {
    /// What the controller does not know yet.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Dirty: u8 {
        const NAME = 1 << 0;
        const CLASS = 1 << 1;
        const RESPONSE = 1 << 2;
        const LAPS = 1 << 3;
        const SCAN = 1 << 4;
    }
}

/// The requests, and what is not written yet.
#[derive(Debug)]
pub(crate) struct Local {
    name: LocalName,
    class: ClassOfDevice,
    services: [Uuid; SERVICES_MAX],
    service_count: usize,
    /// Whether all services of this device are in the list.
    all_services: bool,
    discoverable: Discoverable,
    connectable: bool,
    until: Option<Instant>,
    dirty: Dirty,
    sent: Dirty,
    /// The scans that the controller has on.
    scans: ScanEnable,
    asked_scans: ScanEnable,
    ended: bool,
    failed: Option<Status>,
}

impl Local {
    pub(crate) const fn new(class: ClassOfDevice) -> Self {
        Self {
            name: LocalName([0; 248]),
            class,
            services: [Uuid::new_16(0); SERVICES_MAX],
            service_count: 0,
            all_services: true,
            discoverable: Discoverable::No,
            connectable: false,
            until: None,
            dirty: Dirty::all(),
            sent: Dirty::empty(),
            scans: ScanEnable::NONE,
            asked_scans: ScanEnable::NONE,
            ended: false,
            failed: None,
        }
    }

    /// Writes everything again after a reset of the controller. The limited time goes on.
    pub(crate) const fn restart(&mut self) {
        (self.dirty, self.sent) = (Dirty::all(), Dirty::empty());
        self.scans = ScanEnable::NONE;
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.name = LocalName::new(name);
        self.dirty.insert(Dirty::NAME | Dirty::RESPONSE);
    }

    pub(crate) const fn name(&self) -> &LocalName {
        &self.name
    }

    pub(crate) fn set_class(&mut self, class: ClassOfDevice) {
        self.class = class;
        self.dirty.insert(Dirty::CLASS);
    }

    pub(crate) fn set_services(&mut self, services: &[Uuid]) {
        self.all_services = services.len() <= SERVICES_MAX;
        self.service_count = services.len().min(SERVICES_MAX);
        for (place, uuid) in self.services.iter_mut().zip(services) {
            *place = *uuid;
        }
        self.dirty.insert(Dirty::RESPONSE);
    }

    pub(crate) fn set_connectable(&mut self, connectable: bool) {
        self.connectable = connectable;
        self.dirty.insert(Dirty::SCAN);
    }

    pub(crate) const fn is_connectable(&self) -> bool {
        self.connectable
    }

    pub(crate) fn set_discoverable(&mut self, now: Instant, discoverable: Discoverable) {
        self.until = match discoverable {
            Discoverable::No | Discoverable::General => None,
            Discoverable::Limited(time) => Some(now + time.min(LIMITED_TIME)),
        };
        self.change(discoverable);
        self.ended = false;
    }

    fn change(&mut self, discoverable: Discoverable) {
        self.discoverable = discoverable;
        self.failed = None;
        self.dirty.insert(Dirty::LAPS | Dirty::CLASS | Dirty::SCAN);
    }

    pub(crate) const fn discoverable(&self) -> Discoverable {
        self.discoverable
    }

    const fn is_limited(&self) -> bool {
        matches!(self.discoverable, Discoverable::Limited(_))
    }

    fn scan_enable(&self) -> ScanEnable {
        match (self.discoverable, self.connectable) {
            (Discoverable::No, false) => ScanEnable::NONE,
            (Discoverable::No, true) => ScanEnable::PAGE,
            (_, false) => ScanEnable::INQUIRY,
            (_, true) => ScanEnable::BOTH,
        }
    }

    /// Writes the missing command: scans are turned on last, and turned off first.
    pub(crate) fn poll_command(
        &mut self,
        info: &ControllerInfo,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        let scans = self.scan_enable();
        if scans == self.scans {
            self.dirty.remove(Dirty::SCAN);
        }
        if self.dirty.contains(Dirty::SCAN) && !info.supports(Opcode::WRITE_SCAN_ENABLE) {
            self.dirty.remove(Dirty::SCAN);
            self.failed = Some(Status::UNKNOWN_COMMAND);
        }
        let less = scans.0 & !self.scans.0 == 0 && self.dirty.contains(Dirty::SCAN);
        let (what, opcode) = if less {
            (Dirty::SCAN, self.write_scans(scans, w)?)
        } else if self.must_write(info, Dirty::NAME, Opcode::WRITE_LOCAL_NAME) {
            (Dirty::NAME, put(w, &WriteLocalName { name: self.name })?)
        } else if self.must_write(info, Dirty::CLASS, Opcode::WRITE_CLASS_OF_DEVICE) {
            let mut services = self.class.services();
            services.set(ServiceClasses::LIMITED_DISCOVERABLE, self.is_limited());
            let class = self.class.with_services(services);
            (Dirty::CLASS, put(w, &WriteClassOfDevice { class })?)
        } else if self.must_write(info, Dirty::RESPONSE, Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE) {
            (Dirty::RESPONSE, self.write_response(w)?)
        } else if self.must_write(info, Dirty::LAPS, Opcode::WRITE_CURRENT_IAC_LAP) {
            let both = [Lap::GENERAL, Lap::LIMITED];
            let laps = if self.is_limited() { &both[..] } else { &[Lap::GENERAL] };
            (Dirty::LAPS, put(w, &WriteCurrentIacLap { laps })?)
        } else if self.dirty.contains(Dirty::SCAN) {
            (Dirty::SCAN, self.write_scans(scans, w)?)
        } else {
            return None;
        };
        self.dirty.remove(what);
        self.sent = what;
        Some(opcode)
    }

    /// Returns whether this part must be written; drops it if the controller cannot take it.
    fn must_write(&mut self, info: &ControllerInfo, what: Dirty, opcode: Opcode) -> bool {
        let can = info.supports(opcode) && (what != Dirty::RESPONSE || info.extended_inquiry);
        if !can {
            self.dirty.remove(what);
        }
        self.dirty.contains(what)
    }

    fn write_scans(&mut self, enable: ScanEnable, w: &mut Writer<'_>) -> Option<Opcode> {
        self.asked_scans = enable;
        put(w, &WriteScanEnable { enable })
    }

    fn write_response(&self, w: &mut Writer<'_>) -> Option<Opcode> {
        let services = self.services.get(..self.service_count).unwrap_or_default();
        let data = eir::write(self.name.get(), services, self.all_services);
        put(w, &WriteExtendedInquiryResponse { fec_required: 0, data })
    }

    /// Takes the answer to the command of [`Self::poll_command`]. Returns whether the controller took it.
    pub(crate) fn answered(&mut self, status: Status) -> bool {
        let sent = core::mem::replace(&mut self.sent, Dirty::empty());
        if sent == Dirty::SCAN {
            if status.is_success() {
                self.scans = self.asked_scans;
            } else {
                self.failed = Some(status);
            }
        }
        status.is_success()
    }

    pub(crate) const fn poll_ended(&mut self) -> bool {
        core::mem::replace(&mut self.ended, false)
    }

    pub(crate) const fn poll_failed(&mut self) -> Option<Status> {
        self.failed.take()
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.until.take_if(|at| *at <= now).is_some() {
            self.change(Discoverable::No);
            self.ended = true;
        }
    }
}

#[cfg(test)]
mod tests;
