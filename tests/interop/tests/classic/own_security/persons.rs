//! What the two users do: they answer questions, and bring data from one device to the other.

use anyhow::{Context, Result, bail, ensure};
use bindrune::{ClassicOob, ClassicOobValues, ClassicSecret, Question};
use bindrune_interop::soon;
use serde_json::{Value, json};

use super::way::{PIN, Way};
use crate::own_world::World;

async fn question(world: &World, expected: &str) -> Result<Value> {
    let asked = world.ask("wait_question", json!({ "timeout": 10 })).await?;
    ensure!(asked["question"] == expected, "{asked} where {expected} is due");
    Ok(asked)
}

fn number(value: &Value) -> Result<u32> {
    Ok(u32::try_from(value.as_u64().context("no number")?)?)
}

/// Answers like two users who see both devices.
pub(super) async fn persons(world: &World, way: Way) -> Result<()> {
    let mut requests = world.node.host().pairing_requests()?;
    if matches!(way, Way::JustWorks | Way::Oob { .. }) {
        return Ok(());
    }
    let mut ours = soon(requests.next()).await?;
    assert_eq!(ours.peer(), Some(world.bumble.public_address()?));
    match way {
        Way::JustWorks | Way::Oob { .. } => Ok(()),
        Way::Compare => {
            let theirs = question(world, "compare").await?;
            assert_eq!(ours.question(), Question::Compare(number(&theirs["number"])?));
            ours.accept();
            world.ask("answer", json!({ "accept": true })).await.map(drop)
        }
        Way::WeType => {
            let theirs = question(world, "display").await?;
            assert_eq!(ours.question(), Question::Input);
            ours.passkey(number(&theirs["passkey"])?);
            Ok(())
        }
        Way::WeShow => {
            let Question::Display(passkey) = ours.question() else {
                bail!("{:?} where a passkey is due", ours.question());
            };
            question(world, "input").await?;
            world.ask("answer", json!({ "passkey": passkey })).await.map(drop)
        }
        Way::Pin => {
            assert_eq!(ours.question(), Question::Pin { sixteen: false });
            ours.pin(PIN.as_bytes());
            soon(ours.ended()).await
        }
    }
}

fn hex(secret: &ClassicSecret) -> String {
    secret.octets().iter().map(|octet| format!("{octet:02x}")).collect()
}

fn secret(text: &Value) -> Result<ClassicSecret> {
    let number = u128::from_str_radix(text.as_str().context("no text")?, 16)?;
    Ok(ClassicSecret::new(number.to_be_bytes()))
}

/// Sets Bumble's terms, and brings out-of-band data to those that get it.
pub(super) async fn prepare(world: &World, way: Way) -> Result<()> {
    let mut terms = way.terms();
    world.ask("pairing", terms.clone()).await?;
    let Way::Oob { to_us, to_them } = way else { return Ok(()) };
    if to_us {
        let theirs = world.ask("oob", json!({})).await?;
        let values = &theirs["data"]["p192"];
        let p192 = ClassicOobValues {
            commitment: secret(&values["commitment"])?,
            random: secret(&values["random"])?,
        };
        let data = ClassicOob { p192: Some(p192), p256: None };
        world.own().set_peer_oob(world.bumble.public_address()?, Some(data))?;
    }
    if to_them {
        let ours = soon(world.own().oob()).await??;
        ensure!(ours.p256.is_none(), "values of P-256 without Secure Connections");
        let ours = ours.p192.context("no values of P-192")?;
        let values = json!({ "commitment": hex(&ours.commitment), "random": hex(&ours.random) });
        terms["oob"] = json!({ "p192": values });
        world.ask("pairing", terms).await?;
    }
    Ok(())
}
