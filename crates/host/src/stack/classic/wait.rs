//! What futures of BR/EDR wait for: events of all of BR/EDR, of a channel, of an RFCOMM connection.

use super::LinkRef;
use crate::waiters::{ChannelKey, ChannelWaiters, Group, View};

/// What a future of BR/EDR waits for: an event of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// 0 for all of BR/EDR; then one for each channel, and one for each RFCOMM connection.
    group: u8,
    bit: u8,
}

/// Events of all of BR/EDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Event {
    /// BR/EDR became ready, or was lost.
    Ready,
    /// A device was found, or the inquiry ended.
    Inquiry,
    /// A name arrived, or the request for it ended.
    Name,
    /// A link came up, ended, or failed to.
    Link,
    /// The security of a link changed, or a request for it ended.
    Security,
    /// A channel waits at a listener.
    Accept,
    /// A session of RFCOMM began or ended, or the slot of a connection became free.
    Session,
    /// A setting was written to the controller, or refused.
    Setting,
}

impl Key {
    pub(crate) const fn of(event: Event) -> Self {
        Self { group: 0, bit: event as u8 }
    }

    /// Returns the key of an event of a channel, or of an RFCOMM connection behind the channels.
    pub(crate) const fn channel(index: u8, event: ChannelKey) -> Self {
        Self { group: index.saturating_add(1), bit: event as u8 }
    }

    /// Returns the key of a pairing.
    pub(crate) const fn pairing(_: LinkRef) -> crate::waiters::Key {
        crate::waiters::Key::Classic(Self::of(Event::Security))
    }

    pub(crate) const fn bit(self) -> u8 {
        self.bit
    }
}

/// Which events are ready.
#[derive(Debug)]
pub(crate) struct Ready {
    all: Option<&'static mut Group>,
    channels: &'static mut [Group],
    streams: &'static mut [Group],
    /// Groups in which a key is ready.
    marked: u64,
}

impl Ready {
    pub(crate) const fn none() -> Self {
        Self { all: None, channels: &mut [], streams: &mut [], marked: 0 }
    }

    /// Creates it over a group for all of BR/EDR, one for each channel, and one for each RFCOMM connection.
    pub(crate) const fn new(
        all: &'static mut Group,
        channels: &'static mut [Group],
        streams: &'static mut [Group],
    ) -> Self {
        Self { all: Some(all), channels, streams, marked: 0 }
    }

    pub(crate) fn mark(&mut self, key: Key) {
        self.mark_bits(key.group, 1u16.wrapping_shl(key.bit.into()));
    }

    /// Marks every key of a channel or of an RFCOMM connection.
    pub(crate) fn whole_channel(&mut self, index: u8) {
        self.mark_bits(index.saturating_add(1), u16::MAX);
    }

    /// Marks every key.
    pub(crate) fn all(&mut self) {
        let groups = self.channels.len().saturating_add(self.streams.len());
        for group in 0..=u8::try_from(groups).unwrap_or(u8::MAX) {
            self.mark_bits(group, u16::MAX);
        }
    }

    fn mark_bits(&mut self, index: u8, bits: u16) {
        if self.group(Key { group: index, bit: 0 }).is_some_and(|group| group.mark(bits)) {
            self.marked |= 1u64.wrapping_shl(index.into());
        }
    }

    pub(crate) const fn is_marked(&self) -> bool {
        self.marked != 0
    }

    /// Returns a key of a group in which a key is ready.
    pub(crate) fn first(&self) -> Option<Key> {
        let group = u8::try_from(self.marked.trailing_zeros()).unwrap_or(u8::MAX);
        self.is_marked().then_some(Key { group, bit: 0 })
    }

    /// Records that no key of a group is ready any more.
    pub(crate) fn settle(&mut self, key: Key) {
        self.marked &= !1u64.wrapping_shl(key.group.into());
    }

    pub(crate) fn group(&mut self, key: Key) -> Option<&mut Group> {
        match key.group.checked_sub(1) {
            Some(index) => place(self.channels, self.streams, index),
            None => self.all.as_deref_mut(),
        }
    }
}

/// Returns the place of a channel, or of an RFCOMM connection behind the channels.
fn place<'p, T>(channels: &'p mut [T], streams: &'p mut [T], index: u8) -> Option<&'p mut T> {
    let index = usize::from(index);
    match index.checked_sub(channels.len()) {
        Some(stream) => streams.get_mut(stream),
        None => channels.get_mut(index),
    }
}

/// The waiting futures.
#[derive(Debug)]
pub(crate) struct Waiters {
    all: Option<&'static mut ChannelWaiters>,
    channels: &'static mut [ChannelWaiters],
    streams: &'static mut [ChannelWaiters],
}

impl Waiters {
    pub(crate) const fn none() -> Self {
        Self { all: None, channels: &mut [], streams: &mut [] }
    }

    /// Creates it over a group for all of BR/EDR, one for each channel, and one for each RFCOMM connection.
    pub(crate) const fn new(
        all: &'static mut ChannelWaiters,
        channels: &'static mut [ChannelWaiters],
        streams: &'static mut [ChannelWaiters],
    ) -> Self {
        Self { all: Some(all), channels, streams }
    }

    pub(crate) fn reset(&mut self) {
        self.channels.fill_with(|| ChannelWaiters::EMPTY);
        self.streams.fill_with(|| ChannelWaiters::EMPTY);
        if let Some(all) = &mut self.all {
            **all = ChannelWaiters::EMPTY;
        }
    }

    pub(crate) fn view(&mut self, key: Key) -> Option<View<'_>> {
        let group = match key.group.checked_sub(1) {
            Some(index) => place(self.channels, self.streams, index),
            None => self.all.as_deref_mut(),
        };
        group.map(ChannelWaiters::view)
    }
}
