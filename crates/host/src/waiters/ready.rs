//! Which events are ready.

use super::{ChannelKey, HostKey, Key, LinkKey};
use crate::{
    capability::CHANNELS,
    mask::{Mask, bit},
    stack::ClassicReady,
};

bitflags::bitflags! {
    /// What `run` must do. It is one task with one waker, which is woken if any of these is set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Due: u8 {
        /// A command may be pending for the controller.
        const COMMAND = 1;
        /// A link may have data to send, or may now send the data that it has.
        const DATA = 1 << 1;
        /// The earliest deadline may have changed, or the time was requested.
        const TIME = 1 << 2;
        /// A job of a pairing is pending.
        const JOB = 1 << 3;
        /// A job of the bond store is pending.
        const BOND_JOB = 1 << 4;
    }
}

/// The keys of one group, as bits: of the host, a link, or a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Ready keys that are waited for.
    pub(crate) ready: u16,
    /// Keys that futures may wait for, including some that no future waits for any more.
    pub(super) waiting: u16,
}

impl Group {
    pub(crate) const EMPTY: Self = Self { ready: 0, waiting: 0 };

    /// Marks keys. Returns false if no future waits for the ready ones.
    pub(crate) const fn mark(&mut self, bits: u16) -> bool {
        self.ready |= bits & self.waiting;
        self.ready != 0
    }
}

/// Marks of ready keys, kept by the stack. A key without waiters is not marked: a future that comes later checks first.
#[derive(Debug)]
pub(crate) struct Ready {
    due: Due,
    /// Whether a key of the host, of a link or of a channel is ready. Each visit reads it.
    is_marked: bool,
    host: Group,
    /// Groups of links, and of channels, in which a key is ready.
    ready_links: Mask,
    ready_channels: Mask,
    /// A future waits for room on any of several links.
    room_watched: bool,
    links: &'static mut [Group],
    channels: &'static mut [Group],
    pub(crate) classic: ClassicReady,
}

impl Ready {
    pub(crate) const fn new(links: &'static mut [Group], channels: &'static mut [Group]) -> Self {
        Self {
            due: Due::empty(),
            is_marked: false,
            host: Group::EMPTY,
            ready_links: 0,
            ready_channels: 0,
            room_watched: false,
            links,
            channels,
            classic: ClassicReady::none(),
        }
    }

    /// Marks `key`: its futures are woken when the visit ends.
    pub(crate) fn mark(&mut self, key: Key) {
        match key {
            Key::Host(key) => self.host(key),
            Key::Link(index, key) => self.link(index, key),
            Key::Channel(index, key) => self.channel(index, key),
            Key::Classic(key) => self.classic.mark(key),
        }
    }

    /// Makes `run` do something.
    pub(crate) fn run(&mut self, due: Due) {
        self.due |= due;
    }

    /// Returns what `run` must do.
    pub(crate) const fn due(&self) -> Due {
        self.due
    }

    /// Takes the part of `run`'s work that it does now.
    pub(crate) const fn take(&mut self, now: Due) -> Due {
        let taken = self.due.intersection(now);
        self.due = self.due.difference(now);
        taken
    }

    pub(crate) const fn host(&mut self, key: HostKey) {
        self.mark_host(Key::Host(key).bit());
    }

    pub(crate) fn link(&mut self, index: u8, key: LinkKey) {
        self.mark_link(index, Key::Link(index, key).bit());
        if self.room_watched && matches!(key, LinkKey::Push | LinkKey::Confirmation) {
            self.room_changed();
        }
    }

    pub(crate) fn channel(&mut self, index: u8, key: ChannelKey) {
        self.mark_channel(index, Key::Channel(index, key).bit());
    }

    /// Marks [`HostKey::Room`] at the next change of any link.
    pub(crate) const fn watch_room(&mut self) {
        self.room_watched = true;
    }

    const fn room_changed(&mut self) {
        self.room_watched = false;
        self.host(HostKey::Room);
    }

    /// Marks all keys of a link.
    pub(crate) fn whole_link(&mut self, index: u8) {
        self.room_changed();
        self.mark_link(index, u16::MAX);
    }

    /// Marks all keys of a channel.
    pub(crate) fn whole_channel(&mut self, index: u8) {
        self.mark_channel(index, u16::MAX);
    }

    /// Marks all keys of the host, and makes `run` check everything.
    pub(crate) const fn whole_host(&mut self) {
        self.mark_host(u16::MAX);
        self.due = Due::all();
    }

    /// Returns whether a key is ready that futures may wait for.
    #[inline(always)]
    pub(crate) const fn is_marked(&self) -> bool {
        self.is_marked || self.classic.is_marked()
    }

    /// Records that a future waits for `key`.
    pub(super) fn expect(&mut self, key: Key) {
        if let Some(group) = self.group(key) {
            group.waiting |= key.bit();
        }
    }

    /// Returns a key of a group in which a key is ready.
    pub(super) fn first(&self) -> Option<Key> {
        let index = |groups: Mask| u8::try_from(groups.trailing_zeros()).unwrap_or(u8::MAX);
        if self.host.ready != 0 {
            Some(Key::Host(HostKey::Controller))
        } else if self.ready_links != 0 {
            Some(Key::Link(index(self.ready_links), LinkKey::Event))
        } else if CHANNELS && self.ready_channels != 0 {
            Some(Key::Channel(index(self.ready_channels), ChannelKey::State))
        } else {
            self.classic.first().map(Key::Classic)
        }
    }

    /// Returns the ready keys in the group of `key`.
    pub(super) fn ready(&mut self, key: Key) -> u16 {
        self.group(key).map_or(0, |group| group.ready)
    }

    /// Records that only these keys of the group of `key` are waited for.
    pub(super) fn keep(&mut self, key: Key, waiting: u16) {
        let ready = self.group(key).is_some_and(|group| {
            *group = Group { ready: group.ready & waiting, waiting };
            group.ready != 0
        });
        match key {
            Key::Link(index, _) if !ready => self.ready_links &= !bit(index),
            Key::Channel(index, _) if !ready => self.ready_channels &= !bit(index),
            Key::Classic(key) if !ready => self.classic.settle(key),
            Key::Host(_) | Key::Link(..) | Key::Channel(..) | Key::Classic(_) => {}
        }
        self.is_marked = self.host.ready != 0 || (self.ready_links | self.ready_channels) != 0;
    }

    fn group(&mut self, key: Key) -> Option<&mut Group> {
        match key {
            Key::Host(_) => Some(&mut self.host),
            Key::Link(index, _) => self.links.get_mut(usize::from(index)),
            Key::Channel(index, _) => self.channels.get_mut(usize::from(index)),
            Key::Classic(key) => self.classic.group(key),
        }
    }

    const fn mark_host(&mut self, bits: u16) {
        self.is_marked |= self.host.mark(bits);
    }

    fn mark_link(&mut self, index: u8, bits: u16) {
        if self.links.get_mut(usize::from(index)).is_some_and(|group| group.mark(bits)) {
            self.ready_links |= bit(index);
            self.is_marked = true;
        }
    }

    fn mark_channel(&mut self, index: u8, bits: u16) {
        if self.channels.get_mut(usize::from(index)).is_some_and(|group| group.mark(bits)) {
            self.ready_channels |= bit(index);
            self.is_marked = true;
        }
    }
}
