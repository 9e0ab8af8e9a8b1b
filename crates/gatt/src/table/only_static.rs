/// A field for types that must be a `static`, because their address is their identity.
///
/// It has a destructor, which does nothing and never runs in a `static`. The compiler promotes no `const` with a
/// destructor to a `static`, so a `const` in a table does not compile. Otherwise it would be a copy with an address of
/// its own.
#[derive(Debug)]
pub(crate) struct OnlyStatic;

impl Drop for OnlyStatic {
    fn drop(&mut self) {}
}
