//! The application's handles of BR/EDR.

use std::{cell::RefCell, rc::Rc};

use bindrune::{Advertised, ClassicChannel, ClassicConnection, Rfcomm};

use super::{SECRET, signs::Count};
use crate::fuzz::{app::keep, reach::reached};

/// The handles.
#[derive(Debug, Default)]
pub(crate) struct App<'h> {
    pub(super) links: RefCell<Vec<ClassicConnection<'h>>>,
    pub(super) channels: RefCell<Vec<Held<'h>>>,
    pub(super) streams: RefCell<Vec<Stream<'h>>>,
    pub(super) records: RefCell<Vec<Advertised<'h>>>,
    /// Each channel and connection has a clone, also while a task uses it.
    alive: Rc<()>,
}

/// A channel, and what it sends.
#[derive(Debug)]
pub(super) struct Held<'h> {
    pub(super) channel: ClassicChannel<'h>,
    pub(super) stream: u16,
    _alive: Rc<()>,
}

/// A serial connection, and its bytes.
#[derive(Debug)]
pub(super) struct Stream<'h> {
    pub(super) port: Rfcomm<'h>,
    pub(super) sent: Count,
    pub(super) received: Count,
    _alive: Rc<()>,
}

impl<'h> App<'h> {
    pub(super) fn keep_channel(&self, channel: ClassicChannel<'h>) {
        reached("a channel of BR/EDR for the application");
        let stream = crate::fuzz::numbered::stream();
        keep(&self.channels, Held { channel, stream, _alive: self.alive.clone() });
    }

    pub(super) fn keep_stream(&self, port: Rfcomm<'h>) {
        reached("a connection of RFCOMM");
        let (sent, received) = (Count::default(), Count::default());
        keep(&self.streams, Stream { port, sent, received, _alive: self.alive.clone() });
    }

    /// Returns whether neither the application nor its tasks hold a channel or a connection.
    pub(crate) fn is_empty(&self) -> bool {
        Rc::strong_count(&self.alive) == 1
    }

    pub(crate) fn clear(&self) {
        drop(self.channels.take());
        drop(self.streams.take());
        drop(self.records.take());
        drop(self.links.take());
    }
}

impl Held<'_> {
    /// Returns whether the channel is only for encrypted links.
    pub(super) fn is_secret(&self) -> bool {
        self.channel.psm() == SECRET
    }
}
