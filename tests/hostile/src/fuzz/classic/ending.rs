//! The end of a life with BR/EDR: nothing is left, and a new link is served.

use embassy_time::Duration;

use super::{PEERS, radio::SLOTS};
use crate::fuzz::{reach::reached, world::World};

impl World<'_> {
    /// Checks that a peer without a link gets a channel, even if another one has taken many.
    pub(crate) fn classic_has_room(&mut self) {
        let up = self.controller().radio.links.iter().flatten().count();
        let own = !self.app.classic.is_empty();
        if !self.classic_must_serve() || up != 1 || own {
            return;
        }
        let free = (0..PEERS).find(|&peer| self.controller().radio.slot_of(peer).is_none());
        if self.classic_serves(free.unwrap_or_default()) {
            reached("a channel beside those of another peer");
        }
    }

    /// Returns whether BR/EDR must work: a command of it without an answer ends it until the next `run`.
    fn classic_must_serve(&self) -> bool {
        let controller = self.controller();
        controller.setup.classic && self.honest && !controller.silent
    }

    /// Ends all links of BR/EDR.
    pub(crate) fn classic_links_end(&mut self) {
        for slot in 0..SLOTS {
            self.controller().classic_end(slot, 0x08);
        }
        let mut controller = self.controller();
        controller.radio.requests.clear();
    }

    /// Checks that a new link of BR/EDR is served.
    pub(crate) fn classic_is_usable(&mut self) {
        if !self.classic_must_serve() {
            return;
        }
        _ = self.host.classic().set_connectable(true);
        self.pass(Duration::from_secs(40));
        assert!(self.classic_serves(0), "no channel of SDP");
        self.classic_links_end();
        self.line.borrow_mut().flush();
        self.pass(Duration::from_secs(5));
        assert_eq!((self.host.links(), self.host.channels()), (0, 0), "BR/EDR is left");
        reached("a life with BR/EDR");
    }

    /// Lets a peer connect and open a channel of SDP. Returns false if the host is not connectable.
    fn classic_serves(&mut self, peer: u8) -> bool {
        self.controller().classic_connects(peer, 0);
        self.line.borrow_mut().flush();
        self.pass(Duration::from_secs(1));
        let Some(slot) = self.controller().radio.slot_of(peer) else { return false };
        // Buffers for data of links that never came up are not returned.
        if !self.controller().may_send() {
            return true;
        }
        let place = {
            let controller = self.controller();
            (0..=u8::MAX).find(|&which| controller.radio.any(which) == Some(slot)).unwrap_or(0)
        };
        // A channel of SDP.
        self.controller().classic_step(super::Step::Opens(place, 2));
        self.line.borrow_mut().flush();
        self.pass(Duration::from_secs(2));
        let controller = self.controller();
        let link = controller.radio.links[slot].as_ref();
        let open =
            link.is_some_and(|l| l.peer.users.iter().any(|user| user.is_open && user.psm == 1));
        assert!(open, "no channel of SDP for peer {peer}");
        true
    }
}
