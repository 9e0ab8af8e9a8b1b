//! Events of a link.

use bindrune_hci::{
    Event, RawHandle, Status,
    cmd::le::LeFeatures,
    event::{
        ConnectionUpdateComplete, DataLengthChange, PhyUpdateComplete, ReadRemoteFeaturesComplete,
        ReadRemoteVersionComplete, RemoteConnectionParameterRequest,
    },
};

use super::{DataLengths, LinkControl, PendingEvents, Phys, Procedure, RemoteVersion, Reply};
use crate::{ConnectionParameters, CurrentParameters, capability::TUNING};

/// Returns the link of an event that [`LinkControl::handle_event`] handles.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
#[must_use]
pub fn link_of(event: &Event<'_>) -> Option<RawHandle> {
    match event {
        Event::LeConnectionUpdateComplete(event) => Some(event.handle),
        Event::LeRemoteConnectionParameterRequest(event) => Some(event.handle),
        Event::LeReadRemoteFeaturesComplete(event) if TUNING => Some(event.handle),
        Event::LeDataLengthChange(event) if TUNING => Some(event.handle),
        Event::LePhyUpdateComplete(event) if TUNING => Some(event.handle),
        Event::ReadRemoteVersionComplete(event) if TUNING => Some(event.handle),
        _ => None,
    }
}

impl LinkControl {
    /// Handles an event. Returns false, and does nothing, if the event is not about this link or not for this
    /// machine; see [`link_of`].
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub fn handle_event(&mut self, event: &Event<'_>) -> bool {
        if link_of(event).is_none_or(|handle| handle.raw() != self.handle.get()) {
            return false;
        }
        match event {
            Event::LeConnectionUpdateComplete(event) => self.parameters_updated(event),
            Event::LeReadRemoteFeaturesComplete(event) if TUNING => self.features_read(event),
            Event::LeRemoteConnectionParameterRequest(event) => self.parameters_requested(event),
            Event::LeDataLengthChange(event) if TUNING => self.data_length_changed(event),
            Event::LePhyUpdateComplete(event) if TUNING => self.phy_updated(event),
            Event::ReadRemoteVersionComplete(event) if TUNING => self.version_read(event),
            _ => return false,
        }
        true
    }

    /// Stores the new parameters unchanged, whichever side requested them.
    fn parameters_updated(&mut self, event: &ConnectionUpdateComplete) {
        if event.status.is_success() {
            self.parameters = CurrentParameters {
                interval: event.interval.get(),
                latency: event.latency.get(),
                timeout: event.timeout.get(),
            };
            self.pending_events.insert(PendingEvents::PARAMETERS);
        }
        self.end_running(Procedure::Update, event.status);
    }

    fn features_read(&mut self, event: &ReadRemoteFeaturesComplete) {
        if event.status.is_success() {
            self.remote_features = LeFeatures::from_bits_retain(event.features.get());
            self.knows_features = true;
            self.pending_events.insert(PendingEvents::FEATURES);
        }
        self.end_running(Procedure::Features, event.status);
    }

    fn version_read(&mut self, event: &ReadRemoteVersionComplete) {
        if event.status.is_success() {
            self.remote_version = Some(RemoteVersion {
                version: event.version,
                manufacturer: event.manufacturer.get(),
                subversion: event.subversion.get(),
            });
            self.pending_events.insert(PendingEvents::VERSION);
        }
        self.end_running(Procedure::Version, event.status);
    }

    /// Refuses parameters that are not allowed, or that the application's policy refuses, and accepts all others.
    /// [Vol 4] Part E, 7.8.31 and 7.8.32
    fn parameters_requested(&mut self, event: &RemoteConnectionParameterRequest) {
        let parameters = ConnectionParameters {
            interval_min: event.interval_min.get(),
            interval_max: event.interval_max.get(),
            latency: event.latency.get(),
            timeout: event.timeout.get(),
        };
        self.reply = Some(self.judge(parameters).map_or(Reply::Refuse, Reply::Accept));
    }

    fn data_length_changed(&mut self, event: &DataLengthChange) {
        self.data_lengths = DataLengths {
            tx_octets: event.tx_octets.get(),
            tx_time: event.tx_time.get(),
            rx_octets: event.rx_octets.get(),
            rx_time: event.rx_time.get(),
        };
        self.pending_events.insert(PendingEvents::DATA_LENGTH);
    }

    fn phy_updated(&mut self, event: &PhyUpdateComplete) {
        let phys = Phys { tx: event.tx, rx: event.rx };
        if event.status.is_success() && phys != self.phys {
            self.phys = phys;
            self.pending_events.insert(PendingEvents::PHY);
        }
        self.end_running(Procedure::Phy, event.status);
    }

    fn end_running(&mut self, procedure: Procedure, status: Status) {
        if self.take_running(|(running, _)| running == procedure).is_some() {
            self.ended(procedure, status.ok());
        }
    }
}
