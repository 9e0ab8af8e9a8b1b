//! The name that other devices find.

use bindrune::Advertisement;

use crate::output::Output;

/// Says which part of the name other devices find, if the advertisement has no room for all of it.
pub(crate) fn note(out: Output, advertisement: &Advertisement<'_>, name: &str, memory: usize) {
    let Ok(Some(shown)) = advertisement.shown_name(&mut vec![0; memory]) else { return };
    let (len, all) = (shown.len(), name.len());
    if len < all {
        out.note(&format!(
            "The advertisement has room for {len} of the {all} bytes of the name: other devices find it as {shown:?}.\n\
             A shorter --name is shown whole."
        ));
    }
}
