//! GATT as an application uses it: the client's calls on a [`crate::Connection`], and the host's own server.

mod cursor;
mod notify;
mod remote;
mod server;
mod subscription;
mod turn;
mod value;

pub use cursor::{Characteristics, Descriptors, Includes, Services, Values};
pub use remote::{RemoteCharacteristic, RemoteDescriptor, RemoteInclude, RemoteService};
pub use server::Gatt;
pub use subscription::Subscription;
pub use value::Attribute;
