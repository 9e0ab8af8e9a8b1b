//! Out-of-band data of LE Secure Connections, from either side or from both, in both roles.

use anyhow::{Context, Result, ensure};
use bindrune::{Connection, IoCapability, Paired, PairingConfig, Question};
use bindrune_interop::{Air, Node, Scratch, block_on, soon};
use serde_json::{Value, json};

use crate::{
    table::{Way, ours},
    world::{Other, again, config, connect, disconnect, forget, pair, with_oob},
};

#[test]
fn data_that_came_another_way_pairs() -> Result<()> {
    for other_is_central in [false, true] {
        let name = if other_is_central { "own_pairing_oob_central" } else { "own_pairing_oob" };
        let air = Air::start(&Scratch::new(name)?)?;
        let other = Other::start(&air, other_is_central)?;
        block_on(async {
            for (to_us, to_them) in [(true, true), (true, false), (false, true)] {
                one(&air, &other, to_us, to_them)
                    .await
                    .with_context(|| format!("data for us: {to_us}, for them: {to_them}"))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

async fn one(air: &Air, other: &Other, to_us: bool, to_them: bool) -> Result<()> {
    let name = match (to_us, to_them) {
        (true, true) => "both",
        (true, false) => "ours",
        (false, _) => "theirs",
    };
    let pairing = PairingConfig { oob: to_us, ..ours(IoCapability::NoInputNoOutput, false) };
    let mut node = Node::start(air, config(pairing), name)?;
    let mut link = connect(&node, other).await?;
    let (ours, seen) = with_data(&node, &mut link, other, to_us, to_them).await?;
    ensure!(
        ours.method == Way::OutOfBand.method() && ours.level == Way::OutOfBand.level(true),
        "{ours:?}"
    );
    ensure!(seen["method"] == "out-of-band", "{seen}");
    disconnect(link, other).await?;
    ensure!(again(&node, other).await?.level == Way::OutOfBand.level(true), "less than it was");
    forget(node.host(), other).await?;
    node.finish().await
}

/// Passes the data of each side to the other, and pairs with it.
pub(crate) async fn with_data(
    node: &Node,
    link: &mut Connection<'static>,
    other: &Other,
    to_us: bool,
    to_them: bool,
) -> Result<(Paired, Value)> {
    other.ask("pairing").await?;
    let theirs = other.ask("oob").await?;
    let mut terms = json!({ "oob": null });
    if to_them {
        let (random, confirm) = soon(node.host().oob()).await??;
        terms["oob"] = json!({ "random": hex(&random), "confirm": hex(&confirm) });
    }
    other.peer().ask("pairing", terms).await?;
    if !to_us {
        return pair(node.host(), link, other, Way::OutOfBand).await;
    }
    let (random, confirm) = (octets(&theirs["random"])?, octets(&theirs["confirm"])?);
    with_oob(node.host(), link, other, |request| {
        ensure!(request.question() == Question::Oob { secure: true }, "{request:?}");
        request.oob(random, confirm);
        Ok(())
    })
    .await
}

fn hex(octets: &[u8; 16]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(text: &Value) -> Result<[u8; 16]> {
    let number = u128::from_str_radix(text.as_str().context("no text")?, 16)?;
    Ok(number.to_be_bytes())
}
