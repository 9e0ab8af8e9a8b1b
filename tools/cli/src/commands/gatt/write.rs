//! `gatt write`: writes a whole value, with or without a response.

use crate::{
    cli::{Globals, Remote},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::{Attribute, Value},
    session,
};

use super::{Reading, place};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    remote: &Remote,
    attribute: Attribute,
    value: &Value,
    answered: bool,
) -> Result<(), Failure> {
    let Value(octets) = value;
    session::run(globals, remote.setup()?, async |host| {
        let connection = find::link(host, out, remote).await?;
        let doing = format!("writing {attribute}");
        let (handle, uuid) = place(&connection, attribute, &doing).await?;
        if answered {
            connection.write(handle, octets).await.doing(&doing)?;
        } else {
            connection.write_without_response(handle, octets).await.doing(&doing)?;
        }
        out.record(&Reading::new(handle, uuid, octets))
    })
    .await
}
