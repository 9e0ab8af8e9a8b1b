//! Bonds of every method, in both roles: used again after both processes restarted, and after the private address
//! of either side changed. There is no second pairing.
//!
//! Bumble resolves our addresses itself, not with rootcanal's list. That list, if there is one, resolves its addresses,
//! or otherwise our host does.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bindrune::{IoCapability, LinkSecurity, PairingConfig, Privacy};
use bindrune_interop::{Air, Node, Scratch, block_on};
use serde_json::{Value, json};

use crate::{
    oob::with_data,
    table::{Way, ours},
    world::{OWN, Other, config, connect_after, disconnect, encrypt, meet, pair},
};

/// Capabilities of each side that select a method, with our host as the initiator; and names of the captures.
type Prepared = (IoCapability, &'static str, Way, [&'static str; 2]);

const METHODS: [Prepared; 6] = [
    (IoCapability::NoInputNoOutput, "no-input-no-output", Way::JustWorks, ["works", "works-again"]),
    (IoCapability::DisplayYesNo, "display-yes-no", Way::Compare, ["compare", "compare-again"]),
    (IoCapability::DisplayOnly, "keyboard-only", Way::InitiatorShows, ["shows", "shows-again"]),
    (IoCapability::KeyboardOnly, "display-only", Way::ResponderShows, ["enters", "enters-again"]),
    (IoCapability::KeyboardOnly, "keyboard-only", Way::BothEnter, ["both", "both-again"]),
    (
        IoCapability::NoInputNoOutput,
        "no-input-no-output",
        Way::OutOfBand,
        ["out-of-band", "out-of-band-again"],
    ),
];

/// How often an address changes after the restart.
const CHANGES: usize = 2;

#[test]
fn our_central_finds_a_peripheral_whose_address_changes() -> Result<()> {
    all(&air("own_pairing_kept_central")?, false, Privacy::Off, &METHODS)
}

#[test]
fn our_peripheral_knows_a_central_whose_address_changes() -> Result<()> {
    all(&air("own_pairing_kept_peripheral")?, true, Privacy::Off, &METHODS)
}

/// One second is the shortest period of an address: it also changes while connecting.
#[test]
fn our_central_is_known_when_its_address_changes() -> Result<()> {
    all(&air("own_pairing_kept_private_central")?, false, rotate(1), &METHODS)
}

#[test]
fn our_peripheral_is_found_when_its_address_changes() -> Result<()> {
    all(&air("own_pairing_kept_private_peripheral")?, true, rotate(2), &METHODS)
}

/// The host itself resolves, independent of the method: one is enough.
#[test]
fn addresses_are_resolved_where_the_controller_cannot() -> Result<()> {
    for other_is_central in [false, true] {
        let name =
            if other_is_central { "own_pairing_unlisted_central" } else { "own_pairing_unlisted" };
        let configuration = "strict: false features { ll_privacy: false }";
        let air = Air::start_with(&Scratch::new(name)?, configuration)?;
        all(&air, other_is_central, Privacy::Off, &METHODS[..1])?;
    }
    Ok(())
}

fn air(name: &str) -> Result<Air> {
    Air::start(&Scratch::new(name)?)
}

const fn rotate(seconds: u64) -> Privacy {
    Privacy::On { rotate: embassy_time::Duration::from_secs(seconds) }
}

/// If our host is private, only it restarts, and its address changes, and at last those of both sides.
fn all(air: &Air, other_is_central: bool, privacy: Privacy, methods: &[Prepared]) -> Result<()> {
    let mut other = Other::start(air, other_is_central)?;
    block_on(async {
        for &(io, theirs, way, captures) in methods {
            // The table is for the initiator; if that is Bumble, the other side displays.
            let way = if other_is_central { way.seen_from_the_other_side() } else { way };
            let oob = way == Way::OutOfBand;
            let pairing = PairingConfig { oob, ..ours(io, way != Way::JustWorks) };
            let bonds = format!("{}.bonds", captures[0]);
            let config = config(pairing).privacy(privacy);

            let mut node = Node::start_bonded(air, config, captures[0], &bonds)?;
            other.ask("forget").await?;
            other.peer().ask("private_address", json!({ "enabled": false })).await?;
            other.peer().ask("pairing", json!({ "io": theirs })).await?;
            bond(&node, &other, way).await.with_context(|| format!("{way:?}"))?;
            node.finish().await?;

            let mut node = Node::start_bonded(air, config, captures[1], &bonds)?;
            if privacy == Privacy::Off {
                other.restart(air)?;
            }
            known(&node, &other, way, privacy).await.with_context(|| format!("{way:?}, again"))?;
            node.finish().await?;
        }
        Ok(())
    })
}

async fn bond(node: &Node, other: &Other, way: Way) -> Result<()> {
    let mut link = meet(node, other).await?;
    let (paired, there) = match way {
        Way::OutOfBand => with_data(node, &mut link, other, true, true).await?,
        Way::JustWorks
        | Way::InitiatorShows
        | Way::ResponderShows
        | Way::BothEnter
        | Way::Compare => pair(node.host(), &mut link, other, way).await?,
    };
    ensure!(paired.method == way.method() && paired.bonded, "{paired:?}");
    ensure!(there["identity"] == format!("{OWN:#}"), "{there}");
    disconnect(link, other).await
}

/// Connects repeatedly, by identity, while addresses change.
async fn known(node: &Node, other: &Other, way: Way, privacy: Privacy) -> Result<()> {
    let private = privacy != Privacy::Off;
    let (security, mut there) = encrypt(connect_after(node, other, "").await?, other).await?;
    check(way, &security, &there)?;
    ensure!(is_private(&there["on_air"])? == private, "{there}");
    for change in 1..=CHANGES {
        let theirs = if private && change < CHANGES {
            there["own_on_air"].clone()
        } else {
            other.ask("private_address").await?["address"].clone()
        };
        loop {
            let last = there["on_air"].as_str().context("no address")?.to_owned();
            let link = connect_after(node, other, if private { &last } else { "" }).await?;
            let (security, seen) = encrypt(link, other).await?;
            check(way, &security, &seen)?;
            ensure!(seen["own_on_air"] == theirs, "{theirs} is not on the air: {seen}");
            ensure!(is_private(&seen["on_air"])? == private, "{seen}");
            there = seen;
            if !private || there["on_air"] != last.as_str() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    ensure!(is_private(&there["own_on_air"])?, "{there}");
    Ok(())
}

fn check(way: Way, security: &LinkSecurity, there: &Value) -> Result<()> {
    ensure!(security.level == way.level(true) && security.bonded, "{security:?}");
    ensure!(there["identity"] == format!("{OWN:#}"), "{there}");
    ensure!(there["authenticated"] == (way != Way::JustWorks), "{there}");
    Ok(())
}

/// Returns whether it is a resolvable private address. [Vol 6] Part B, 1.3.2.2
fn is_private(address: &Value) -> Result<bool> {
    let text = address.as_str().context("no address")?;
    Ok(format!("{text}/random").parse::<bindrune::Address>()?.is_resolvable())
}
