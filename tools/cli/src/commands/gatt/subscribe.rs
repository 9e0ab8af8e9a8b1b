//! `gatt subscribe`: prints values as they arrive.

use bindrune::Properties;

use crate::{
    cli::{Globals, Remote},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::Attribute,
    session::{self, Setup},
};

use super::{LONGEST, Reading, locate};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    remote: &Remote,
    attribute: Attribute,
    count: Option<u64>,
) -> Result<(), Failure> {
    let setup = Setup { endless: count.is_none(), ..remote.setup()? };
    session::run(globals, setup, async |host| {
        let connection = find::link(host, out, remote).await?;
        let doing = format!("subscribing to {attribute}");
        let found = locate(&connection, attribute).await.doing(&doing)?;
        let found = found.ok_or(bindrune::Error::NotFound).doing(&doing)?;
        if !found.properties().intersects(Properties::NOTIFY | Properties::INDICATE) {
            return Err(Failure::failed(format!(
                "{doing}: the characteristic exists, but the device neither notifies nor indicates it"
            ))
            .advise(format!("`bindrune gatt read DEVICE {:04x}` reads it, if it is readable.", found.handle())));
        }
        let mut updates = connection.subscribe(&found).await.doing(&doing)?;
        let mut value = vec![0; LONGEST];
        for _ in 0..count.unwrap_or(u64::MAX) {
            let len = updates.next(&mut value).await.doing("waiting for a value")?;
            let octets = value.get(..len).unwrap_or_default();
            out.record(&Reading::new(found.handle(), Some(found.uuid()), octets))?;
            match updates.lost() {
                0 => {}
                lost => out.note(&format!(
                    "{lost} values were lost: they arrived faster than they were printed"
                )),
            }
        }
        Ok(())
    })
    .await
}
