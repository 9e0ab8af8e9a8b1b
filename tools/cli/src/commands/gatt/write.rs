//! `gatt write`: writes a whole value, with or without a response.

use crate::{
    cli,
    failure::{Doing as _, Failure},
    output::Output,
    parse::Value,
};

use super::{Database, Reading};

pub(crate) async fn write(
    database: &mut Database,
    out: Output,
    write: &cli::Write,
) -> Result<(), Failure> {
    let Value(octets) = &write.value;
    let doing = format!("writing {}", write.attribute);
    let (handle, uuid) = database.place(write.attribute, &doing).await?;
    let connection = database.connection();
    if write.no_response {
        connection.write_without_response(handle, octets).await.doing(&doing)?;
    } else {
        connection.write(handle, octets).await.doing(&doing)?;
    }
    out.record(&Reading::new(handle, uuid, octets))
}
