//! The SDP server: answers on channels of its PSM. [Vol 3] Part B

use bindrune_l2cap::classic::ChannelConfig;
use bindrune_sdp::{Record, Service, handle_request};
use bindrune_wire::Uuid;

use super::{State, channel::Of};
use crate::{Error, stack::Stack};

/// Number of UUIDs of services that inquiries report.
const ADVERTISED: usize = 16;

impl State {
    pub(super) fn sdp_config(&self) -> ChannelConfig {
        ChannelConfig::BASIC
    }
}

impl Stack {
    /// Answers the requests on a channel of the SDP server, if it is one. [Vol 3] Part B, 4
    ///
    /// A request waits while there is no room for its answer.
    pub(super) fn serve_sdp(&mut self, channel: usize) {
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.user(channel).filter(|user| user.of == Of::Sdp).map(|u| u.link)
        else {
            return;
        };
        loop {
            let State { channels, registry, response, .. } = state;
            let Some(mtu) =
                channels.get(channel).filter(|c| c.is_open()).map(|c| c.transfer().longest())
            else {
                break;
            };
            let Some(request) = channels.received(channel) else { break };
            let answer = handle_request(&registry.database(), request, mtu.into(), response);
            if let Some(answer) = answer.and_then(|len| response.get(..len))
                && channels.send(channel, answer).is_err()
            {
                break;
            }
            channels.consume(channel);
        }
        self.classic_pending(link.index);
    }

    /// Registers a service. Returns its handle. [Vol 3] Part B, 2.2
    pub(crate) fn register_service(&mut self, service: &Service<'_>) -> Result<u32, Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let handle = state.registry.add(service).map_err(|_| Error::NoServiceRoom)?;
        self.advertise_services();
        Ok(handle)
    }

    /// Removes a service. [Vol 3] Part B, 2.2
    pub(crate) fn remove_service(&mut self, handle: u32) {
        if let Some(state) = self.classic.get() {
            state.registry.remove(handle);
        }
        self.advertise_services();
    }

    /// Puts the classes of all services into the response to inquiries. [Vol 3] Part C, 8
    fn advertise_services(&mut self) {
        let Some(state) = self.classic.get() else { return };
        let mut uuids = [Uuid::new_16(0); ADVERTISED];
        let mut len = 0usize;
        let database = state.registry.database();
        let classes = database.records().flat_map(|record: Record<'_>| record.classes());
        for (place, uuid) in uuids.iter_mut().zip(classes) {
            *place = uuid;
            len = len.saturating_add(1);
        }
        state.gap.set_services(uuids.get(..len).unwrap_or_default());
        self.classic_visibility();
    }
}
