//! The GATT client, as an application uses it: calls on a [`crate::Connection`].

mod cursor;
mod remote;
mod subscription;
mod turn;
mod value;

pub use cursor::{Characteristics, Descriptors, Includes, Services, Values};
pub use remote::{RemoteCharacteristic, RemoteDescriptor, RemoteInclude, RemoteService};
pub use subscription::Subscription;
pub use value::Attribute;
