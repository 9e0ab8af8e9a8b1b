//! BR/EDR: two Bumble peers, and the volumes of data that cross a channel.

use crate::{Air, Classic, Pattern, Scratch, check_capture, sha256};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// PSM of the channels in Basic mode, which the peers' SDP records also name.
pub const BASIC_PSM: u16 = 0x1001;
/// PSM of the channels in Enhanced Retransmission mode.
pub const ENHANCED_PSM: u16 = 0x1003;
/// RFCOMM server channel of the peers' serial port record.
pub const SERIAL_CHANNEL: u16 = 3;
const MTU: [usize; 4] = [48, 672, 4096, 65_535];
const MIB: usize = 1 << 20;
/// Seed of the bytes of a volume.
pub const SEED: u32 = 1;
/// Data bytes of each write to an RFCOMM connection.
const SERIAL_WRITE: usize = 1000;

/// Two BR/EDR peers on one air.
#[derive(Debug)]
pub struct ClassicPeers {
    /// The peer that searches and calls.
    pub caller: Classic,
    /// The peer that is found and called.
    pub called: Classic,
    /// The air of both.
    pub air: Air,
}

/// Datagrams of one length, over one kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicVolume {
    /// The MTU of both directions, and the length of each datagram, in bytes.
    pub mtu: usize,
    /// Enhanced Retransmission mode, with or without FCS; `None` is Basic mode.
    pub fcs: Option<bool>,
    /// Number of datagrams.
    pub count: usize,
}

impl ClassicPeers {
    /// Starts both, the second one discoverable and connectable; `test` names their scratch folder.
    ///
    /// # Errors
    /// When one of them does not come up.
    pub fn start(test: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(test)?)?;
        let caller = Classic::start(&air, "caller")?;
        let called = Classic::start(&air, "called")?;
        called.call("discoverable", json!({}))?;
        Ok(Self { caller, called, air })
    }

    /// Links them, from the caller.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn connect(&self) -> Result<()> {
        self.caller.call("connect", json!({ "address": self.called.address() }))?;
        let seen = self.called.call("wait_connected", json!({}))?;
        ensure!(seen.get("peer") == Some(&json!(self.caller.address())), "{seen}");
        Ok(())
    }

    /// Ends the link, from the caller.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn disconnect(&self) -> Result<()> {
        self.caller.call("disconnect", json!({}))?;
        self.called.call("wait_disconnected", json!({})).map(drop)
    }

    /// Sends both the same command.
    ///
    /// # Errors
    /// As [`Peer::call`](crate::Peer::call).
    pub fn both(&self, verb: &str, arguments: &Value) -> Result<()> {
        self.caller.call(verb, arguments.clone())?;
        self.called.call(verb, arguments.clone()).map(drop)
    }

    /// Ends both. Checks that neither saw a fault of the other, and their traffic with tshark.
    ///
    /// # Errors
    /// When there is a fault.
    pub fn end(self) -> Result<()> {
        let Self { caller, called, air } = self;
        caller.check_faults()?;
        called.check_faults()?;
        let captures = [caller.capture().to_path_buf(), called.capture().to_path_buf()];
        drop((caller, called));
        for capture in &captures {
            check_capture(capture)?;
        }
        drop(air);
        Ok(())
    }
}

impl ClassicVolume {
    /// Returns the volumes of a mode: 1 MiB for each MTU.
    pub fn all(fcs: Option<bool>) -> impl Iterator<Item = Self> {
        MTU.into_iter().map(move |mtu| Self { mtu, fcs, count: MIB.div_ceil(mtu) })
    }

    /// Returns 1 MiB for an RFCOMM connection.
    #[must_use]
    pub const fn serial() -> Self {
        Self { mtu: SERIAL_WRITE, fcs: None, count: MIB.div_ceil(SERIAL_WRITE) }
    }

    /// Returns the PSM for this mode.
    #[must_use]
    pub const fn psm(&self) -> u16 {
        if self.fcs.is_some() { ENHANCED_PSM } else { BASIC_PSM }
    }

    /// Returns an eighth of it, for an echo.
    #[must_use]
    pub const fn eighth(self) -> Self {
        Self { count: self.count.div_ceil(8), ..self }
    }

    /// Returns it, but an eighth of many short datagrams, which take two Bumble hosts long.
    #[must_use]
    pub const fn short(self) -> Self {
        if self.mtu > 48 { self } else { self.eighth() }
    }

    /// Returns the number of all bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.mtu.saturating_mul(self.count)
    }

    /// Returns the SHA-256 of all bytes.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(&Pattern::new(SEED).take(self.bytes()))
    }

    /// Returns the arguments with which a peer opens an L2CAP channel.
    #[must_use]
    pub fn opening(&self) -> Value {
        json!({
            "psm": self.psm(), "mtu": self.mtu, "enhanced": self.fcs.is_some(),
            "fcs": self.fcs.unwrap_or_default(),
        })
    }

    /// Returns the arguments with which a peer serves an L2CAP channel.
    #[must_use]
    pub fn serving(&self, mode: &str) -> Value {
        merged(merged(self.opening(), self.amount()), json!({ "mode": mode }))
    }

    /// Returns the arguments with which a peer serves an RFCOMM connection.
    #[must_use]
    pub fn serving_serial(&self, mode: &str) -> Value {
        merged(self.amount(), json!({ "mode": mode, "server_channel": SERIAL_CHANNEL }))
    }

    /// Returns the arguments with which a peer sends it.
    #[must_use]
    pub fn sending(&self, channel: &Value) -> Value {
        merged(self.amount(), json!({ "channel": channel }))
    }

    /// Returns the arguments with which a peer waits until it has received it.
    #[must_use]
    pub fn receiving(&self, channel: &Value) -> Value {
        let timeout = crate::transfer::patience().as_secs();
        json!({ "channel": channel, "octets": self.bytes(), "timeout": timeout })
    }

    fn amount(&self) -> Value {
        json!({ "count": self.count, "length": self.mtu, "seed": SEED })
    }
}

/// Returns both objects as one.
fn merged(mut first: Value, second: Value) -> Value {
    if let (Value::Object(all), Value::Object(more)) = (&mut first, second) {
        all.extend(more);
    }
    first
}
