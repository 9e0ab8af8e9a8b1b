//! What the two hosts have to send.

use super::side::Message;
use crate::{Link, Traffic, credits::INDICATION};

/// Bytes of an L2CAP PDU with a Write Response.
const RESPONSE: u16 = 4 + 1;
/// The receiver's host grants credits early to a sender with fewer.
const LOW: u16 = 4;

/// Both hosts, which act at once.
#[derive(Debug)]
pub(crate) struct Host {
    traffic: Traffic,
    pdu: u16,
    /// Credits that the sender has, and those that the receiver has granted and did not get back.
    credits: u16,
    granted: u16,
    /// Whether the sender waits for a response, and whether the receiver has to send it.
    requested: bool,
    responds: bool,
    delivered: u64,
}

impl Host {
    pub(crate) const fn new(link: &Link) -> Self {
        let window = match link.traffic {
            Traffic::Channel { window } => window,
            Traffic::Values | Traffic::Requests => 0,
        };
        Self {
            traffic: link.traffic,
            pdu: link.pdu,
            credits: window,
            granted: window,
            requested: false,
            responds: false,
            delivered: 0,
        }
    }

    /// Returns the number of L2CAP PDUs with data that are delivered; for requests, those with a response.
    pub(crate) const fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(crate) const fn handle(&mut self, message: Message) {
        match (message, self.traffic) {
            (Message::Data, Traffic::Requests) => self.responds = true,
            (Message::Data, _) => {
                self.granted = self.granted.saturating_sub(1);
                self.delivered = self.delivered.saturating_add(1);
            }
            (Message::Credits(credits), _) => self.credits = self.credits.saturating_add(credits),
            (Message::Response, _) => {
                self.requested = false;
                self.delivered = self.delivered.saturating_add(1);
            }
        }
    }

    /// Returns the sender's next L2CAP PDU.
    pub(crate) fn next_data(&mut self) -> Option<(u16, Message)> {
        match self.traffic {
            Traffic::Values => {}
            Traffic::Channel { .. } => self.credits = self.credits.checked_sub(1)?,
            Traffic::Requests if self.requested => return None,
            Traffic::Requests => self.requested = true,
        }
        Some((self.pdu, Message::Data))
    }

    /// Returns the receiver's next L2CAP PDU.
    pub(crate) fn next_answer(&mut self) -> Option<(u16, Message)> {
        match self.traffic {
            Traffic::Values => None,
            Traffic::Channel { window } => {
                let due = self.due(window)?;
                self.granted = self.granted.saturating_add(due);
                Some((INDICATION, Message::Credits(due)))
            }
            Traffic::Requests => {
                let responds = core::mem::take(&mut self.responds);
                responds.then_some((RESPONSE, Message::Response))
            }
        }
    }

    /// Returns the credits that the receiver grants now: the rule of `bindrune-l2cap` for SDUs of one K-frame.
    fn due(&self, window: u16) -> Option<u16> {
        let free = window.saturating_sub(self.granted);
        let half = window.div_ceil(2);
        let three_fifths = u32::from(window).saturating_mul(3) / 5;
        let many = free >= half && u32::from(free) >= three_fifths;
        let low = self.granted < LOW && free > 0;
        ((many || low) && free > 0).then_some(free)
    }
}
