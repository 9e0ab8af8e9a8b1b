//! Every pair of IO capabilities, with and without protection against a man in the middle, in both roles.

use anyhow::{Context, Result, ensure};
use bindrune::Level;
use bindrune_interop::{Air, Node, Scratch, block_on};
use serde_json::json;

use crate::{
    table::{CAPABILITIES, Way, ours, way},
    world::{OWN, Other, again, config, connect, disconnect, forget, pair},
};

#[test]
fn our_central_agrees_with_the_specification() -> Result<()> {
    all("own_pairing_central", false)
}

#[test]
fn our_peripheral_agrees_with_the_specification() -> Result<()> {
    all("own_pairing_peripheral", true)
}

fn all(name: &str, other_is_central: bool) -> Result<()> {
    let air = Air::start(&Scratch::new(name)?)?;
    let other = Other::start(&air, other_is_central)?;
    block_on(async {
        for mitm in [false, true] {
            for (here, (io, _)) in CAPABILITIES.into_iter().enumerate() {
                // A request for protection from one side is enough: sometimes ours, sometimes the other side's.
                let we_ask = mitm && here & 1 == 1;
                let node_config = config(ours(io, we_ask));
                let mut node = Node::start(&air, node_config, NAMES[usize::from(mitm)][here])?;
                for (there, (_, theirs)) in CAPABILITIES.iter().enumerate() {
                    let (initiator, responder) =
                        if other_is_central { (there, here) } else { (here, there) };
                    let terms =
                        json!({ "io": theirs, "mitm": mitm && (!we_ask || there & 1 == 1) });
                    other.peer().ask("pairing", terms).await?;
                    one(&node, &other, way(initiator, responder, mitm, true)).await.with_context(
                        || format!("initiator {initiator}, responder {responder}, MITM {mitm}"),
                    )?;
                }
                node.finish().await?;
            }
        }
        Ok(())
    })
}

/// Names of the captures.
const NAMES: [[&str; 5]; 2] = [
    ["display", "yes-no", "keyboard", "nothing", "both"],
    ["display-mitm", "yes-no-mitm", "keyboard-mitm", "nothing-mitm", "both-mitm"],
];

/// Pairs, and connects again.
async fn one(node: &Node, other: &Other, way: Way) -> Result<()> {
    let mut link = connect(node, other).await?;
    let (ours, theirs) = pair(node.host(), &mut link, other, way).await?;
    let level = way.level(true);
    ensure!((ours.method, ours.level) == (way.method(), level), "{way:?}: {ours:?}");
    ensure!(ours.secure_connections && ours.bonded && ours.key_size == 16, "{ours:?}");
    ensure!(ours.identity == Some(other.peer().random_address()?), "{ours:?}");
    ensure!(theirs["method"] == way.name(), "{way:?}: {theirs}");
    ensure!(theirs["authenticated"] == (level > Level::Encrypted), "{way:?}: {theirs}");
    ensure!(theirs["bonded"] == true && theirs["identity"] == format!("{OWN:#}"), "{theirs}");
    let security = link.security()?;
    ensure!(security.level == level && security.method == Some(way.method()), "{security:?}");
    ensure!(other.ask("security").await?["encrypted"] == true, "open there");
    disconnect(link, other).await?;

    let security = again(node, other).await?;
    ensure!(security.level == level && security.bonded, "{security:?}");
    forget(node.host(), other).await
}
