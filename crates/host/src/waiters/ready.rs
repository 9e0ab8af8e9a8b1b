//! What became ready.

use super::{ChannelKey, HostKey, Key, LinkKey};

bitflags::bitflags! {
    /// What `run` has to look at. It is one task with one waker, which is woken where any of these is set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Due: u8 {
        /// A command may be pending for the controller.
        const COMMAND = 1;
        /// A link may have data to send, or may send what it has.
        const DATA = 1 << 1;
        /// The earliest deadline may have changed, or something asks for the time.
        const TIME = 1 << 2;
        /// The slow work of a pairing is to be done.
        const JOB = 1 << 3;
        /// The store of bonds has something to do.
        const BOND_JOB = 1 << 4;
    }
}

/// Marks of what became ready, kept by the stack.
#[derive(Debug)]
pub(crate) struct Ready {
    due: Due,
    pub(super) host: u16,
    pub(super) links: u64,
    pub(super) channels: u64,
    /// A future waits for room on any of several links.
    room_watched: bool,
    pub(super) link_bits: &'static mut [u16],
    pub(super) channel_bits: &'static mut [u16],
}

impl Ready {
    pub(crate) const fn new(
        link_bits: &'static mut [u16],
        channel_bits: &'static mut [u16],
    ) -> Self {
        Self {
            due: Due::empty(),
            host: 0,
            links: 0,
            channels: 0,
            room_watched: false,
            link_bits,
            channel_bits,
        }
    }

    /// Marks `key`: its futures are woken when the visit ends.
    pub(crate) fn mark(&mut self, key: Key) {
        match key {
            Key::Host(_) => self.host |= key.bit(),
            Key::Link(index, _) => {
                if let Some(bits) = self.link_bits.get_mut(usize::from(index)) {
                    *bits |= key.bit();
                    self.links |= 1u64.wrapping_shl(index.into());
                }
                if self.room_watched
                    && matches!(key, Key::Link(_, LinkKey::Push | LinkKey::Confirmation))
                {
                    self.room_changed();
                }
            }
            Key::Channel(index, _) => {
                if let Some(bits) = self.channel_bits.get_mut(usize::from(index)) {
                    *bits |= key.bit();
                    self.channels |= 1u64.wrapping_shl(index.into());
                }
            }
        }
    }

    /// Has `run` look at something.
    pub(crate) fn run(&mut self, due: Due) {
        self.due |= due;
    }

    /// What `run` has to look at.
    pub(crate) const fn due(&self) -> Due {
        self.due
    }

    /// What `run` has to look at, which it does now.
    pub(crate) const fn take_due(&mut self) -> Due {
        core::mem::replace(&mut self.due, Due::empty())
    }

    pub(crate) fn host(&mut self, key: HostKey) {
        self.mark(Key::Host(key));
    }

    pub(crate) fn link(&mut self, index: u8, key: LinkKey) {
        self.mark(Key::Link(index, key));
    }

    pub(crate) fn channel(&mut self, index: u8, key: ChannelKey) {
        self.mark(Key::Channel(index, key));
    }

    /// Has [`HostKey::Room`] marked with the next change of any link.
    pub(crate) const fn watch_room(&mut self) {
        self.room_watched = true;
    }

    const fn room_changed(&mut self) {
        self.room_watched = false;
        self.host |= Key::Host(HostKey::Room).bit();
    }

    /// Marks everything that may be waited for on a link.
    pub(crate) fn whole_link(&mut self, index: u8) {
        self.room_changed();
        if let Some(bits) = self.link_bits.get_mut(usize::from(index)) {
            *bits = u16::MAX;
            self.links |= 1u64.wrapping_shl(index.into());
        }
    }

    /// Marks everything that may be waited for on a channel.
    pub(crate) fn whole_channel(&mut self, index: u8) {
        if let Some(bits) = self.channel_bits.get_mut(usize::from(index)) {
            *bits = u16::MAX;
            self.channels |= 1u64.wrapping_shl(index.into());
        }
    }

    /// Marks everything that may be waited for on the host, and has `run` look at everything.
    pub(crate) const fn whole_host(&mut self) {
        self.host = u16::MAX;
        self.due = Due::all();
    }

    /// True where something is marked that futures may wait for.
    pub(crate) const fn is_marked(&self) -> bool {
        self.host != 0 || self.links != 0 || self.channels != 0
    }
}
