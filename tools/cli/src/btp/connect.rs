//! Links that the tester asks for: connecting, disconnecting, bonds.

use std::rc::Rc;

use bindrune::{Address, Connect, Error};
use bindrune_btp::{Status, gap::OwnAddress};

use super::{
    gap::{ANY, failed},
    tester::{Task, Tester},
};

impl Tester {
    pub(super) async fn start_connecting(
        self: &Rc<Self>,
        peer: Address,
        own_address: OwnAddress,
    ) -> Result<(), Status> {
        if self.links.link(peer).is_ok() {
            return Err(Status::FAIL);
        }
        let (peers, connect, mode, before) = {
            let mut settings = self.settings.borrow_mut();
            let any = peer == ANY;
            if any && settings.filter.is_empty() {
                return Err(Status::FAIL);
            }
            let peers = if any { settings.filter.clone() } else { Vec::new() };
            let connect = if any { Connect::any() } else { Connect::to(peer) };
            (peers, connect, settings.mode(own_address), settings.connecting.take())
        };
        if let Some((_, task)) = before {
            task.stop().await;
        }
        self.use_address(mode).await?;
        let tester = Rc::clone(self);
        let task = Task::spawn(async move {
            match tester.host.connect_with(&connect, &peers).await {
                Ok(connection) => tester.link_up(connection).await,
                Err(error) => log::warn!("connecting: {error}"),
            }
        });
        self.settings.borrow_mut().connecting = Some((peer, task));
        Ok(())
    }

    /// Closes the link to a peer, or ends the attempt to connect to it.
    pub(super) async fn disconnect(self: &Rc<Self>, peer: Address) -> Result<(), Status> {
        if let Ok(connection) = self.links.find(peer) {
            self.spawn(async move {
                if let Err(error) = connection.disconnect().await {
                    log::debug!("disconnecting: {error}");
                }
            });
            return Ok(());
        }
        let attempt = {
            let mut settings = self.settings.borrow_mut();
            settings.connecting.take_if(|(to, task)| *to == peer && !task.is_over())
        };
        let (_, task) = attempt.ok_or(Status::FAIL)?;
        task.stop().await;
        Ok(())
    }

    /// Removes the bond with a peer, and disconnects it.
    pub(super) async fn unpair(self: &Rc<Self>, peer: Address) -> Result<(), Status> {
        let connection = self.links.find(peer).ok();
        let identity = connection.as_ref().and_then(|link| link.identity()).unwrap_or(peer);
        match self.host.bonds().remove(&identity).await {
            Ok(()) | Err(Error::NotBonded) => {}
            Err(error) => return Err(failed("removing a bond", error)),
        }
        if connection.is_some() { self.disconnect(peer).await } else { Ok(()) }
    }
}
