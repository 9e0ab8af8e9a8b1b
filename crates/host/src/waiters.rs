//! Which futures wait for what, and in which order they came.
//!
//! The stack marks a [`Key`] as ready. The shell takes the wakers of ready keys out under the lock and wakes them
//! outside it. A woken task no longer has a place: its futures check again, and those that must wait take a new place.
//!
//! Wakers and order are separate: a [`Place`](places::Place) belongs to a task, and keys that are served in order have
//! a [`Line`].

mod line;
mod next;
mod places;
mod ready;
#[cfg(test)]
mod tests;

use core::task::Waker;

use crate::{
    capability::{CENTRAL, CLIENT, COMMANDS, SECURITY, SERVER},
    stack::{ClassicKey, ClassicWaiters},
};
use line::{Line, Order};
use next::Next;
pub(crate) use places::Displaced;
pub(crate) use places::View;
use places::{Places, Seat};
pub(crate) use ready::{Due, Group, Ready};

/// What a future can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// An event of the whole host.
    Host(HostKey),
    /// An event of the link in this slot.
    Link(u8, LinkKey),
    /// An event of the channel in this slot.
    Channel(u8, ChannelKey),
    /// An event of BR/EDR.
    Classic(ClassicKey),
}

/// Events of the whole host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum HostKey {
    /// The controller became ready, or was lost.
    Controller,
    /// The application's HCI command: its turn, or its answer.
    Command,
    /// The controller's cryptography: its turn, or its answer.
    Worker,
    /// An advertising set ended, or its link came up.
    Advertise,
    /// The connection attempt ended.
    Connect,
    /// An advertising report arrived.
    Scan,
    /// A channel waits at a listener.
    Accept,
    /// A pairing asks the user, or the question is over.
    Pairing,
    /// Bonds were loaded, stored or removed, or out-of-band data was created.
    Bonds,
    /// Room for a push on some link, if that is watched.
    Room,
    /// The time limit of a wait begins or is over.
    Limit,
    /// A write was captured.
    Written,
}

/// Events of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LinkKey {
    /// An event for `Connection::next`.
    Event,
    /// The turn to use the ATT client.
    Turn,
    /// The answer to the ATT request.
    Response,
    /// Room for a notification or command of the application. Futures take turns.
    Push,
    /// The confirmation of an indication.
    Confirmation,
    /// A notification or indication of the peer.
    Subscription,
    /// The answer of a link procedure: parameters, PHY, data length, RSSI.
    Control,
    /// The end of the link.
    Closed,
    /// A PDU on the application's own fixed channel, or room to send one.
    Fixed,
    /// A pairing or the start of encryption ended.
    Security,
    /// Room for a request. It has the bit of [`Self::Push`].
    Request = Self::Push as u8 | (BITS + 1),
}

/// Bits of a [`LinkKey`] that number its bit.
const BITS: u8 = 15;

/// Events of one credit-based channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ChannelKey {
    /// The channel opened, was refused or closed.
    State,
    /// An SDU or a part of one can be read.
    Receive,
    /// A frame can be sent.
    Send,
    /// All queued data was passed to the controller.
    Flush,
}

impl Key {
    const fn bit(self) -> u16 {
        1 << match self {
            Self::Host(key) => key as u8,
            Self::Link(_, key) => key as u8 & BITS,
            Self::Channel(_, key) => key as u8,
            Self::Classic(key) => key.bit(),
        }
    }

    /// Futures that wait for it are served in the order in which they came.
    const fn is_served_in_order(self) -> bool {
        match self {
            Self::Host(HostKey::Command) => COMMAND_LINES != 0,
            Self::Host(HostKey::Worker) => WORKER_LINES != 0,
            Self::Host(HostKey::Connect) => CONNECT_LINES != 0,
            Self::Link(_, LinkKey::Turn) => TURN_LINES != 0,
            Self::Link(_, LinkKey::Confirmation) => CONFIRMATION_LINES != 0,
            Self::Link(_, LinkKey::Push) => PUSH_TURNS != 0,
            Self::Host(_) | Self::Link(..) | Self::Channel(..) | Self::Classic(_) => false,
        }
    }
}

/// Number of tasks that can wait for the host, and for a link, without displacing another.
const HOST_PLACES: usize = if cfg!(feature = "std") { 16 } else { 8 };
const LINK_PLACES: usize = if cfg!(feature = "std") { 12 } else { 5 };

/// The lines of each key: none without its capability. Tests have all.
const COMMAND_LINES: usize = (COMMANDS || cfg!(test)) as usize;
const WORKER_LINES: usize = (SECURITY || cfg!(test)) as usize;
const CONNECT_LINES: usize = (CENTRAL || cfg!(test)) as usize;
const TURN_LINES: usize = (CLIENT || cfg!(test)) as usize;
const CONFIRMATION_LINES: usize = (SERVER || cfg!(test)) as usize;
/// Futures take turns to notify or write commands if there are any.
const PUSH_TURNS: usize = (CLIENT || SERVER || cfg!(test)) as usize;

/// Waiters of the whole host.
#[derive(Debug)]
pub(crate) struct HostWaiters {
    places: Places<HOST_PLACES>,
    command: [Line; COMMAND_LINES],
    worker: [Line; WORKER_LINES],
    connect: [Line; CONNECT_LINES],
}

/// Waiters of one link.
#[derive(Debug)]
pub(crate) struct LinkWaiters {
    places: Places<LINK_PLACES>,
    turn: [Line; TURN_LINES],
    confirmation: [Line; CONFIRMATION_LINES],
    push: [Next; PUSH_TURNS],
}

/// Waiters of one channel.
#[derive(Debug)]
pub(crate) struct ChannelWaiters {
    places: Places<3>,
}

impl HostWaiters {
    pub(crate) const EMPTY: Self = Self {
        places: Places::FREE,
        command: [const { Line::EMPTY }; _],
        worker: [const { Line::EMPTY }; _],
        connect: [const { Line::EMPTY }; _],
    };
}

impl LinkWaiters {
    pub(crate) const EMPTY: Self = Self {
        places: Places::FREE,
        turn: [const { Line::EMPTY }; _],
        confirmation: [const { Line::EMPTY }; _],
        push: [const { Next::EMPTY }; _],
    };
}

impl ChannelWaiters {
    pub(crate) const EMPTY: Self = Self { places: Places::FREE };

    pub(crate) fn view(&mut self) -> View<'_> {
        self.places.view()
    }
}

/// The waiting futures, and which of them is served next.
#[derive(Debug)]
pub(crate) struct Waiters {
    host: &'static mut HostWaiters,
    links: &'static mut [LinkWaiters],
    channels: &'static mut [ChannelWaiters],
    pub(crate) classic: ClassicWaiters,
    last_ticket: u32,
    last_id: u32,
}

/// State of a future while it waits.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    order: Option<Order>,
    seat: Option<Seat>,
}

impl Wait {
    pub(crate) const fn is_waiting(&self) -> bool {
        self.order.is_some() || self.seat.is_some()
    }
}

impl Waiters {
    pub(crate) const fn new(
        host: &'static mut HostWaiters,
        links: &'static mut [LinkWaiters],
        channels: &'static mut [ChannelWaiters],
    ) -> Self {
        let classic = ClassicWaiters::none();
        Self { host, links, channels, classic, last_ticket: 0, last_id: 0 }
    }

    /// Removes all waiters, when no future can be left.
    pub(crate) fn reset(&mut self) {
        *self.host = HostWaiters::EMPTY;
        self.links.fill_with(|| LinkWaiters::EMPTY);
        self.channels.fill_with(|| ChannelWaiters::EMPTY);
        self.classic.reset();
    }

    /// Returns whether no future waits in the line of `key`.
    pub(crate) fn is_idle(&mut self, key: Key) -> bool {
        self.line(key).is_none_or(|line| line.is_first(None))
    }

    /// Returns whether no other future has waited for `key` longer. The future is being polled, which answers a call of
    /// its line; if that settles which future is first, `key` is marked.
    #[inline]
    pub(crate) fn is_first(&mut self, key: Key, wait: &mut Wait, ready: &mut Ready) -> bool {
        !key.is_served_in_order() || self.is_first_in_line(key, wait, ready)
    }

    #[inline(never)]
    fn is_first_in_line(&mut self, key: Key, wait: &mut Wait, ready: &mut Ready) -> bool {
        if let Some(next) = self.next(key) {
            return next.is_first(wait.order.as_ref());
        }
        let Some(line) = self.line(key) else { return true };
        if let Some(order) = &mut wait.order
            && line.answer(order)
        {
            ready.mark(key);
        }
        line.is_first(wait.order.as_ref())
    }

    /// Holds back the future that is being polled for `key`, because another one goes next. It is polled again soon.
    pub(crate) fn hold_back(&mut self, key: Key) {
        if let Some(next) = self.next(key) {
            next.hold_back();
        }
    }

    /// Registers the waker of a future that must wait. The caller wakes or drops the returned value outside the lock.
    pub(crate) fn wait(
        &mut self,
        key: Key,
        wait: &mut Wait,
        waker: &Waker,
        ready: &mut Ready,
    ) -> Displaced {
        ready.expect(key);
        // An empty entry of a list is 0.
        let ticket = self.last_ticket.wrapping_add(1).max(1);
        if wait.order.is_none()
            && let Some(line) = self.line(key)
        {
            wait.order = Some(line.join(ticket));
            self.last_ticket = ticket;
        }
        let mut again = false;
        if let Some(next) = self.next(key) {
            let order = wait.order.get_or_insert_with(|| Order::new(ticket));
            again = next.wait(order.ticket());
            self.last_ticket = ticket;
        }
        if again {
            ready.mark(key);
        }
        let (places, id) = self.places(key);
        match places {
            Some(mut places) => places.wait(key.bit(), &mut wait.seat, waker, id),
            None => Displaced::None,
        }
    }

    /// Ends the wait of a future. The caller drops the returned value outside the lock.
    #[inline]
    pub(crate) fn leave(&mut self, key: Key, wait: &mut Wait, ready: &mut Ready) -> Option<Waker> {
        if wait.is_waiting() { self.give_up(key, wait, ready) } else { None }
    }

    #[inline(never)]
    fn give_up(&mut self, key: Key, wait: &mut Wait, ready: &mut Ready) -> Option<Waker> {
        if let Some(order) = wait.order.take() {
            if let Some(next) = self.next(key) {
                next.leave(&order);
            } else if let Some(line) = self.line(key) {
                line.leave(&order);
                ready.mark(key);
            }
        }
        let seat = wait.seat.take()?;
        self.places(key).0?.leave(seat)
    }

    /// Takes the waker of one task that something is ready for.
    pub(crate) fn take_ready(&mut self, ready: &mut Ready) -> Option<Waker> {
        while let Some(key) = ready.first() {
            let bits = ready.ready(key);
            let (waker, waiting) =
                self.places(key).0.map_or((None, 0), |mut places| places.take(bits));
            ready.keep(key, waiting);
            if waker.is_some() {
                return waker;
            }
        }
        None
    }

    /// Returns the line of a key that is served in order; `None` for a key that serves any future.
    fn line(&mut self, key: Key) -> Option<&mut Line> {
        match key {
            Key::Host(HostKey::Command) => self.host.command.first_mut(),
            Key::Host(HostKey::Worker) => self.host.worker.first_mut(),
            Key::Host(HostKey::Connect) => self.host.connect.first_mut(),
            Key::Link(index, LinkKey::Turn) => {
                self.links.get_mut(usize::from(index)).and_then(|link| link.turn.first_mut())
            }
            Key::Link(index, LinkKey::Confirmation) => self
                .links
                .get_mut(usize::from(index))
                .and_then(|link| link.confirmation.first_mut()),
            Key::Host(_) | Key::Link(..) | Key::Channel(..) | Key::Classic(_) => None,
        }
    }

    /// Returns which future of a key goes next, if futures take turns without a line.
    fn next(&mut self, key: Key) -> Option<&mut Next> {
        let Key::Link(index, LinkKey::Push) = key else { return None };
        self.links.get_mut(usize::from(index)).and_then(|link| link.push.first_mut())
    }

    fn places(&mut self, key: Key) -> (Option<View<'_>>, &mut u32) {
        let places = match key {
            Key::Host(_) => Some(self.host.places.view()),
            Key::Link(index, _) => {
                self.links.get_mut(usize::from(index)).map(|link| link.places.view())
            }
            Key::Channel(index, _) => {
                self.channels.get_mut(usize::from(index)).map(|channel| channel.places.view())
            }
            Key::Classic(key) => self.classic.view(key),
        };
        (places, &mut self.last_id)
    }
}
