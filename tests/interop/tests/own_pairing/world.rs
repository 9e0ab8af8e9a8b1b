//! Our host and a Bumble peer, and their users.

use anyhow::{Context, Result, ensure};
use bindrune::{
    Address, Advertisement, Config, Connection, Error, Event, Host, LinkSecurity, Paired,
    PairingConfig, PairingRequest, Question,
};
use bindrune_interop::{Air, Central, Node, Peer, Peripheral, soon};
use serde_json::{Value, json};

use crate::table::Way;

/// The passkey that both users enter if neither device displays one.
const AGREED: u32 = 123_456;

/// The address of our host, on every controller.
pub(crate) const OWN: Address = Address::random([0xc4, 0x5e, 0x12, 0, 1, 1]);

/// The other host. Ours has the other role.
pub(crate) enum Other {
    Peripheral(Peripheral),
    Central(Central),
}

impl Other {
    pub(crate) fn start(air: &Air, is_central: bool) -> Result<Self> {
        Ok(if is_central {
            Self::Central(Central::start(air, "phone")?)
        } else {
            Self::Peripheral(Peripheral::start(air, "lock")?)
        })
    }

    pub(crate) const fn is_central(&self) -> bool {
        matches!(self, Self::Central(_))
    }

    pub(crate) fn restart(&mut self, air: &Air) -> Result<()> {
        match self {
            Self::Peripheral(peer) => peer.restart(air),
            Self::Central(peer) => peer.restart(air),
        }
    }

    pub(crate) fn peer(&self) -> &Peer {
        match self {
            Self::Peripheral(peer) => peer,
            Self::Central(peer) => peer,
        }
    }

    /// Asks for the name of this test's verb with nothing else.
    pub(crate) async fn ask(&self, verb: &str) -> Result<Value> {
        self.peer().ask(verb, json!({})).await
    }
}

/// The configuration of our host.
pub(crate) const fn config(pairing: PairingConfig) -> Config {
    Config::new(NAME).address(OWN).pairing(pairing)
}

/// Name of our host.
const NAME: &str = "own";

/// Connects, each in its role; the central uses the identity of the other side.
pub(crate) async fn connect(node: &Node, other: &Other) -> Result<Connection<'static>> {
    match other {
        Other::Peripheral(peripheral) => {
            peripheral.ask("advertise", json!({})).await?;
            let connection = soon(node.host().connect(&peripheral.random_address()?)).await??;
            peripheral.ask("wait_connected", json!({})).await?;
            Ok(connection)
        }
        Other::Central(central) => {
            let address = format!("{:#}", node.address().await?);
            advertise(node, central.ask("connect", json!({ "address": address }))).await
        }
    }
}

/// Connects. If the central is the other host, it knows only our address on the air.
pub(crate) async fn meet(node: &Node, other: &Other) -> Result<Connection<'static>> {
    let Other::Central(central) = other else { return connect(node, other).await };
    let find = async {
        let address = seen(central).await?;
        central.ask("connect", json!({ "address": address })).await
    };
    advertise(node, find).await
}

/// Connects as [`connect`] does, as soon as our host has another private address than `last`. So the central does not
/// aim at an address that is about to change.
pub(crate) async fn connect_after(
    node: &Node,
    other: &Other,
    last: &str,
) -> Result<Connection<'static>> {
    let Other::Central(central) = other else { return connect(node, other).await };
    let wait = async {
        while seen(central).await? == last {}
        central.ask("connect", json!({ "address": format!("{OWN:#}") })).await
    };
    advertise(node, wait).await
}

/// Returns the address of our host on the air.
async fn seen(central: &Central) -> Result<String> {
    let sightings = central.ask("scan", json!({ "name": NAME, "seconds": 5 })).await?;
    let devices = sightings["devices"].as_array().context("no devices")?;
    let own = devices.iter().rfind(|device| device["name"] == NAME).context("not seen")?;
    Ok(own["address"].as_str().context("no address")?.to_owned())
}

/// Advertises until a central connects.
async fn advertise(
    node: &Node,
    theirs: impl Future<Output = Result<Value>>,
) -> Result<Connection<'static>> {
    let advertisement = Advertisement::connectable().name(NAME);
    let ours = async { anyhow::Ok(soon(node.host().advertise(&advertisement)).await??) };
    Ok(tokio::try_join!(ours, theirs)?.0)
}

/// Ends the link from our side.
pub(crate) async fn disconnect(link: Connection<'static>, other: &Other) -> Result<()> {
    let peer = other.peer();
    let ended = peer.begin("wait_disconnected", json!({ "timeout": 10 }))?;
    soon(link.disconnect()).await??;
    tokio::task::spawn_blocking(move || ended.wait()).await??;
    Ok(())
}

/// Pairs and answers like two users who see both devices.
pub(crate) async fn pair(
    host: &'static Host,
    link: &mut Connection<'static>,
    other: &Other,
    way: Way,
) -> Result<(Paired, Value)> {
    let mut requests = host.pairing_requests()?;
    let persons = async {
        match way {
            Way::JustWorks | Way::OutOfBand => Ok(()),
            Way::Compare => {
                let mut ours = requests.next().await;
                let theirs = question(other, "compare").await?;
                let same = ours.question() == Question::Compare(number(&theirs["number"])?);
                ensure!(same, "{:?} here, {theirs} there", ours.question());
                ours.accept();
                answer(other, json!({ "accept": true })).await
            }
            Way::InitiatorShows | Way::ResponderShows
                if (way == Way::InitiatorShows) == other.is_central() =>
            {
                let shown = question(other, "display").await?;
                let mut ours = requests.next().await;
                ensure!(ours.question() == Question::Input, "{:?}", ours.question());
                ours.passkey(number(&shown["passkey"])?);
                Ok(())
            }
            Way::InitiatorShows | Way::ResponderShows => {
                let ours = requests.next().await;
                let Question::Display(shown) = ours.question() else {
                    anyhow::bail!("{:?} where a passkey is due", ours.question());
                };
                question(other, "input").await?;
                answer(other, json!({ "passkey": shown })).await
            }
            Way::BothEnter => {
                let mut ours = requests.next().await;
                ensure!(ours.question() == Question::Input, "{:?}", ours.question());
                ours.passkey(AGREED);
                question(other, "input").await?;
                answer(other, json!({ "passkey": AGREED })).await
            }
        }
    };
    let ((), both) = tokio::try_join!(persons, both_pair(link, other))?;
    Ok(both)
}

/// Pairs with out-of-band data that `answer` passes to our host.
pub(crate) async fn with_oob(
    host: &'static Host,
    link: &mut Connection<'static>,
    other: &Other,
    answer: impl FnOnce(&mut PairingRequest<'_>) -> Result<()>,
) -> Result<(Paired, Value)> {
    let mut requests = host.pairing_requests()?;
    let data = async { answer(&mut soon(requests.next()).await?) };
    let ((), both) = tokio::try_join!(data, both_pair(link, other))?;
    Ok(both)
}

/// Pairs; the central starts it.
async fn both_pair(link: &mut Connection<'static>, other: &Other) -> Result<(Paired, Value)> {
    match other {
        Other::Peripheral(peripheral) => {
            let ours = async { anyhow::Ok(soon(link.pair()).await??) };
            tokio::try_join!(ours, peripheral.ask("wait_paired", json!({ "timeout": 10 })))
        }
        Other::Central(central) => {
            let ours = async { soon(paired(link)).await? };
            tokio::try_join!(ours, central.ask("pair", json!({ "timeout": 10 })))
        }
    }
}

/// Waits for the end of a pairing that the other side started.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these events concern the test")]
pub(crate) async fn paired(link: &mut Connection<'static>) -> Result<Paired> {
    loop {
        match link.next().await {
            Event::Paired(paired) => return Ok(paired),
            Event::PairingFailed(failure) => return Err(Error::Pairing(failure).into()),
            Event::Disconnected(reason) => return Err(Error::Disconnected(reason).into()),
            _ => {}
        }
    }
}

/// Connects again and waits until the link is encrypted with the bond's key, without pairing.
pub(crate) async fn again(node: &Node, other: &Other) -> Result<LinkSecurity> {
    Ok(encrypt(connect(node, other).await?, other).await?.0)
}

/// Waits until a link is encrypted with the bond's key, without pairing, and ends it. Also returns the other side's
/// report.
pub(crate) async fn encrypt(
    link: Connection<'static>,
    other: &Other,
) -> Result<(LinkSecurity, Value)> {
    other.peer().ask("pairing", json!({})).await?;
    if other.is_central() {
        other.ask("encrypt").await?;
    }
    let there = other.peer().ask("wait_encrypted", json!({ "timeout": 10 })).await?;
    let security = soon(link.encrypt()).await??;
    let again = other.peer().ask("wait_paired", json!({ "timeout": 0.01 })).await;
    ensure!(again.is_err(), "paired again: {again:?}");
    ensure!(link.peer()? == other.peer().random_address()?, "{:?} is connected", link.peer());
    disconnect(link, other).await?;
    Ok((security, there))
}

/// Removes the bond on both sides.
pub(crate) async fn forget(host: &'static Host, other: &Other) -> Result<()> {
    soon(host.bonds().clear()).await??;
    other.ask("forget").await.map(drop)
}

async fn question(other: &Other, expected: &str) -> Result<Value> {
    let asked = other.peer().ask("wait_question", json!({ "timeout": 10 })).await?;
    ensure!(asked["question"] == expected, "{asked} where {expected} is due");
    Ok(asked)
}

async fn answer(other: &Other, answer: Value) -> Result<()> {
    other.peer().ask("answer", answer).await.map(drop)
}

fn number(value: &Value) -> Result<u32> {
    Ok(u32::try_from(value.as_u64().context("no number")?)?)
}
