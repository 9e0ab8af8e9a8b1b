//! Which capabilities this host was built with: the features of the crate, as constants that the code goes by.

/// The Security Manager.
pub(crate) const SECURITY: bool = cfg!(feature = "security");
