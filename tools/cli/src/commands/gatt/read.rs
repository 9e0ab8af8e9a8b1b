//! `gatt read`: reads a whole value.

use crate::{
    cli,
    failure::{Doing as _, Failure},
    output::Output,
};

use super::{Database, LONGEST, Reading};

pub(crate) async fn read(
    database: &mut Database,
    out: Output,
    read: &cli::Read,
) -> Result<(), Failure> {
    let doing = format!("reading {}", read.attribute);
    let (handle, uuid) = database.place(read.attribute, &doing).await?;
    let mut value = vec![0; LONGEST];
    let len = database.connection().read(handle, &mut value).await.doing(&doing)?;
    out.record(&Reading::new(handle, uuid, value.get(..len).unwrap_or_default()))
}
