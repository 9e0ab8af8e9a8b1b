//! Checks that an image does not contain capabilities that it was built without.
//!
//! An inlined function has no symbol: this check finds whole functions of a capability, and the budget of flash the
//! rest.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use object::{Object as _, ObjectSymbol as _};

/// A module by its mangled path: each name after its length.
type Module = &'static str;

/// Capabilities of no image.
const NOWHERE: [Module; 13] = [
    "_12bindrune_gap10accept_list",
    "_12bindrune_gap14resolving_list",
    "_12bindrune_gap4init7avoided",
    "_12bindrune_gap4scan",
    "_12bindrune_gap7connect",
    "_12bindrune_gap7privacy",
    "_13bindrune_gatt6client",
    "_13bindrune_gatt6server7prepare",
    "_8bindrune3aio4gatt",
    "_8bindrune5stack7recover",
    "_8bindrune5stack9resetting",
    "_8bindrune5stack5watch",
    "_8bindrune5stats",
];
/// Only in the image with security.
const SECURITY: [Module; 7] = [
    "_12bindrune_smp7pairing",
    "_13bindrune_gatt4hash",
    "_13bindrune_gatt6server5aware",
    "_3aes",
    "_4p256",
    "_8bindrune5stack6worker",
    "_8bindrune5stack8security",
];
/// Only in the images with a GATT server.
const SERVER: [Module; 3] =
    ["_13bindrune_gatt5table", "_13bindrune_gatt5value", "_13bindrune_gatt6server"];
/// Only in the image with a channel.
const CHANNEL: [Module; 2] = ["_14bindrune_l2cap3coc7receive", "_14bindrune_l2cap3coc4data"];

/// Only in the image with BR/EDR.
const CLASSIC: [Module; 5] = [
    "_8bindrune5stack7classic",
    "_14bindrune_l2cap7classic",
    "_16bindrune_classic",
    "_12bindrune_sdp",
    "_15bindrune_rfcomm",
];

/// Fails if an image contains a capability that it was built without. Its required symbols prove that it has symbols at
/// all.
pub(crate) fn check(name: &str, path: &Path) -> Result<()> {
    let (must, must_not): (&[Module], Vec<Module>) = match name {
        "server" => (&SERVER, [&NOWHERE[..], &SECURITY, &CHANNEL, &CLASSIC].concat()),
        "security" => (&SECURITY[..1], [&NOWHERE[..], &CHANNEL, &CLASSIC].concat()),
        "channel" => (&CHANNEL[..1], [&NOWHERE[..], &SECURITY, &SERVER, &CLASSIC].concat()),
        "classic" => (&CLASSIC[..3], [&NOWHERE[..], &CHANNEL].concat()),
        _ => return Ok(()),
    };
    let bytes = fs::read(path)?;
    let file = object::File::parse(&bytes[..])?;
    let symbols = file.symbols().map(|symbol| symbol.name().context("a symbol without a name"));
    let symbols = symbols.collect::<Result<Vec<_>>>()?;
    let found = |module: &Module| symbols.iter().find(|symbol| symbol.contains(module));
    for module in must {
        ensure!(found(module).is_some(), "image {name} has no symbol of {module}");
    }
    for module in &must_not {
        let left = found(module);
        ensure!(left.is_none(), "image {name} was built without {module}, and has {left:?}");
    }
    Ok(())
}
