//! `bonds`: shows and changes the file of bonds. Needs no controller.

use std::time::{Duration, SystemTime};

use bindrune::{FileBond, FileStore};
use serde::Serialize;

use crate::{
    bonds::{self, BondFile},
    cli::{Bonds, Globals},
    failure::Failure,
    output::{Output, Record},
    paint::Paint,
    parse::Device,
    security::{level_name, method_name},
};

/// A bond, without its keys.
#[derive(Debug, Serialize)]
struct Bond {
    identity: String,
    level: &'static str,
    /// In UTC.
    created: String,
    method: &'static str,
    secure_connections: bool,
    key_size: u8,
    local: String,
}

impl Bond {
    fn new(bond: &FileBond) -> Self {
        Self {
            identity: format!("{:?}", bond.identity),
            level: level_name(bond.level),
            created: moment(bond.created),
            method: method_name(bond.method),
            secure_connections: bond.secure_connections,
            key_size: bond.key_size,
            local: format!("{:?}", bond.local),
        }
    }
}

impl Record for Bond {
    fn human(&self, paint: Paint) -> String {
        let (level, method) = (self.level.replace('-', " "), self.method.replace('-', " "));
        format!(
            " {}  {level:18}  {method:18}  {}",
            paint.bold(&self.identity),
            self.created.get(..DAY).unwrap_or_default()
        )
    }
}

/// Removed bonds.
#[derive(Debug, Serialize)]
struct Removed {
    removed: Vec<String>,
}

impl Record for Removed {
    fn human(&self, _: Paint) -> String {
        match self.removed.as_slice() {
            [] => " no bonds to remove".to_owned(),
            removed => {
                removed.iter().map(|r| format!(" removed {r}")).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

pub(super) fn run(globals: &Globals, out: Output, command: Option<Bonds>) -> Result<(), Failure> {
    let file = BondFile::of(globals)?;
    match command.unwrap_or(Bonds::List) {
        Bonds::List => list(out, &file),
        Bonds::Remove { device } => remove(out, &file, &device),
        Bonds::Clear => clear(out, &file),
    }
}

fn list(out: Output, file: &BondFile) -> Result<(), Failure> {
    let bonds = FileStore::list(file.path()).map_err(|error| bonds::failure(&error))?;
    if bonds.is_empty() {
        return out.text(&format!(" no bonds in {}", file.path().display()));
    }
    bonds.iter().try_for_each(|bond| out.record(&Bond::new(bond)))
}

fn remove(out: Output, file: &BondFile, device: &Device) -> Result<(), Failure> {
    let all = FileStore::list(file.path()).map_err(|error| bonds::failure(&error))?;
    let meant: Vec<_> = all.iter().filter(|bond| is_meant(device, bond)).collect();
    if meant.is_empty() {
        let advice = match device {
            Device::Name(_) => "Name the bond by address; `bindrune bonds` lists the bonds.",
            Device::Address(_) | Device::AnyKind(_) => "`bindrune bonds` lists the bonds.",
        };
        return Err(Failure::failed(format!("there is no bond with {device}")).advise(advice));
    }
    let mut store = FileStore::open(file.path()).map_err(|error| bonds::failure(&error))?;
    let mut removed = Vec::new();
    for bond in meant {
        store.remove(bond.identity).map_err(|error| bonds::failure(&error))?;
        removed.push(format!("{:?}", bond.identity));
    }
    out.record(&Removed { removed })
}

fn is_meant(device: &Device, bond: &FileBond) -> bool {
    match device {
        Device::Address(address) => bond.identity == *address,
        Device::AnyKind(octets) => bond.identity.octets() == *octets,
        Device::Name(_) => false,
    }
}

fn clear(out: Output, file: &BondFile) -> Result<(), Failure> {
    let all = FileStore::list(file.path()).map_err(|error| bonds::failure(&error))?;
    if !all.is_empty() {
        let mut store = FileStore::open(file.path()).map_err(|error| bonds::failure(&error))?;
        store.clear().map_err(|error| bonds::failure(&error))?;
    }
    out.record(&Removed { removed: all.iter().map(|b| format!("{:?}", b.identity)).collect() })
}

/// Characters of the date in a timestamp.
const DAY: usize = 10;

/// Formats seconds since 1970 as in RFC 3339.
fn moment(seconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    humantime::format_rfc3339_seconds(time.unwrap_or(SystemTime::UNIX_EPOCH)).to_string()
}
