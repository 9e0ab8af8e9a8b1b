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

/// The keys of one group, as bits: of the host, a link, or a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Those that became ready, of those waited for.
    pub(super) ready: u16,
    /// Those that futures may wait for, and some that no future waits for any longer.
    pub(super) waiting: u16,
}

impl Group {
    pub(crate) const EMPTY: Self = Self { ready: 0, waiting: 0 };

    /// Marks keys; false where nobody waits for any of those that are ready.
    const fn mark(&mut self, bits: u16) -> bool {
        self.ready |= bits & self.waiting;
        self.ready != 0
    }
}

/// Marks of what became ready, kept by the stack. A key that nobody waits for is not marked: who comes later looks first.
#[derive(Debug)]
pub(crate) struct Ready {
    due: Due,
    host: Group,
    /// Groups of links, and of channels, in which something is ready.
    ready_links: u64,
    ready_channels: u64,
    /// A future waits for room on any of several links.
    room_watched: bool,
    links: &'static mut [Group],
    channels: &'static mut [Group],
}

impl Ready {
    pub(crate) const fn new(links: &'static mut [Group], channels: &'static mut [Group]) -> Self {
        Self {
            due: Due::empty(),
            host: Group::EMPTY,
            ready_links: 0,
            ready_channels: 0,
            room_watched: false,
            links,
            channels,
        }
    }

    /// Marks `key`: its futures are woken when the visit ends.
    pub(crate) fn mark(&mut self, key: Key) {
        match key {
            Key::Host(key) => self.host(key),
            Key::Link(index, key) => self.link(index, key),
            Key::Channel(index, key) => self.channel(index, key),
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

    /// Of what `run` has to look at, that which it looks at now.
    pub(crate) const fn take(&mut self, now: Due) -> Due {
        let taken = self.due.intersection(now);
        self.due = self.due.difference(now);
        taken
    }

    pub(crate) const fn host(&mut self, key: HostKey) {
        self.host.mark(Key::Host(key).bit());
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

    /// Has [`HostKey::Room`] marked with the next change of any link.
    pub(crate) const fn watch_room(&mut self) {
        self.room_watched = true;
    }

    const fn room_changed(&mut self) {
        self.room_watched = false;
        self.host(HostKey::Room);
    }

    /// Marks everything that may be waited for on a link.
    pub(crate) fn whole_link(&mut self, index: u8) {
        self.room_changed();
        self.mark_link(index, u16::MAX);
    }

    /// Marks everything that may be waited for on a channel.
    pub(crate) fn whole_channel(&mut self, index: u8) {
        self.mark_channel(index, u16::MAX);
    }

    /// Marks everything that may be waited for on the host, and has `run` look at everything.
    pub(crate) const fn whole_host(&mut self) {
        self.host.mark(u16::MAX);
        self.due = Due::all();
    }

    /// True where something is ready that futures may wait for.
    pub(crate) const fn is_marked(&self) -> bool {
        self.host.ready != 0 || (self.ready_links | self.ready_channels) != 0
    }

    /// Somebody waits for `key`.
    pub(super) fn expect(&mut self, key: Key) {
        if let Some(group) = self.group(key) {
            group.waiting |= key.bit();
        }
    }

    /// A key of a group in which something is ready.
    pub(super) fn first(&self) -> Option<Key> {
        let index = |groups: u64| u8::try_from(groups.trailing_zeros()).unwrap_or(u8::MAX);
        if self.host.ready != 0 {
            Some(Key::Host(HostKey::Controller))
        } else if self.ready_links != 0 {
            Some(Key::Link(index(self.ready_links), LinkKey::Event))
        } else if self.ready_channels != 0 {
            Some(Key::Channel(index(self.ready_channels), ChannelKey::State))
        } else {
            None
        }
    }

    /// What is ready in the group of `key`.
    pub(super) fn ready(&mut self, key: Key) -> u16 {
        self.group(key).map_or(0, |group| group.ready)
    }

    /// Only these keys of the group of `key` are waited for.
    pub(super) fn keep(&mut self, key: Key, waiting: u16) {
        let ready = self.group(key).is_some_and(|group| {
            *group = Group { ready: group.ready & waiting, waiting };
            group.ready != 0
        });
        match key {
            Key::Link(index, _) if !ready => self.ready_links &= !bit(index),
            Key::Channel(index, _) if !ready => self.ready_channels &= !bit(index),
            Key::Host(_) | Key::Link(..) | Key::Channel(..) => {}
        }
    }

    fn group(&mut self, key: Key) -> Option<&mut Group> {
        match key {
            Key::Host(_) => Some(&mut self.host),
            Key::Link(index, _) => self.links.get_mut(usize::from(index)),
            Key::Channel(index, _) => self.channels.get_mut(usize::from(index)),
        }
    }

    fn mark_link(&mut self, index: u8, bits: u16) {
        if self.links.get_mut(usize::from(index)).is_some_and(|group| group.mark(bits)) {
            self.ready_links |= bit(index);
        }
    }

    fn mark_channel(&mut self, index: u8, bits: u16) {
        if self.channels.get_mut(usize::from(index)).is_some_and(|group| group.mark(bits)) {
            self.ready_channels |= bit(index);
        }
    }
}

const fn bit(index: u8) -> u64 {
    1u64.wrapping_shl(index as u32)
}
