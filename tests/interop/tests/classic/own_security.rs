//! Pairing of our host and Bumble by each method, and their link keys.

mod persons;
mod way;

use anyhow::{Context, Result, ensure};
use bindrune::ClassicConnection;
use bindrune_interop::{block_on, soon};
use serde_json::json;

use crate::own_world::World;
use persons::{persons, prepare};
use way::Way;

/// Each way to bring out-of-band data.
const ALL_OOB: [Way; 3] = [
    Way::Oob { to_us: true, to_them: false },
    Way::Oob { to_us: false, to_them: true },
    Way::Oob { to_us: true, to_them: true },
];

/// Pairs on a new link, from either side, and ends it.
async fn pair(world: &World, way: Way, we_begin: bool) -> Result<()> {
    prepare(world, way).await?;
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
    assert_eq!(
        (&theirs["method"], &theirs["key_type"]),
        (&json!(way.method()), &json!(way.kind().1))
    );
    assert_eq!(theirs["authenticated"], way.is_strong());
    secured(world, way, link).await
}

async fn connect(world: &World, from_us: bool) -> Result<ClassicConnection<'static>> {
    if from_us { world.call().await } else { world.called().await }
}

/// Checks the security of a link at both ends, and ends it.
async fn secured(world: &World, way: Way, link: ClassicConnection<'static>) -> Result<()> {
    let seen = world.ask("wait_encrypted", json!({ "timeout": 10 })).await?;
    assert_eq!((&seen["encryption"], &seen["key_size"]), (&json!(way.cipher().1), &json!(16)));
    assert_eq!(seen["authenticated"], way.is_strong());
    way.check(soon(link.secure(way.level())).await??);
    world.disconnect(link).await
}

/// Encrypts new links with the stored key, from either side.
async fn again(world: &World, way: Way) -> Result<()> {
    world.ask("pairing", way.terms()).await?;
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
        let first = ways.first().context("no way")?;
        let world = World::start(test, first.settings())?;
        world.own().set_connectable(true)?;
        for &way in ways {
            for we_begin in [true, false] {
                let what = || format!("{way:?}, we begin: {we_begin}");
                pair(&world, way, we_begin).await.with_context(what)?;
                again(&world, way).await.with_context(what)?;
                forget(&world).await?;
            }
        }
        world.end().await
    })
}

/// Removes the bond at both.
async fn forget(world: &World) -> Result<()> {
    let peer = world.bumble.public_address()?;
    assert_eq!(world.own().bonds().map(|(at, _)| at).collect::<Vec<_>>(), [peer]);
    assert!(world.own().remove_bond(peer));
    world.ask("forget", json!({})).await.map(drop)
}

#[test]
fn our_host_pairs_by_just_works() -> Result<()> {
    each_side_pairs("own_just_works", &[Way::JustWorks])
}

#[test]
fn our_host_pairs_by_numeric_comparison() -> Result<()> {
    each_side_pairs("own_compare", &[Way::Compare])
}

#[test]
fn our_host_pairs_by_a_passkey_that_bumble_shows() -> Result<()> {
    each_side_pairs("own_types", &[Way::WeType])
}

#[test]
fn our_host_pairs_by_a_passkey_that_it_shows() -> Result<()> {
    each_side_pairs("own_shows", &[Way::WeShow])
}

#[test]
fn our_host_pairs_by_out_of_band_data() -> Result<()> {
    each_side_pairs("own_out_of_band", &ALL_OOB)
}

#[test]
fn our_host_pairs_by_a_pin() -> Result<()> {
    each_side_pairs("own_pin", &[Way::Pin])
}

/// Pairs, from either side; then both start again, and encrypt new links with the stored keys.
fn a_bond_survives_a_restart_of_both(test: &str, way: Way) -> Result<()> {
    block_on(async {
        let mut world = World::start_with_bonds(test, way.settings())?;
        for we_begin in [true, false] {
            let what = || format!("we begin: {we_begin}");
            world.own().set_connectable(true)?;
            pair(&world, way, we_begin).await.with_context(what)?;
            world.restart(way.settings()).await?;
            world.own().set_connectable(true)?;
            again(&world, way).await.with_context(what)?;
            forget(&world).await?;
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

#[test]
fn our_bond_of_out_of_band_data_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both(
        "own_restart_out_of_band",
        Way::Oob { to_us: true, to_them: true },
    )
}

#[test]
fn our_bond_of_a_pin_survives_a_restart_of_both() -> Result<()> {
    a_bond_survives_a_restart_of_both("own_restart_pin", Way::Pin)
}
