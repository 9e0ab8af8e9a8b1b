//! Capabilities that this crate was built with.

/// Proof that this side sends requests. Without it no value of this type exists, so the compiler removes the code that
/// needs one.
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasClient;
/// Proof that this side sends requests. Without it no value of this type exists, so the compiler removes the code that
/// needs one.
#[cfg(not(feature = "client"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum HasClient {}

/// The client, if it is built in.
#[cfg(feature = "client")]
pub(crate) const CLIENT: Option<HasClient> = Some(HasClient);
/// The client, if it is built in.
#[cfg(not(feature = "client"))]
pub(crate) const CLIENT: Option<HasClient> = None;

/// Proof that this side has attributes. Without it no value of this type exists, so the compiler removes the code that
/// needs one.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasServer;
/// Proof that this side has attributes. Without it no value of this type exists, so the compiler removes the code that
/// needs one.
#[cfg(not(feature = "server"))]
#[derive(Clone, Copy, Debug)]
pub(crate) enum HasServer {}

/// The server, if it is built in.
#[cfg(feature = "server")]
pub(crate) const SERVER: Option<HasServer> = Some(HasServer);
/// The server, if it is built in.
#[cfg(not(feature = "server"))]
pub(crate) const SERVER: Option<HasServer> = None;
