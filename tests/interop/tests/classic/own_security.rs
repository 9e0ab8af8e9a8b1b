//! Pairing of our host and Bumble by each method, and their link keys.

use anyhow::{Context, Result, bail, ensure};
use bindrune::{
    Cipher, ClassicConnection, ClassicIoCapability as Io, ClassicSecurity, KeyKind, Level, Question,
};
use bindrune_interop::{Air, Classic as Bumble, Scratch, block_on, soon};
use serde_json::{Value, json};

use crate::own_world::{World, settings, start};

/// How two devices pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    JustWorks,
    Compare,
    /// Bumble displays the passkey.
    WeType,
    /// Our host displays the passkey.
    WeShow,
}

impl Way {
    const fn own(self) -> Io {
        match self {
            Self::JustWorks => Io::NoInputNoOutput,
            Self::Compare => Io::DisplayYesNo,
            Self::WeType => Io::KeyboardOnly,
            Self::WeShow => Io::DisplayOnly,
        }
    }

    /// Returns Bumble's terms, and how it names the method.
    fn theirs(self) -> (Value, &'static str) {
        let (io, method) = match self {
            Self::JustWorks => ("no-input-no-output", "just-works"),
            Self::Compare => ("display-yes-no", "numeric-comparison"),
            Self::WeType => ("display-yes-no", "passkey"),
            Self::WeShow => ("keyboard-only", "passkey"),
        };
        (json!({ "io": io, "mitm": self.is_strong() }), method)
    }

    fn is_strong(self) -> bool {
        self != Self::JustWorks
    }

    fn level(self) -> Level {
        if self.is_strong() { Level::Authenticated } else { Level::Encrypted }
    }

    const fn kind(self) -> (KeyKind, &'static str) {
        match self {
            Self::JustWorks => (KeyKind::Unauthenticated256, "unauthenticated-p256"),
            Self::Compare | Self::WeType | Self::WeShow => {
                (KeyKind::Authenticated256, "authenticated-p256")
            }
        }
    }

    fn check(self, security: ClassicSecurity) {
        assert!(security.level >= self.level(), "{security:?}");
        assert_eq!((security.cipher, security.key_size), (Some(Cipher::AesCcm), 16));
        assert_eq!((security.kind, security.bonded), (Some(self.kind().0), true));
    }
}

async fn question(world: &World, expected: &str) -> Result<Value> {
    let asked = world.ask("wait_question", json!({ "timeout": 10 })).await?;
    ensure!(asked["question"] == expected, "{asked} where {expected} is due");
    Ok(asked)
}

fn number(value: &Value) -> Result<u32> {
    Ok(u32::try_from(value.as_u64().context("no number")?)?)
}

/// Answers like two users who see both devices.
async fn persons(world: &World, way: Way) -> Result<()> {
    let mut requests = world.node.host().pairing_requests()?;
    if way == Way::JustWorks {
        return Ok(());
    }
    let mut ours = soon(requests.next()).await?;
    assert_eq!(ours.peer(), Some(world.bumble.public_address()?));
    match way {
        Way::JustWorks => Ok(()),
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
    }
}

/// Pairs on a new link, from either side, and ends it.
async fn pair(world: &World, way: Way, we_begin: bool) -> Result<()> {
    let (terms, method) = way.theirs();
    world.ask("pairing", terms).await?;
    let link = connect(world, we_begin).await?;
    let theirs = async {
        let verb = if we_begin { "wait_paired" } else { "pair" };
        world.ask(verb, json!({ "timeout": 20 })).await
    };
    let ours = async {
        if we_begin {
            link.secure(way.level()).await?;
        }
        anyhow::Ok(())
    };
    let (theirs, (), ()) = tokio::try_join!(theirs, ours, persons(world, way))?;
    assert_eq!((&theirs["method"], &theirs["key_type"]), (&json!(method), &json!(way.kind().1)));
    assert_eq!(theirs["authenticated"], way.is_strong());
    secured(world, way, link).await
}

async fn connect(world: &World, from_us: bool) -> Result<ClassicConnection<'static>> {
    if from_us { world.call().await } else { world.called().await }
}

/// Checks the security of a link at both ends, and ends it.
async fn secured(world: &World, way: Way, link: ClassicConnection<'static>) -> Result<()> {
    let seen = world.ask("wait_encrypted", json!({ "timeout": 10 })).await?;
    assert_eq!((&seen["encryption"], &seen["key_size"]), (&json!("aes-ccm"), &json!(16)));
    assert_eq!(seen["authenticated"], way.is_strong());
    way.check(soon(link.secure(way.level())).await??);
    world.disconnect(link).await
}

/// Encrypts new links with the stored key, from either side.
async fn again(world: &World, way: Way) -> Result<()> {
    world.ask("pairing", way.theirs().0).await?;
    let link = connect(world, true).await?;
    way.check(soon(link.secure(way.level())).await??);
    secured(world, way, link).await?;
    ensure!(world.ask("wait_paired", json!({ "timeout": 0.01 })).await.is_err(), "paired again");

    let link = connect(world, false).await?;
    assert_eq!(world.ask("encrypt", json!({})).await?["paired"], false);
    secured(world, way, link).await
}

fn each_side_pairs(test: &str, way: Way) -> Result<()> {
    block_on(async {
        let settings = settings().io_capability(way.own()).mitm(way.is_strong());
        let world = World::start(test, settings)?;
        world.own().set_connectable(true)?;
        for we_begin in [true, false] {
            pair(&world, way, we_begin).await.with_context(|| format!("we begin: {we_begin}"))?;
            again(&world, way).await.with_context(|| format!("we began: {we_begin}"))?;
            let peer = world.bumble.public_address()?;
            assert_eq!(world.own().bonds().map(|(at, _)| at).collect::<Vec<_>>(), [peer]);
            assert!(world.own().remove_bond(peer));
            world.ask("forget", json!({})).await?;
        }
        world.end().await
    })
}

#[test]
fn our_host_pairs_by_just_works() -> Result<()> {
    each_side_pairs("own_just_works", Way::JustWorks)
}

#[test]
fn our_host_pairs_by_numeric_comparison() -> Result<()> {
    each_side_pairs("own_compare", Way::Compare)
}

#[test]
fn our_host_pairs_by_a_passkey_that_bumble_shows() -> Result<()> {
    each_side_pairs("own_types", Way::WeType)
}

#[test]
fn our_host_pairs_by_a_passkey_that_it_shows() -> Result<()> {
    each_side_pairs("own_shows", Way::WeShow)
}

/// Pairs, from either side; then both start again, and encrypt new links with the stored keys.
fn a_bond_survives_a_restart_of_both(test: &str, way: Way) -> Result<()> {
    block_on(async {
        let air = Air::start(&Scratch::new(test)?)?;
        let bumble = Bumble::start(&air, "bumble")?;
        bumble.call("discoverable", json!({}))?;
        let settings = settings().io_capability(way.own()).mitm(way.is_strong());
        let node = start(&air, settings, Some("bonds"))?;
        let mut world = World { node, bumble, air };
        for we_begin in [true, false] {
            world.own().set_connectable(true)?;
            pair(&world, way, we_begin).await.with_context(|| format!("we begin: {we_begin}"))?;
            let address = world.address().await?;

            world.bumble.restart(&world.air)?;
            world.ask("discoverable", json!({})).await?;
            world.node.finish().await?;
            world.node = start(&world.air, settings, Some("bonds"))?;
            assert_eq!(world.address().await?, address);
            world.own().set_connectable(true)?;
            again(&world, way).await.with_context(|| format!("we began: {we_begin}"))?;
            assert!(world.own().remove_bond(world.bumble.public_address()?));
            world.ask("forget", json!({})).await?;
        }
        world.end().await
    })
}

#[test]
fn our_bond_of_just_works_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both("own_restart_just_works", Way::JustWorks)
}

#[test]
fn our_bond_of_numeric_comparison_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both("own_restart_compare", Way::Compare)
}

#[test]
fn our_bond_of_a_passkey_that_bumble_shows_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both("own_restart_types", Way::WeType)
}

#[test]
fn our_bond_of_a_passkey_that_it_shows_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both("own_restart_shows", Way::WeShow)
}
