//! `gatt write`: writes a whole value, with or without a response.

use crate::{
    cli::{Globals, Target},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::{Attribute, Value},
    session::{self, Setup},
};

use super::{Reading, place};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    attribute: Attribute,
    value: &Value,
    answered: bool,
) -> Result<(), Failure> {
    let Value(octets) = value;
    session::run(globals, Setup::central(), async |host| {
        let connection = find::connect(host, target).await?;
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
