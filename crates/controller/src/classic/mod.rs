//! BR/EDR of the controllers: what a controller keeps, and its timers.
//!
//! - [`commands`] has the commands of BR/EDR, with their table;
//! - [`inquiry`] finds devices, [`page`] connects them and reads their names;
//! - [`link`] is a connection: slots, data, Link Manager procedures and security.

mod acl;
mod commands;
mod config;
mod events;
mod inquiry;
mod link;
mod page;
mod settings;

use std::collections::BTreeMap;

use bindrune_hci::{cmd::baseband::EventMask2, event::EventCode};

use crate::{Air, ControllerId};

pub(crate) use commands::{claims, supported_bits};
pub use config::ClassicConfig;
pub(crate) use link::{ClassicLink, ClassicLinkId, Party};
pub(crate) use settings::Settings;

use inquiry::Inquiry;
use page::{NameRequest, Page, Request};

/// Address of a device, least significant octet first.
pub(crate) type BdAddr = [u8; 6];

/// BR/EDR state of a controller.
#[derive(Debug, Default)]
pub(crate) struct Classic {
    settings: Settings,
    pub(crate) links: BTreeMap<u16, (ClassicLinkId, Party)>,
    /// Number of ACL buffers that hold a packet of the host.
    pub(crate) held: usize,
    /// The second page of the event mask.
    pub(crate) event_mask_2: u64,
    inquiry: Option<Inquiry>,
    /// The pending Create Connection.
    page: Option<Page>,
    name: Option<NameRequest>,
    /// Connection requests that the host has not answered yet.
    requests: BTreeMap<BdAddr, Request>,
    /// The last out-of-band data that the host read: C and R of P-192, C and R of P-256. `None` where the host has
    /// none.
    out_of_band: [Option<[u8; 16]>; 4],
}

impl Classic {
    /// Returns whether the second page of the event mask allows an event. [Vol 4] Part E, 7.3.69
    pub(crate) fn permits(&self, code: EventCode) -> bool {
        code == EventCode::ENCRYPTION_CHANGE_V2
            && EventMask2::from_bits_retain(self.event_mask_2)
                .contains(EventMask2::ENCRYPTION_CHANGE_V2)
    }
}

/// Reason of a deadline of BR/EDR. A number identifies the activity of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ClassicTimer {
    /// A device responds to the inquiry of the first one.
    Respond(ControllerId, u32, ControllerId),
    InquiryEnd(ControllerId, u32),
    /// The page reaches the scan window of its target.
    Page(ControllerId, u32),
    PageTimeout(ControllerId, u32),
    /// The host has not answered a connection request in time.
    Accept(ControllerId, u32),
    /// The link of the pager is set up.
    Connect(ControllerId, u32),
    Name(ControllerId, u32),
    NameTimeout(ControllerId, u32),
    Link(ClassicLinkId),
}

impl Air {
    pub(crate) fn classic_turn(&mut self, timer: ClassicTimer) {
        match timer {
            ClassicTimer::Respond(id, number, from) => self.inquiry_responds(id, number, from),
            ClassicTimer::InquiryEnd(id, number) => self.inquiry_ends(id, number),
            ClassicTimer::Page(id, number) => self.page_arrives(id, number),
            ClassicTimer::PageTimeout(id, number) => self.page_times_out(id, number),
            ClassicTimer::Accept(id, number) => self.accept_times_out(id, number),
            ClassicTimer::Connect(id, number) => self.page_connects(id, number),
            ClassicTimer::Name(id, number) => self.name_arrives(id, number),
            ClassicTimer::NameTimeout(id, number) => self.name_times_out(id, number),
            ClassicTimer::Link(id) => {
                if let Some(link) = self.classic.get_mut(&id) {
                    link.step(&mut self.medium);
                }
                self.remove_closed_classic();
            }
        }
    }

    /// Silences the BR/EDR links of a controller; the other ends detect it by themselves.
    pub(crate) fn cut_classic(&mut self, id: ControllerId) {
        self.abandon_requests(id);
        for (link, party) in self.medium.controllers[id].classic.links.clone().into_values() {
            if let Some(link) = self.classic.get_mut(&link) {
                link.cut(party);
            }
        }
        self.remove_closed_classic();
    }

    pub(crate) fn remove_closed_classic(&mut self) {
        self.classic.retain(|_, link| !link.is_gone());
    }
}
