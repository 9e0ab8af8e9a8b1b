//! Pairing of our host and Bumble without Secure Connections: by out-of-band data, which rootcanal has only of P-192, and
//! by a PIN.

use anyhow::{Context, Result, ensure};
use bindrune::{
    Cipher, ClassicConfig, ClassicConnection, ClassicOob, ClassicOobValues, ClassicSecret,
    ClassicSecurity, KeyKind, LegacyPairing, Level, Question,
};
use bindrune_interop::{Air, Classic as Bumble, Scratch, block_on, soon};
use serde_json::{Value, json};

use crate::own_world::{World, settings, start};

const PIN: &str = "4711";

/// How two devices pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Which side has data of the other.
    Oob {
        to_us: bool,
        to_them: bool,
    },
    Pin,
}

impl Way {
    const ALL_OOB: [Self; 3] = [
        Self::Oob { to_us: true, to_them: false },
        Self::Oob { to_us: false, to_them: true },
        Self::Oob { to_us: true, to_them: true },
    ];

    const fn is_strong(self) -> bool {
        matches!(self, Self::Oob { .. })
    }

    const fn level(self) -> Level {
        if self.is_strong() { Level::Authenticated } else { Level::Encrypted }
    }

    const fn settings(self) -> ClassicConfig {
        let settings = settings().secure_connections(false);
        if self.is_strong() {
            settings
        } else {
            settings.legacy_pairing(LegacyPairing::Unauthenticated)
        }
    }

    /// Returns Bumble's terms, with the data that came from us.
    fn theirs(self, data: &Value) -> Value {
        match self {
            Self::Oob { .. } => json!({ "secure_connections": false, "oob": data }),
            Self::Pin => json!({ "simple_pairing": false, "pin": PIN }),
        }
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Oob { .. } => ("out-of-band", "authenticated-p192"),
            Self::Pin => ("pin", "combination"),
        }
    }

    fn check(self, security: ClassicSecurity) {
        let kind = if self.is_strong() { KeyKind::Authenticated192 } else { KeyKind::Combination };
        assert_eq!((security.level, security.kind), (self.level(), Some(kind)));
        assert_eq!((security.cipher, security.key_size), (Some(Cipher::E0), 16));
        assert!(security.bonded);
    }
}

fn hex(secret: &ClassicSecret) -> String {
    secret.octets().iter().map(|octet| format!("{octet:02x}")).collect()
}

fn secret(text: &Value) -> Result<ClassicSecret> {
    let number = u128::from_str_radix(text.as_str().context("no text")?, 16)?;
    Ok(ClassicSecret::new(number.to_be_bytes()))
}

/// Brings data to those that get it, and returns Bumble's terms.
async fn bring(world: &World, way: Way) -> Result<Value> {
    let Way::Oob { to_us, to_them } = way else { return Ok(way.theirs(&Value::Null)) };
    world.ask("pairing", way.theirs(&Value::Null)).await?;
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
    if !to_them {
        return Ok(way.theirs(&Value::Null));
    }
    let ours = soon(world.own().oob()).await??;
    ensure!(ours.p256.is_none(), "values of P-256 without Secure Connections");
    let ours = ours.p192.context("no values of P-192")?;
    let values = json!({ "commitment": hex(&ours.commitment), "random": hex(&ours.random) });
    Ok(way.theirs(&json!({ "p192": values })))
}

/// Our user types the PIN; out-of-band data needs no user.
async fn person(world: &World, way: Way) -> Result<()> {
    if way.is_strong() {
        return Ok(());
    }
    let mut requests = world.node.host().pairing_requests()?;
    let mut request = soon(requests.next()).await?;
    assert_eq!(request.question(), Question::Pin { sixteen: false });
    assert_eq!(request.peer(), Some(world.bumble.public_address()?));
    request.pin(PIN.as_bytes());
    soon(request.ended()).await
}

/// Pairs on a new link, from either side, and ends it.
async fn pair(world: &World, way: Way, we_begin: bool) -> Result<()> {
    let terms = bring(world, way).await?;
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
    let (theirs, (), ()) = tokio::try_join!(theirs, ours, person(world, way))?;
    let (method, kind) = way.names();
    assert_eq!((&theirs["method"], &theirs["key_type"]), (&json!(method), &json!(kind)));
    secured(world, way, link).await
}

async fn connect(world: &World, from_us: bool) -> Result<ClassicConnection<'static>> {
    if from_us { world.call().await } else { world.called().await }
}

/// Checks the security of a link at both ends, and ends it.
async fn secured(world: &World, way: Way, link: ClassicConnection<'static>) -> Result<()> {
    let seen = world.ask("wait_encrypted", json!({ "timeout": 10 })).await?;
    assert_eq!((&seen["encryption"], &seen["key_size"]), (&json!("e0"), &json!(16)));
    assert_eq!(seen["authenticated"], way.is_strong());
    way.check(soon(link.secure(way.level())).await??);
    world.disconnect(link).await
}

/// Encrypts new links with the stored key, from either side.
async fn again(world: &World, way: Way) -> Result<()> {
    world.ask("pairing", way.theirs(&Value::Null)).await?;
    let link = connect(world, true).await?;
    way.check(soon(link.secure(way.level())).await??);
    secured(world, way, link).await?;
    ensure!(world.ask("wait_paired", json!({ "timeout": 0.01 })).await.is_err(), "paired again");

    let link = connect(world, false).await?;
    assert_eq!(world.ask("encrypt", json!({})).await?["paired"], false);
    secured(world, way, link).await
}

fn each_side_pairs(test: &str, ways: &[Way]) -> Result<()> {
    block_on(async {
        let air = Air::start(&Scratch::new(test)?)?;
        let bumble = Bumble::start(&air, "bumble")?;
        bumble.call("discoverable", json!({}))?;
        let first = ways.first().context("no way")?;
        let node = start(&air, first.settings(), None)?;
        let world = World { node, bumble, air };
        world.own().set_connectable(true)?;
        for &way in ways {
            for we_begin in [true, false] {
                pair(&world, way, we_begin)
                    .await
                    .with_context(|| format!("{way:?}, we begin: {we_begin}"))?;
                again(&world, way).await.with_context(|| format!("{way:?}, again"))?;
                assert!(world.own().remove_bond(world.bumble.public_address()?));
                world.ask("forget", json!({})).await?;
            }
        }
        world.end().await
    })
}

#[test]
fn our_host_pairs_by_out_of_band_data() -> Result<()> {
    each_side_pairs("own_oob", &Way::ALL_OOB)
}

#[test]
fn our_host_pairs_by_a_pin() -> Result<()> {
    each_side_pairs("own_pin", &[Way::Pin])
}

#[test]
fn a_bond_of_out_of_band_data_survives_a_restart_of_both() -> Result<()> {
    block_on(async {
        let way = Way::Oob { to_us: true, to_them: true };
        let air = Air::start(&Scratch::new("own_oob_restart")?)?;
        let bumble = Bumble::start(&air, "bumble")?;
        bumble.call("discoverable", json!({}))?;
        let node = start(&air, way.settings(), Some("bonds"))?;
        let mut world = World { node, bumble, air };
        world.own().set_connectable(true)?;
        pair(&world, way, true).await?;

        world.bumble.restart(&world.air)?;
        world.ask("discoverable", json!({})).await?;
        world.node.finish().await?;
        world.node = start(&world.air, way.settings(), Some("bonds"))?;
        world.own().set_connectable(true)?;
        again(&world, way).await?;
        world.end().await
    })
}
