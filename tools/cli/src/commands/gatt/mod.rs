//! `gatt`: the attributes of a device.

mod database;
pub(crate) mod read;
pub(crate) mod subscribe;
pub(crate) mod tree;
pub(crate) mod write;

use bindrune::Uuid;
use serde::Serialize;

use crate::{
    cli::{Gatt, Globals},
    failure::Failure,
    find, numbers,
    output::{Output, Record},
    paint::Paint,
    parse::hex,
    render::{self, Meaning},
    session::{self, Setup},
};

pub(crate) use database::{Database, is_meant};

pub(crate) use crate::echo::LONGEST_VALUE as LONGEST;

pub(crate) async fn run(globals: &Globals, out: Output, command: Gatt) -> Result<(), Failure> {
    let (remote, endless) = match &command {
        Gatt::Tree { remote } | Gatt::Read { remote, .. } | Gatt::Write { remote, .. } => {
            (remote, false)
        }
        Gatt::Subscribe { remote, subscribe } => (remote, subscribe.count.is_none()),
    };
    let setup = Setup { endless, ..remote.setup()? };
    session::run(globals, setup, async |host| {
        let mut database = Database::new(find::link(host, out, remote).await?);
        match &command {
            Gatt::Tree { .. } => tree::print(database.connection(), out).await,
            Gatt::Read { read, .. } => read::read(&mut database, out, read).await,
            Gatt::Write { write, .. } => write::write(&mut database, out, write).await,
            Gatt::Subscribe { subscribe, .. } => {
                let updates = subscribe::subscribe(&mut database, subscribe.attribute).await?;
                subscribe::print(updates, out, subscribe.count).await.map(drop)
            }
        }
    })
    .await
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
