//! Two Bumble hosts that talk to each other.

use crate::{Air, Central, Peripheral, Scratch, check_capture};
use anyhow::Result;
use serde_json::{Value, json};

/// A Bumble central and a Bumble peripheral on one air.
#[derive(Debug)]
pub struct Peers {
    /// The central, which is called "phone".
    pub central: Central,
    /// The peripheral.
    pub peripheral: Peripheral,
    /// The air of both.
    pub air: Air,
}

impl Peers {
    /// Starts both; `test` names their scratch folder, `name` the peripheral.
    ///
    /// # Errors
    /// When one of them does not come up.
    pub fn start(test: &str, name: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(test)?)?;
        let peripheral = Peripheral::start(&air, name)?;
        let central = Central::start(&air, "phone")?;
        Ok(Self { central, peripheral, air })
    }

    /// Links them; with `mtu`, they exchange it.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn connect(&self, mtu: Option<u16>) -> Result<()> {
        self.peripheral.call("advertise", json!({}))?;
        let peer = self.peripheral.address();
        self.central.call("connect", json!({ "address": peer, "mtu": mtu }))?;
        self.peripheral.call("wait_connected", json!({})).map(drop)
    }

    /// Ends the link, from the central.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn disconnect(&self) -> Result<()> {
        self.central.call("disconnect", json!({}))?;
        self.peripheral.call("wait_disconnected", json!({})).map(drop)
    }

    /// Sends both the same command.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn both(&self, verb: &str, arguments: &Value) -> Result<()> {
        self.central.call(verb, arguments.clone())?;
        self.peripheral.call(verb, arguments.clone()).map(drop)
    }

    /// Ends both, and checks their traffic with tshark.
    ///
    /// # Errors
    /// When it finds a fault.
    pub fn end(self) -> Result<()> {
        let Self { central, peripheral, air } = self;
        let captures = [central.capture().to_path_buf(), peripheral.capture().to_path_buf()];
        drop((central, peripheral));
        for capture in &captures {
            check_capture(capture)?;
        }
        drop(air);
        Ok(())
    }
}
