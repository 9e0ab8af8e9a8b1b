//! Events of the controller: links that come up or fail, sets that end, reports.

use bindrune_hci::{Event, Role, Status, event::AdvertisingSetTerminated};
use bindrune_wire::{Handle, time::Instant};

use super::{Gap, LinkUp, event::Connection};
use crate::{
    ControllerInfo, SetId,
    capability::{EXTENDED, OBSERVER, PRIVACY},
};

impl Gap {
    /// Handles any event. Events of links and commands belong to other machines and do nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other events belong to other machines")]
    pub fn handle_event(&mut self, now: Instant, event: &Event<'_>) -> Option<LinkUp> {
        match event {
            Event::LeConnectionComplete(event) => {
                return self.connection(now, &Connection::of(event));
            }
            Event::LeEnhancedConnectionComplete(event) if PRIVACY || EXTENDED => {
                return self.connection(now, &Connection::of_enhanced(event));
            }
            Event::LeAdvertisingSetTerminated(event) if EXTENDED => self.terminated(now, event),
            Event::LeAdvertisingReport(reports) if OBSERVER => {
                reports.iter().for_each(|report| self.scanner.legacy_report(now, &report));
            }
            Event::LeExtendedAdvertisingReport(reports) if OBSERVER => {
                reports.iter().for_each(|report| self.scanner.extended_report(now, &report));
            }
            _ => {}
        }
        None
    }

    fn connection(&mut self, now: Instant, connection: &Connection) -> Option<LinkUp> {
        if !connection.status.is_success() {
            self.no_connection(now, connection);
            return None;
        }
        let Some(handle) = Handle::new(connection.handle.raw()) else {
            self.faults = self.faults.saturating_add(1);
            return None;
        };
        let Some(peer) = connection.peer.get() else {
            self.nameless(handle, connection.role);
            return None;
        };
        let (role, (set, wanted)) = match connection.role {
            Role::CENTRAL => (Role::CENTRAL, (None, self.initiator.linked())),
            Role::PERIPHERAL => (Role::PERIPHERAL, self.advertiser.linked(now, handle)),
            _ => {
                self.faults = self.faults.saturating_add(1);
                (Role::PERIPHERAL, (None, false))
            }
        };
        let parameters = connection.parameters;
        let own =
            connection.own_on_air.or_else(|| self.controller().map(ControllerInfo::own_address));
        let own = own.unwrap_or(ControllerInfo::UNKNOWN.address);
        let peer_on_air = connection.peer_on_air.unwrap_or(peer);
        Some(LinkUp { handle, role, own, peer, peer_on_air, parameters, set, wanted })
    }

    /// Refuses a link to a peer with an unknown address type; the request for a link continues.
    fn nameless(&mut self, handle: Handle, role: Role) {
        self.faults = self.faults.saturating_add(1);
        self.refuse(handle);
        if role == Role::CENTRAL {
            self.initiator.failed(Status::UNSPECIFIED);
        } else {
            self.advertiser.refused(handle);
        }
    }

    /// Handles the end of initiating; with legacy commands also of directed advertising, and of advertising whose link
    /// was not established.
    fn no_connection(&mut self, now: Instant, &Connection { status, role, .. }: &Connection) {
        let legacy = self.controller().is_some_and(|info| !info.is_extended());
        let advertising = status == Status::ADVERTISING_TIMEOUT
            || (status == Status::FAILED_TO_ESTABLISH && role == Role::PERIPHERAL);
        if !advertising {
            self.initiator.failed(status);
        } else if legacy {
            self.advertiser.terminated(now, SetId(0), status, None);
        }
    }

    fn terminated(&mut self, now: Instant, event: &AdvertisingSetTerminated) {
        let handle = Handle::new(event.handle.raw());
        if !self.advertiser.terminated(now, SetId(event.set), event.status, handle) {
            self.faults = self.faults.saturating_add(1);
        }
    }
}
