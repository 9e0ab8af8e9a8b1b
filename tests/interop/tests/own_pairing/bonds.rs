//! Bonds that one side lost, and Security Requests.

use anyhow::{Result, ensure};
use bindrune::{Error, IoCapability, Level, Question};
use bindrune_interop::{Air, Node, Scratch, block_on, soon};

use crate::{
    table::{Way, ours},
    world::{Other, config, connect, disconnect, pair},
};

#[test]
fn a_bond_that_the_other_side_lost_is_reported_and_kept() -> Result<()> {
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
                // It pairs again: an equally strong bond, which may replace the old one if the user here agrees.
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
