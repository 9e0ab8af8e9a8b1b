//! What became ready.

use super::{ChannelKey, HostKey, Key, LinkKey};

/// Marks of what became ready, kept by the stack.
#[derive(Debug)]
pub(crate) struct Ready {
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
        Self { host: 0, links: 0, channels: 0, room_watched: false, link_bits, channel_bits }
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

    /// Marks everything that may be waited for on the host, the runner aside.
    pub(crate) const fn whole_host(&mut self) {
        self.host = u16::MAX;
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.host == 0 && self.links == 0 && self.channels == 0
    }
}
