//! The connection of a session.

use std::{cell::Cell, rc::Rc};

use bindrune::{Connection, Event as Happened, RemoteCharacteristic};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use super::channel::Open;
use crate::{
    commands::gatt::{Database, is_meant, subscribe::Updates},
    event::{Event, What},
    failure::{Doing as _, Failure},
    output::Output,
    parse::{Attribute, Device},
};

/// A connection, and what runs on it.
pub(super) struct Link {
    pub(super) database: Database,
    device: Device,
    peer: String,
    pub(super) subscriptions: Vec<Subscribed>,
    pub(super) channel: Option<Open>,
    watch: JoinHandle<()>,
    changed: Rc<Cell<bool>>,
}

impl Link {
    pub(super) fn new(
        connection: Connection<'static>,
        device: Device,
        out: Output,
        trouble: mpsc::UnboundedSender<Failure>,
    ) -> Self {
        let peer = connection.peer().map(|peer| format!("{peer:?}")).unwrap_or_default();
        let changed = Rc::new(Cell::new(false));
        let watch = watch(connection.clone(), peer.clone(), out, Rc::clone(&changed));
        let watch = tokio::task::spawn_local(async move {
            if let Err(failure) = watch.await {
                let _ = trouble.send(failure);
            }
        });
        let (subscriptions, channel) = (Vec::new(), None);
        let database = Database::new(connection);
        Self { database, device, peer, subscriptions, channel, watch, changed }
    }

    pub(super) const fn connection(&self) -> &Connection<'static> {
        self.database.connection()
    }

    pub(super) const fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the spelling of the peer, which stays the same.
    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    pub(super) fn is_up(&self) -> bool {
        self.connection().is_connected()
    }

    /// Returns whether the device has changed its table since the last call.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.take()
    }

    /// Closes the link, and waits until its end is reported.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.connection().disconnect().await.doing("disconnecting")?;
        // The watch ends with the link.
        let _ = self.watch.await;
        Ok(())
    }

    /// Closes the link without a report.
    pub(super) async fn leave(self) {
        self.watch.abort();
        // If the link has ended already, there is nothing to close.
        let _ = self.connection().disconnect().await;
    }
}

/// Reports what the peer does without a request.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest follows from the operations")]
async fn watch(
    mut connection: Connection<'static>,
    peer: String,
    out: Output,
    changed: Rc<Cell<bool>>,
) -> Result<(), Failure> {
    let report = |what| out.record(&Event::of(&peer, what));
    loop {
        match connection.next().await {
            Happened::SecurityRequested => report(What::SecurityRequested)?,
            Happened::BondLost => report(What::BondLost)?,
            Happened::ServiceChanged { start, end } => {
                changed.set(true);
                report(What::ServicesChanged { start, end })?;
            }
            Happened::Disconnected(reason) => return report(What::disconnected(reason)),
            _ => {}
        }
    }
}

/// A subscription whose values are printed as they arrive.
pub(super) struct Subscribed {
    of: RemoteCharacteristic<'static>,
    stop: Rc<Notify>,
    task: JoinHandle<Option<Updates>>,
}

impl Subscribed {
    pub(super) fn start(
        mut updates: Updates,
        out: Output,
        trouble: mpsc::UnboundedSender<Failure>,
    ) -> Self {
        let (of, stop) = (updates.of, Rc::new(Notify::new()));
        let stopped = Rc::clone(&stop);
        let task = tokio::task::spawn_local(async move {
            loop {
                tokio::select! {
                    biased;
                    () = stopped.notified() => return Some(updates),
                    next = updates.next(out) => match next {
                        Ok(()) => {}
                        // The watch reports the end of the link.
                        Err(Failure::Reported { .. }) => return None,
                        Err(failure) => {
                            let _ = trouble.send(failure);
                            return None;
                        }
                    },
                }
            }
        });
        Self { of, stop, task }
    }

    pub(super) fn is_of(&self, attribute: Attribute) -> bool {
        is_meant(attribute, &self.of)
    }

    /// Unsubscribes.
    pub(super) async fn end(self) -> Result<(), Failure> {
        self.stop.notify_one();
        let updates = self.task.await.ok().flatten();
        let Some(updates) = updates else { return Ok(()) };
        let doing = format!("unsubscribing from handle {:04x}", self.of.handle());
        updates.subscription.unsubscribe().await.doing(doing)
    }
}
