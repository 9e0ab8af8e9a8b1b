//! The fuzz body of the whole host: its bytes decide what controller, peers, application, time and faults do.
//!
//! The input is records of [`RECORD`] bytes. The first chooses the controller and the configuration, each other is
//! one [`Step`]: so an input can be cut anywhere, and a shorter one is found by leaving records out. After each
//! step the invariants are checked; at the end everything becomes well again, and all that is pending must end.
//!
//! | invariant | checked by |
//! |---|---|
//! | no panic, no task that wakes itself without end | `world` |
//! | no reply without a request, and one at most; one request and one indication at a time | `judge` |
//! | commands, the controller's buffers and a channel's credits are never over-used | `judge` |
//! | the level of a link is never above what its key achieved | `ending` |
//! | what does not depend on a peer ends; what is requested is on the air, and nothing else | `ending` |
//! | each request for a link has one owner: `Host::check_invariants` | `world` |
//! | all packets are back once no link is up and nothing is borrowed | `ending` |
//! | what a peer sends comes in order and once, on a channel without a gap | `numbered` |
//! | no deadline stays due, and an idle host sleeps | `world` |
//! | `run` goes on as long as its transport works | `world` |

mod answers;
mod app;
mod calls;
mod config;
mod controller;
mod ending;
mod judge;
mod known;
mod line;
mod link_calls;
mod numbered;
mod packets;
mod pairing;
mod peers;
mod reach;
mod runner;
mod step;
mod world;

use std::cell::RefCell;

use bindrune::{Host, Resources};

pub use reach::take_reached;
pub use runner::{Done, Failure, Random, fuzz, listing, shrink};
pub use step::{Bytes, Step};

use config::Setup;
use world::World;

/// Bytes of a record: one step.
pub const RECORD: usize = 16;

/// Lives the life that the input describes.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn host(input: &[u8]) {
    let mut host = SPARE.take().unwrap_or_else(new_host);
    let mut records = input.chunks(RECORD);
    let setup = Setup::new(records.next().unwrap_or_default());
    host.reset(setup.config()).unwrap();
    {
        let mut world = World::new(&host, setup);
        for record in records {
            world.step(&Step::new(record));
        }
        world.end();
    }
    SPARE.set(Some(host));
}

thread_local! {
    /// A host that inputs use one after the other; one that failed is not used again.
    static SPARE: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Links that the host has room for.
const LINKS: usize = 3;

fn new_host() -> Host {
    let resources = Box::leak(Box::new(Resources::<LINKS, 6, 48, 14, 264, 4096>::new()));
    Host::new(resources, Setup::new(&[]).config()).unwrap()
}
