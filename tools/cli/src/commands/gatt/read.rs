//! `gatt read`: one value, whole.

use crate::{
    cli::{Globals, Target},
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
    target: &Target,
    attribute: Attribute,
) -> Result<(), Failure> {
    session::run(globals, Setup::central(), async |host| {
        let connection = find::connect(host, target).await?;
        let located = locate(&connection, attribute).await;
        let mut value = vec![0; LONGEST];
        let doing = format!("reading {attribute}");
        let (handle, uuid, len) = match (located, attribute) {
            (Ok(Some(found)), _) => {
                let len = connection.read(&found, &mut value).await.doing(&doing)?;
                (found.handle(), Some(found.uuid()), len)
            }
            (Ok(None) | Err(_), Attribute::Handle(handle)) => {
                let len = connection.read(handle, &mut value).await.doing(&doing)?;
                (handle, None, len)
            }
            (Ok(None), Attribute::Uuid(_)) => return Err(bindrune::Error::NotFound).doing(&doing),
            (Err(error), Attribute::Uuid(_)) => return Err(error).doing(&doing),
        };
        out.record(&Reading::new(handle, uuid, value.get(..len).unwrap_or_default()))
    })
    .await
}
