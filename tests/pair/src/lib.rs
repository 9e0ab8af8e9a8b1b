//! Two or more bindrune hosts on virtual controllers, in virtual time.
//!
//! A [`Scene`] is an air with a seed and a share of loss; each [`Device`] in it is a host on a controller of its own.
//! [`Scene::run`] drives the hosts while an application runs, and then checks that nothing is left: no link, no packet,
//! no violation of HCI. [`Scene::trace`] has all octets that crossed the ports, with their virtual times. If a test
//! fails, the end of the conversation is printed with the seed ([`Trace::conversation`]). The environment variable
//! `BINDRUNE_SEED`, a number, is added to every seed.
//!
//! ```
//! use bindrune::{Advertisement, Config, Connect};
//! use bindrune_pair::Scene;
//!
//! let scene = Scene::new(1);
//! let (lamp, phone) = (scene.device(Config::new("lamp")), scene.device(Config::new("phone")));
//! scene.run(&[&lamp, &phone], async {
//!     let (peripheral, central) = scene.connect(&lamp, &phone).await;
//!     assert_eq!(central.exchange_mtu().await, Ok(247));
//!     assert!(peripheral.is_connected());
//! });
//! ```
#![forbid(unsafe_code)]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a harness fails by panicking"
)]

mod crypto;
mod device;
mod reorder;
mod scene;
mod store;
mod tape;
mod task;

pub use crypto::KnownCrypto;
pub use device::{ClassicMemory, Device, Memory, new_host};
pub use scene::Scene;
pub use store::{Broken, MemoryStore};
pub use tape::Trace;
pub use task::Task;
