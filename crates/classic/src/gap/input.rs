//! Events of the controller.

use bindrune_hci::{
    Event, LinkType,
    event::classic::{ClassicEvent, ConnectionComplete},
};
use bindrune_wire::{Handle, time::Instant};

use super::Gap;
use crate::found::Answer;

impl Gap {
    /// Handles any event that LE has too. Those of other machines do nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub fn handle_event(&mut self, now: Instant, event: &Event<'_>) {
        match event {
            Event::DisconnectionComplete(event) => _ = self.links.disconnected(event),
            Event::Unknown(raw) => match ClassicEvent::parse_raw(*raw) {
                Ok(Some(event)) => self.handle_classic_event(now, &event),
                Ok(None) => {}
                Err(_) => self.fault(),
            },
            _ => {}
        }
    }

    /// Handles an event that only BR/EDR has. Those of security do nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub fn handle_classic_event(&mut self, now: Instant, event: &ClassicEvent<'_>) {
        if self.controller().is_none() {
            return;
        }
        match event {
            ClassicEvent::InquiryComplete(event) => self.inquirer.complete(event.status),
            ClassicEvent::InquiryResult(results) => {
                results.iter().for_each(|result| self.found(&Answer::of(result)));
            }
            ClassicEvent::InquiryResultWithRssi(results) => {
                results.iter().for_each(|result| self.found(&Answer::with_rssi(result)));
            }
            ClassicEvent::ExtendedInquiryResult(result) => self.found(&Answer::extended(result)),
            ClassicEvent::RemoteNameRequestComplete(event) => self.reader.complete(event),
            ClassicEvent::ConnectionRequest(event) => {
                if !self.acceptor.requested(now, event, &mut self.links) {
                    self.fault();
                }
            }
            ClassicEvent::ConnectionComplete(event) => self.connection(now, event),
            event => {
                if !self.links.handle_event(event) {
                    self.fault();
                }
            }
        }
        self.tidy();
    }

    fn found(&mut self, answer: &Answer<'_>) {
        if !self.inquirer.takes_results() {
            return;
        }
        self.results_reported &= self.devices.has_new();
        if self.devices.add(answer) {
            self.inquirer.count();
        }
    }

    fn connection(&mut self, now: Instant, event: &ConnectionComplete) {
        let address = event.address;
        // Synchronous links are refused: this is their end.
        if event.link_type != LinkType::ACL {
            self.acceptor.complete(address);
            if event.status.is_success()
                && let Some(handle) = Handle::new(event.handle.raw())
            {
                self.fault();
                self.refused.add(handle);
            }
            return;
        }
        if !event.status.is_success() {
            // If both sides make the link at once, each has its own end.
            if !self.connector.complete(now, address, event.status) {
                self.acceptor.complete(address);
            }
            return;
        }
        let Some(handle) = Handle::new(event.handle.raw()) else { return self.fault() };
        let encrypted = event.encrypted != 0;
        let Some(slot) = self.links.up(address, handle, encrypted, self.setup.config()) else {
            self.fault();
            // A link that is up keeps its handle.
            if !self.links.uses(handle) {
                self.refused.add(handle);
            }
            return;
        };
        let accepted = self.acceptor.complete(address);
        if !self.connector.linked(slot, address) && !accepted {
            self.links.discard(slot);
        }
    }
}
