//! LE legacy pairing, once for each method, in both roles.

use anyhow::{Context, Result, ensure};
use bindrune::{IoCapability, PairingConfig, Question};
use bindrune_interop::{Air, Node, Scratch, block_on};
use serde_json::json;

use crate::{
    table::{Way, ours},
    world::{Other, again, config, connect, disconnect, forget, pair, with_oob},
};

/// A temporary key, least significant octet first, and in Bumble's form.
const TEMPORARY_KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const TEMPORARY_KEY_TEXT: &str = "000102030405060708090a0b0c0d0e0f";

#[test]
fn our_central_pairs_with_a_peripheral_of_old() -> Result<()> {
    all("own_pairing_legacy_central", false)
}

#[test]
fn our_peripheral_pairs_with_a_central_of_old() -> Result<()> {
    all("own_pairing_legacy_peripheral", true)
}

fn all(name: &str, other_is_central: bool) -> Result<()> {
    let air = Air::start(&Scratch::new(name)?)?;
    let other = Other::start(&air, other_is_central)?;
    let (shown_here, shown_there) = if other_is_central {
        (Way::ResponderShows, Way::InitiatorShows)
    } else {
        (Way::InitiatorShows, Way::ResponderShows)
    };
    block_on(async {
        for (name, io, theirs, way) in [
            ("works", IoCapability::NoInputNoOutput, "no-input-no-output", Way::JustWorks),
            ("shows", IoCapability::DisplayOnly, "keyboard-only", shown_here),
            ("enters", IoCapability::KeyboardOnly, "display-only", shown_there),
            ("out-of-band", IoCapability::NoInputNoOutput, "no-input-no-output", Way::OutOfBand),
        ] {
            let oob = way == Way::OutOfBand;
            let pairing = PairingConfig { legacy: true, oob, ..ours(io, way != Way::JustWorks) };
            let mut node = Node::start(&air, config(pairing), name)?;
            let key = oob.then_some(TEMPORARY_KEY_TEXT);
            let terms = json!({ "io": theirs, "mitm": true, "secure_connections": false, "temporary_key": key });
            other.peer().ask("pairing", terms).await?;
            one(&node, &other, way).await.with_context(|| format!("{way:?}"))?;
            node.finish().await?;
        }
        Ok(())
    })
}

async fn one(node: &Node, other: &Other, way: Way) -> Result<()> {
    let mut link = connect(node, other).await?;
    let (ours, theirs) = if way == Way::OutOfBand {
        with_oob(node.host(), &mut link, other, |request| {
            ensure!(request.question() == Question::Oob { secure: false }, "{request:?}");
            request.temporary_key(TEMPORARY_KEY);
            Ok(())
        })
        .await?
    } else {
        pair(node.host(), &mut link, other, way).await?
    };
    ensure!(ours.method == way.method() && !ours.secure_connections && ours.bonded, "{ours:?}");
    ensure!(ours.level == way.level(false), "{way:?}: {ours:?}");
    ensure!(theirs["method"] == way.name() && theirs["secure_connections"] == false, "{theirs}");
    disconnect(link, other).await?;
    let security = again(node, other).await?;
    ensure!(security.level == way.level(false) && security.bonded, "{security:?}");
    forget(node.host(), other).await
}

#[test]
fn a_host_that_wants_secure_connections_refuses_to_pair_as_of_old() -> Result<()> {
    let air = Air::start(&Scratch::new("own_pairing_legacy_refused")?)?;
    let other = Other::start(&air, false)?;
    let mut node = Node::start(&air, config(ours(IoCapability::NoInputNoOutput, false)), "own")?;
    block_on(async {
        other.peer().ask("pairing", json!({ "secure_connections": false })).await?;
        let mut link = connect(&node, &other).await?;
        let refused = pair(node.host(), &mut link, &other, Way::JustWorks).await;
        ensure!(refused.is_err(), "{refused:?}");
        ensure!(other.ask("security").await?["encrypted"] == false, "encrypted");
        ensure!(node.host().bonds().count() == 0, "a bond");
        disconnect(link, &other).await?;
        node.finish().await
    })
}
