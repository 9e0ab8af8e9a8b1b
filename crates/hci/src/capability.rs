//! The capabilities that the crate was built with.

/// Whether the controller's commands and events of BR/EDR have names, and bits among the supported commands.
pub(crate) const CLASSIC: bool = cfg!(feature = "classic");
