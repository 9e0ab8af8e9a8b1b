//! `gatt subscribe`: prints values as they arrive.

use bindrune::{Error, Properties, RemoteCharacteristic, Subscription};

use crate::{
    failure::{Doing as _, Failure},
    output::Output,
    parse::Attribute,
};

use super::{Database, LONGEST, Reading};

/// A characteristic, and its values from now on.
pub(crate) struct Updates {
    pub(crate) of: RemoteCharacteristic<'static>,
    pub(crate) subscription: Subscription<'static>,
}

/// Subscribes to the selected characteristic.
pub(crate) async fn subscribe(
    database: &mut Database,
    attribute: Attribute,
) -> Result<Updates, Failure> {
    let doing = format!("subscribing to {attribute}");
    let found = database.locate(attribute).await.doing(&doing)?;
    let of = found.ok_or(Error::NotFound).doing(&doing)?;
    if !of.properties().intersects(Properties::NOTIFY | Properties::INDICATE) {
        return Err(Failure::failed(format!(
            "{doing}: the characteristic exists, but the device neither notifies nor indicates it"
        ))
        .advise(format!(
            "`gatt read` with handle {:04x} reads it, if it is readable.",
            of.handle()
        )));
    }
    let subscription = database.connection().subscribe(&of).await.doing(&doing)?;
    Ok(Updates { of, subscription })
}

/// Prints values as they arrive: this many, or until the link ends.
pub(crate) async fn print(
    mut updates: Updates,
    out: Output,
    count: Option<u64>,
) -> Result<Updates, Failure> {
    for _ in 0..count.unwrap_or(u64::MAX) {
        updates.next(out).await?;
    }
    Ok(updates)
}

impl Updates {
    /// Waits for the next value, and prints it.
    pub(crate) async fn next(&mut self, out: Output) -> Result<(), Failure> {
        let mut value = vec![0; LONGEST];
        let len = self.subscription.next(&mut value).await.doing("waiting for a value")?;
        let octets = value.get(..len).unwrap_or_default();
        out.record(&Reading::new(self.of.handle(), Some(self.of.uuid()), octets))?;
        match self.subscription.lost() {
            0 => {}
            lost => out.note(&format!(
                "{lost} values were lost: they arrived faster than they were printed"
            )),
        }
        Ok(())
    }
}
