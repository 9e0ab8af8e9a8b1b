//! The values of one central.

use std::{cell::Cell, convert::Infallible};

use bindrune::{Connection, Error, Event, Status, WriteRequest};
use tokio::sync::Notify;

use super::{Numbered, SINK, SOURCE, VALUE, command};

/// A central that measures, or may.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    arrived: Cell<u32>,
    sends: Cell<bool>,
    changed: Notify,
}

impl Guest {
    /// Returns whether a write belongs to the bench service.
    pub(crate) fn is_meant(request: &WriteRequest<'_>) -> bool {
        request.is(&SINK)
    }

    /// Handles a write to the bench service.
    pub(crate) async fn handle(
        &self,
        connection: &Connection<'_>,
        request: WriteRequest<'_>,
    ) -> Result<(), Error> {
        let command = match *request.value() {
            [command] => Some(command),
            _ => None,
        };
        request.accept();
        match command {
            None => self.arrived.set(self.arrived.get().wrapping_add(1)),
            Some(command::ECHO) => connection.notify(&SOURCE, &[command::ECHO]).await?,
            Some(command::COUNT) => {
                let [a, b, c, d] = self.arrived.get().to_le_bytes();
                connection.notify(&SOURCE, &[command::COUNT, a, b, c, d]).await?;
            }
            Some(command) => {
                self.sends.set(command == command::START);
                self.changed.notify_one();
            }
        }
        Ok(())
    }

    /// Sends values while the central requests them.
    pub(crate) async fn send(&self, connection: &Connection<'_>) -> Infallible {
        loop {
            while !self.sends.get() {
                self.changed.notified().await;
            }
            match self.stream(connection).await {
                Ok(()) => {}
                // The central has ended its subscription.
                Err(Error::NotSubscribed) => self.sends.set(false),
                Err(error) => {
                    log::info!("bench: {error}");
                    self.sends.set(false);
                }
            }
        }
    }

    async fn stream(&self, connection: &Connection<'_>) -> Result<(), Error> {
        let len = connection.mtu()?.saturating_sub(3).min(VALUE);
        let mut values = Numbered::default();
        while self.sends.get() {
            connection.notify(&SOURCE, &values.next(len)).await?;
        }
        Ok(())
    }
}

/// Serves one central until its link ends, for a device that has the bench service only.
#[expect(clippy::wildcard_enum_match_arm, reason = "other events need no answer")]
pub(crate) async fn attend(mut connection: Connection<'static>) -> Status {
    let guest = Guest::default();
    let sender = connection.clone();
    let serve = async {
        loop {
            match connection.next().await {
                Event::Write(request) if Guest::is_meant(&request) => {
                    if let Err(error) = guest.handle(&sender, request).await {
                        log::info!("bench: {error}");
                    }
                }
                Event::Disconnected(reason) => return reason,
                _ => {}
            }
        }
    };
    tokio::select! {
        reason = serve => reason,
        never = guest.send(&sender) => match never {},
    }
}
