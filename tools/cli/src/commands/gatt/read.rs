//! `gatt read`: reads a whole value.

use crate::{
    cli::{Globals, Remote},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::Attribute,
    session,
};

use super::{LONGEST, Reading, place};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    remote: &Remote,
    attribute: Attribute,
) -> Result<(), Failure> {
    session::run(globals, remote.setup()?, async |host| {
        let connection = find::link(host, out, remote).await?;
        let doing = format!("reading {attribute}");
        let (handle, uuid) = place(&connection, attribute, &doing).await?;
        let mut value = vec![0; LONGEST];
        let len = connection.read(handle, &mut value).await.doing(&doing)?;
        out.record(&Reading::new(handle, uuid, value.get(..len).unwrap_or_default()))
    })
    .await
}
