//! Capabilities that this crate was built with.

/// Whether this side sends requests.
pub(crate) const CLIENT: bool = cfg!(feature = "client");
/// The requests of this side, or a client that sends none.
#[cfg(not(feature = "client"))]
pub(crate) use crate::absent::Client;
/// The requests of this side, or a client that sends none.
#[cfg(feature = "client")]
pub(crate) use crate::client::Client;

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

/// Room for a value that only a server needs.
pub(crate) type ServerRoom<T> = [Option<T>; SERVER.is_some() as usize];
