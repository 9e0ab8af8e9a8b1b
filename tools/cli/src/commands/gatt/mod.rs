//! `gatt`: the attributes of a device.

mod read;
mod subscribe;
pub(crate) mod tree;
mod write;

use bindrune::{Connection, Error, RemoteCharacteristic, Uuid};
use serde::Serialize;

use crate::{
    cli::{Gatt, Globals},
    failure::{Doing as _, Failure},
    numbers,
    output::{Output, Record},
    paint::Paint,
    parse::{Attribute, hex},
    render::{self, Meaning},
};

pub(crate) use crate::echo::LONGEST_VALUE as LONGEST;

pub(crate) async fn run(globals: &Globals, out: Output, command: Gatt) -> Result<(), Failure> {
    match command {
        Gatt::Tree { remote } => tree::run(globals, out, &remote).await,
        Gatt::Read { remote, attribute } => read::run(globals, out, &remote, attribute).await,
        Gatt::Write { remote, attribute, value, no_response } => {
            write::run(globals, out, &remote, attribute, &value, !no_response).await
        }
        Gatt::Subscribe { remote, attribute, count } => {
            subscribe::run(globals, out, &remote, attribute, count).await
        }
    }
}

/// A value of an attribute: read, written or notified.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reading {
    handle: u16,
    uuid: Option<String>,
    name: Option<&'static str>,
    value: String,
    text: Option<Meaning>,
}

impl Reading {
    pub(crate) fn new(handle: u16, uuid: Option<Uuid>, value: &[u8]) -> Self {
        Self {
            handle,
            uuid: uuid.map(|u| u.to_string()),
            name: uuid.and_then(numbers::characteristic),
            value: hex(value),
            text: uuid.and_then(|u| render::meaning(u, value)),
        }
    }
}

impl Record for Reading {
    fn human(&self, paint: Paint) -> String {
        let name = self.name.map(str::to_owned).or_else(|| self.uuid.clone()).unwrap_or_default();
        let handle = format!("{:04x}", self.handle);
        let text = self.text.as_ref().map(Meaning::human).unwrap_or_default();
        format!(" {} {name}  {}  {text}", paint.dim(&handle), paint.bold(&self.value))
            .trim_end()
            .to_owned()
    }
}

/// Returns handle and UUID of the selected value; no UUID if no characteristic has that handle.
async fn place(
    connection: &Connection<'static>,
    attribute: Attribute,
    doing: &str,
) -> Result<(u16, Option<Uuid>), Failure> {
    match (locate(connection, attribute).await, attribute) {
        (Ok(Some(found)), _) => Ok((found.handle(), Some(found.uuid()))),
        (Ok(None) | Err(_), Attribute::Handle(handle)) => Ok((handle, None)),
        (Ok(None), Attribute::Uuid(_)) => Err(Error::NotFound).doing(doing),
        (Err(error), Attribute::Uuid(_)) => Err(error).doing(doing),
    }
}

/// Returns the selected characteristic, or `None` if the attribute is not the value of one.
pub(crate) async fn locate(
    connection: &Connection<'static>,
    attribute: Attribute,
) -> Result<Option<RemoteCharacteristic<'static>>, Error> {
    let mut services = connection.services();
    while let Some(service) = services.next().await? {
        let mut characteristics = service.characteristics();
        while let Some(found) = characteristics.next().await? {
            let is_meant = match attribute {
                Attribute::Handle(handle) => handle == found.handle(),
                Attribute::Uuid(uuid) => uuid == found.uuid(),
            };
            if is_meant {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}
