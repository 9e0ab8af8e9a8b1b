//! `gatt read`: reads a whole value.

use crate::{
    cli::{Globals, Target},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    parse::Attribute,
    session::{self, Setup},
};

use super::{LONGEST, Reading, place};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    attribute: Attribute,
) -> Result<(), Failure> {
    session::run(globals, Setup::central(), async |host| {
        let connection = find::connect(host, target).await?;
        let doing = format!("reading {attribute}");
        let (handle, uuid) = place(&connection, attribute, &doing).await?;
        let mut value = vec![0; LONGEST];
        let len = connection.read(handle, &mut value).await.doing(&doing)?;
        out.record(&Reading::new(handle, uuid, value.get(..len).unwrap_or_default()))
    })
    .await
}
