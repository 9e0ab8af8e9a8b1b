/// A part of what must be a `static`, since its address is its identity.
///
/// It has a destructor, which does nothing and never runs in a `static`. The compiler lends nothing with a destructor out of a `const`
/// for longer than a statement, so that a `const` in a table is an error, where it would be a copy with an address of its own.
#[derive(Debug)]
pub(crate) struct OnlyStatic;

impl Drop for OnlyStatic {
    fn drop(&mut self) {}
}
