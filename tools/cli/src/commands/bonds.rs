//! `bonds`: shows and changes the file of bonds. Needs no controller.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bindrune::{Address, ClassicFileBond, FileBond, FileStore, Host, KeyKind};
use serde::Serialize;

use crate::{
    bonds::{self, Place},
    classic::kind_name,
    cli::{Bonds, Globals},
    failure::{Doing as _, Failure},
    output::{Output, Record},
    paint::{Paint, printable},
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
    method: Option<&'static str>,
    secure_connections: bool,
    /// Length of the key of LE; BR/EDR decides it for each link.
    key_size: Option<u8>,
    local: String,
    transport: &'static str,
    /// Kind of the key of BR/EDR.
    key: Option<&'static str>,
}

impl Bond {
    fn new(bond: &FileBond) -> Self {
        Self {
            identity: format!("{:?}", bond.identity),
            level: level_name(bond.level),
            created: moment(bond.created),
            method: Some(method_name(bond.method)),
            secure_connections: bond.secure_connections,
            key_size: Some(bond.key_size),
            local: format!("{:?}", bond.local),
            transport: "le",
            key: None,
        }
    }

    fn classic(bond: &ClassicFileBond) -> Self {
        Self {
            identity: format!("{:?}", bond.peer),
            level: level_name(bond.level),
            created: moment(bond.created),
            method: None,
            secure_connections: matches!(
                bond.kind,
                KeyKind::Unauthenticated256 | KeyKind::Authenticated256
            ),
            key_size: None,
            local: format!("{:?}", bond.local),
            transport: "classic",
            key: Some(kind_name(bond.kind)),
        }
    }
}

impl Record for Bond {
    fn human(&self, paint: Paint) -> String {
        let how = self.method.or(self.key).unwrap_or_default();
        let (level, how) = (self.level.replace('-', " "), how.replace('-', " "));
        let transport = if self.transport == "classic" { "  BR/EDR" } else { "" };
        format!(
            " {}  {level:18}  {how:18}  {}{transport}",
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
    let place = Place::of(globals)?;
    match command.unwrap_or(Bonds::List) {
        Bonds::List => list(out, &place),
        Bonds::Remove { device } => remove(out, &place, &device),
        Bonds::Clear => clear(out, &place),
    }
}

/// The bonds in a file.
struct All {
    le: Vec<FileBond>,
    classic: Vec<ClassicFileBond>,
}

impl All {
    fn read(path: &Path) -> Result<Self, Failure> {
        let le = FileStore::list(path).map_err(|error| bonds::failure(&error))?;
        let classic = FileStore::list_classic(path).map_err(|error| bonds::failure(&error))?;
        let found = FileStore::read_records(path, |_, _| ()).map_err(|e| bonds::failure(&e))?;
        if found.damaged > 0 {
            log::warn!(
                "{} has damaged bonds, which are lost; pair with their devices again: {}",
                path.display(),
                found.damaged
            );
        }
        Ok(Self { le, classic })
    }

    fn is_empty(&self) -> bool {
        self.le.is_empty() && self.classic.is_empty()
    }

    fn identities(&self) -> impl Iterator<Item = Address> {
        let le = self.le.iter().map(|bond| bond.identity);
        le.chain(self.classic.iter().map(|bond| bond.peer))
    }
}

/// Returns the files with bonds, and the bonds.
fn read(place: &Place) -> Result<Vec<(PathBuf, All)>, Failure> {
    let files = place.files()?.into_iter();
    let read = files.map(|path| All::read(&path).map(|all| (path, all)));
    let read: Vec<_> = read.collect::<Result<_, Failure>>()?;
    Ok(read.into_iter().filter(|(_, all)| !all.is_empty()).collect())
}

/// Lists the bonds.
pub(crate) fn list(out: Output, place: &Place) -> Result<(), Failure> {
    let files = read(place)?;
    if files.is_empty() {
        return out
            .text(&format!(" no bonds in {}", printable(&place.path().display().to_string())));
    }
    for (_, all) in files {
        all.le.iter().try_for_each(|bond| out.record(&Bond::new(bond)))?;
        all.classic.iter().try_for_each(|bond| out.record(&Bond::classic(bond)))?;
    }
    Ok(())
}

/// Removes the bonds of LE and of BR/EDR with the device, of every controller.
fn remove(out: Output, place: &Place, device: &Device) -> Result<(), Failure> {
    let mut removed = Vec::new();
    for (path, all) in read(place)? {
        let mut meant: Vec<_> =
            all.identities().filter(|&identity| is_meant(device, identity)).collect();
        meant.sort();
        meant.dedup();
        if meant.is_empty() {
            continue;
        }
        let mut store = FileStore::open(&path).map_err(|error| bonds::failure(&error))?;
        for identity in meant {
            store.remove(identity).map_err(|error| bonds::failure(&error))?;
            store.remove_classic(identity).map_err(|error| bonds::failure(&error))?;
            removed.push(format!("{identity:?}"));
        }
    }
    report(out, device, removed)
}

/// Removes bonds that a running host holds, and so their records in its file: of one device, or all.
pub(crate) async fn remove_held(
    host: &Host,
    out: Output,
    device: Option<&Device>,
) -> Result<(), Failure> {
    let identities = host.bonds().map(|bond| bond.identity);
    let meant: Vec<_> = identities.filter(|&i| device.is_none_or(|d| is_meant(d, i))).collect();
    for identity in &meant {
        host.bonds().remove(identity).await.doing("removing a bond")?;
    }
    let removed = meant.iter().map(|identity| format!("{identity:?}")).collect();
    match device {
        Some(device) => report(out, device, removed),
        None => out.record(&Removed { removed }),
    }
}

/// Reports the removed bonds of a device.
fn report(out: Output, device: &Device, removed: Vec<String>) -> Result<(), Failure> {
    if removed.is_empty() {
        let advice = match device {
            Device::Name(_) => "Name the bond by address; `bindrune bonds` lists the bonds.",
            Device::Address(_) | Device::AnyKind(_) => "`bindrune bonds` lists the bonds.",
        };
        return Err(Failure::failed(format!("there is no bond with {device}")).advise(advice));
    }
    out.record(&Removed { removed })
}

fn is_meant(device: &Device, identity: Address) -> bool {
    match device {
        Device::Address(address) => identity == *address,
        Device::AnyKind(octets) => identity.octets() == *octets,
        Device::Name(_) => false,
    }
}

fn clear(out: Output, place: &Place) -> Result<(), Failure> {
    let mut removed = Vec::new();
    for (path, all) in read(place)? {
        let mut store = FileStore::open(&path).map_err(|error| bonds::failure(&error))?;
        store.clear().map_err(|error| bonds::failure(&error))?;
        removed.extend(all.identities().map(|identity| format!("{identity:?}")));
    }
    out.record(&Removed { removed })
}

/// Characters of the date in a timestamp.
const DAY: usize = 10;

/// Formats seconds since 1970 as in RFC 3339.
fn moment(seconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    humantime::format_rfc3339_seconds(time.unwrap_or(SystemTime::UNIX_EPOCH)).to_string()
}
