//! Our own host and a Bumble peer on BR/EDR.

use anyhow::{Result, ensure};
use bindrune::{Classic, ClassicConfig, ClassicConnection, Config};
use bindrune_interop::{Air, Classic as Bumble, Node, Scratch, check_capture, soon};
use serde_json::{Value, json};

/// Name of our host.
pub(crate) const NAME: &str = "Flur";

/// File with the bonds of our host.
const BONDS: &str = "bonds";

/// Both hosts, and their air.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) bumble: Bumble,
    pub(crate) air: Air,
}

/// Settings of our host: rootcanal's link keys are zeros.
pub(crate) const fn settings() -> ClassicConfig {
    ClassicConfig::new().zero_keys()
}

/// Starts our host alone. With `file`, it keeps its bonds there.
pub(crate) fn start(air: &Air, classic: ClassicConfig, file: Option<&str>) -> Result<Node> {
    Node::start_classic(air, (Config::new(NAME), classic), "own", file)
}

impl World {
    /// Starts both; `test` names their scratch folder. Bumble is discoverable and connectable.
    pub(crate) fn start(test: &str, classic: ClassicConfig) -> Result<Self> {
        Self::start_with(test, classic, None)
    }

    /// Like [`Self::start`], with bonds of our host that survive [`Self::restart`].
    pub(crate) fn start_with_bonds(test: &str, classic: ClassicConfig) -> Result<Self> {
        Self::start_with(test, classic, Some(BONDS))
    }

    fn start_with(test: &str, classic: ClassicConfig, file: Option<&str>) -> Result<Self> {
        let air = Air::start(&Scratch::new(test)?)?;
        let bumble = Bumble::start(&air, "bumble")?;
        bumble.call("discoverable", json!({}))?;
        let node = start(&air, classic, file)?;
        Ok(Self { node, bumble, air })
    }

    /// Starts both again, with their bonds and addresses.
    pub(crate) async fn restart(&mut self, classic: ClassicConfig) -> Result<()> {
        let address = self.address().await?;
        self.bumble.restart(&self.air)?;
        self.ask("discoverable", json!({})).await?;
        self.node.finish().await?;
        self.node = start(&self.air, classic, Some(BONDS))?;
        ensure!(self.address().await? == address, "our host has another address");
        Ok(())
    }

    /// BR/EDR of our host.
    pub(crate) const fn own(&self) -> Classic<'static> {
        self.node.host().classic()
    }

    /// Returns the address of our host as Bumble writes it.
    pub(crate) async fn address(&self) -> Result<String> {
        Ok(format!("{:#}", soon(self.own().ready()).await??.address.get()))
    }

    /// Sends Bumble a command.
    pub(crate) async fn ask(&self, verb: &str, arguments: Value) -> Result<Value> {
        self.bumble.ask(verb, arguments).await
    }

    /// Connects, from our host.
    pub(crate) async fn call(&self) -> Result<ClassicConnection<'static>> {
        let link = soon(self.own().connect(self.bumble.public_address()?)).await??;
        let seen = self.ask("wait_connected", json!({})).await?;
        ensure!(seen["peer"] == self.address().await?, "{seen}");
        Ok(link)
    }

    /// Connects, from Bumble. Our host must be connectable.
    pub(crate) async fn called(&self) -> Result<ClassicConnection<'static>> {
        self.ask("connect", json!({ "address": self.address().await? })).await?;
        // That Bumble's answer is here does not mean that our host has seen the link too; then it pages a connected
        // device.
        let link = soon(self.own().connect(self.bumble.public_address()?)).await??;
        self.ask("wait_connected", json!({})).await?;
        Ok(link)
    }

    /// Ends the link, from our host.
    pub(crate) async fn disconnect(&self, link: ClassicConnection<'static>) -> Result<()> {
        let ended = self.ask("wait_disconnected", json!({}));
        let (ours, _) = tokio::join!(soon(link.disconnect()), ended);
        Ok(ours??)
    }

    /// Ends both. Checks that Bumble saw no fault of ours, and the traffic with tshark.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.bumble.check_faults()?;
        self.node.finish().await?;
        let capture = self.bumble.capture().to_path_buf();
        drop(self.bumble);
        check_capture(&capture)?;
        Ok(())
    }
}
