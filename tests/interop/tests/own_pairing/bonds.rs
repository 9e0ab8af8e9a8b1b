//! Bonds of every method, in both roles, after both processes were started anew; and of a central whose private address
//! changed in between.

use anyhow::{Result, ensure};
use bindrune::{Error, IoCapability, Level, Question};
use bindrune_interop::{Air, Node, Scratch, block_on, soon};
use serde_json::json;

use crate::{
    table::{Way, ours},
    world::{Other, again, config, connect, disconnect, pair},
};

/// What each side has, so that a method comes out, with our host as the initiator.
const METHODS: [(IoCapability, &str, Way); 5] = [
    (IoCapability::NoInputNoOutput, "no-input-no-output", Way::JustWorks),
    (IoCapability::DisplayYesNo, "display-yes-no", Way::Compare),
    (IoCapability::DisplayOnly, "keyboard-only", Way::InitiatorShows),
    (IoCapability::KeyboardOnly, "display-only", Way::ResponderShows),
    (IoCapability::KeyboardOnly, "keyboard-only", Way::BothEnter),
];

#[test]
fn bonds_of_our_central_survive_restarts() -> Result<()> {
    survive("own_pairing_bonds_central", false)
}

#[test]
fn bonds_of_our_peripheral_survive_restarts_and_rotations() -> Result<()> {
    survive("own_pairing_bonds_peripheral", true)
}

fn survive(name: &str, other_is_central: bool) -> Result<()> {
    let air = Air::start(&Scratch::new(name)?)?;
    let mut other = Other::start(&air, other_is_central)?;
    block_on(async {
        for (number, (io, theirs, way)) in METHODS.into_iter().enumerate() {
            // The table is for the initiator; where that is Bumble, it is the other one who shows.
            let way = match way {
                Way::InitiatorShows if other_is_central => Way::ResponderShows,
                Way::ResponderShows if other_is_central => Way::InitiatorShows,
                Way::InitiatorShows
                | Way::ResponderShows
                | Way::JustWorks
                | Way::Compare
                | Way::BothEnter
                | Way::OutOfBand => way,
            };
            let config = config(ours(io, way != Way::JustWorks));
            let file = format!("bonds-{number}");
            let start = |name| Node::start_bonded(&air, config, name, &file);

            let mut node = start(BEFORE[number])?;
            other.ask("forget").await?;
            other.peer().ask("pairing", json!({ "io": theirs })).await?;
            let mut link = connect(&node, &other).await?;
            let (paired, _) = pair(node.host(), &mut link, &other, way).await?;
            ensure!(paired.method == way.method() && paired.bonded, "{paired:?}");
            disconnect(link, &other).await?;
            node.finish().await?;

            let mut node = start(AFTER[number])?;
            other.restart(&air)?;
            let level = way.level(true);
            let security = again(&node, &other).await?;
            ensure!(security.level == level && security.bonded, "{way:?}: {security:?}");

            for _ in 0..if other_is_central { 2 } else { 0 } {
                other.ask("private_address").await?;
                let security = again(&node, &other).await?;
                ensure!(security.level == level, "{way:?}: {security:?}");
            }
            node.finish().await?;
        }
        Ok(())
    })
}

/// Names of the captures.
const BEFORE: [&str; 5] = ["works", "compare", "shows", "enters", "both"];
const AFTER: [&str; 5] =
    ["works-again", "compare-again", "shows-again", "enters-again", "both-again"];

#[test]
fn a_bond_that_the_other_side_lost_is_told_and_kept() -> Result<()> {
    for other_is_central in [false, true] {
        let name = if other_is_central { "own_pairing_lost_central" } else { "own_pairing_lost" };
        let air = Air::start(&Scratch::new(name)?)?;
        let other = Other::start(&air, other_is_central)?;
        let mut node =
            Node::start(&air, config(ours(IoCapability::NoInputNoOutput, false)), "own")?;
        block_on(async {
            let mut link = connect(&node, &other).await?;
            pair(node.host(), &mut link, &other, Way::JustWorks).await?;
            disconnect(link, &other).await?;
            other.ask("forget").await?;

            let link = connect(&node, &other).await?;
            if other_is_central {
                // It pairs anew: as strong a bond, which may take the old one's place if the person here agrees.
                let mut requests = node.host().pairing_requests()?;
                let agree = async {
                    let mut request = soon(requests.next()).await?;
                    ensure!(request.question() == Question::Confirm, "{request:?}");
                    request.accept();
                    Ok(())
                };
                tokio::try_join!(agree, other.ask("pair"))?;
                ensure!(soon(link.encrypt()).await??.level == Level::Encrypted, "open");
            } else {
                let lost = soon(link.encrypt()).await?;
                ensure!(
                    matches!(lost, Err(Error::BondLost | Error::Encryption(_))),
                    "{lost:?} without a key there"
                );
            }
            ensure!(node.host().bonds().count() == 1, "the bond is gone");
            disconnect(link, &other).await?;
            node.finish().await
        })?;
    }
    Ok(())
}

#[test]
fn a_security_request_of_ours_makes_the_central_pair_and_later_encrypt() -> Result<()> {
    let air = Air::start(&Scratch::new("own_pairing_request")?)?;
    let other = Other::start(&air, true)?;
    let mut node = Node::start(&air, config(ours(IoCapability::NoInputNoOutput, false)), "own")?;
    block_on(async {
        let link = connect(&node, &other).await?;
        let asked = async { anyhow::Ok(soon(link.pair()).await??) };
        let theirs = async {
            other.ask("wait_security_request").await?;
            other.ask("pair").await
        };
        let (paired, _) = tokio::try_join!(asked, theirs)?;
        ensure!(paired.bonded && paired.level == Level::Encrypted, "{paired:?}");
        disconnect(link, &other).await?;

        let link = connect(&node, &other).await?;
        let asked = async { anyhow::Ok(soon(link.encrypt()).await??) };
        let theirs = async {
            other.ask("wait_security_request").await?;
            other.ask("encrypt").await
        };
        let (security, _) = tokio::try_join!(asked, theirs)?;
        ensure!(security.bonded, "{security:?}");
        disconnect(link, &other).await?;
        node.finish().await
    })
}
