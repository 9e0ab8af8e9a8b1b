//! The link that is measured.

use std::time::Duration;

use bindrune::{Connection, Error, Host, Level, Phy, RemoteCharacteristic, Role, Uuid};
use bindrune_bound::{End, Link, Traffic};

use super::count::times;
use crate::{
    bench::{BENCH, Facts},
    commands::l2cap::step,
    failure::{Doing as _, Failure},
};

/// What all measurements need.
pub(super) struct Lab<'a> {
    pub(super) host: &'static Host,
    pub(super) connection: &'a Connection<'static>,
    /// Bits per second of our own serial line, if we have one.
    pub(super) baud: Option<u32>,
    /// Time for the device to answer.
    pub(super) patience: Duration,
    /// Time to measure each path.
    pub(super) seconds: f64,
}

/// Connection intervals without a change, after which a link counts as settled, and how often that is awaited.
const QUIET: u64 = 10;
const ROUNDS: u32 = 10;

impl Lab<'_> {
    /// Waits until the link has its MTU, its PHY and its data lengths.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        let now = || {
            let link = self.connection;
            Ok::<_, Error>((link.parameters()?, link.phy()?, link.data_length()?, link.mtu()?))
        };
        let mut before = now().doing("reading the link")?;
        for _ in 0..ROUNDS {
            self.host.sleep(times(self.interval()?, QUIET)).await;
            let after = now().doing("reading the link")?;
            if after == before {
                return Ok(());
            }
            before = after;
        }
        Ok(())
    }

    /// Returns the connection interval.
    pub(super) fn interval(&self) -> Result<embassy_time::Duration, Failure> {
        let parameters = self.connection.parameters().doing("reading the link")?;
        Ok(parameters.connection_interval())
    }

    /// Returns a characteristic of the bench service.
    pub(super) async fn find(&self, uuid: Uuid) -> Result<RemoteCharacteristic<'static>, Error> {
        self.connection.service(BENCH).await?.characteristic(uuid).await
    }

    /// Runs an operation of the device, with the time limit of the command line.
    pub(super) async fn step<T>(
        &self,
        doing: &str,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        step(self.host, self.patience, doing, operation).await
    }

    /// Returns the link as the bound needs it.
    pub(super) async fn link(
        &self,
        facts: &Facts,
        sends: bool,
        traffic: Traffic,
        payload: usize,
        headers: usize,
    ) -> Result<Link, Error> {
        let info = self.host.controller().await?;
        let (phys, lengths) = (self.connection.phy()?, self.connection.data_length()?);
        let ours = End { bytes: info.acl_len, buffers: info.acl_count, baud: self.baud };
        let theirs = End {
            bytes: facts.acl_len,
            buffers: facts.acl_count,
            baud: (facts.baud > 0).then_some(facts.baud),
        };
        let (sender, receiver) = if sends { (ours, theirs) } else { (theirs, ours) };
        let (phy, data_length) =
            if sends { (phys.tx, lengths.tx_octets) } else { (phys.rx, lengths.rx_octets) };
        let small = |len: usize| u16::try_from(len).unwrap_or(u16::MAX);
        Ok(Link {
            traffic,
            by_central: (self.connection.role()? == Role::CENTRAL) == sends,
            two_mbit: phy == Phy::LE_2M,
            encrypted: self.connection.security()?.level > Level::Open,
            interval: self.connection.parameters()?.interval,
            data_length,
            pdu: small(payload.saturating_add(headers)),
            payload: small(payload),
            sender,
            receiver,
        })
    }
}
