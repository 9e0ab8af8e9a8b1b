//! The fuzz body of the whole host: its bytes control the controller, peers, application, time and faults.
//!
//! The input is records of [`RECORD`] bytes. The first selects the controller and the configuration, each other
//! one is a [`Step`]. So an input can be cut anywhere, and leaving records out finds a shorter one. The invariants
//! are checked after each step; at the end all faults are removed, and all pending operations must end.
//!
//! | invariant | checked by |
//! |---|---|
//! | no panic, no task that wakes itself endlessly | `world` |
//! | no reply without a request, and one at most; one request and one indication at a time | `judge` |
//! | the commands, the controller's buffers and a channel's credits are never exceeded | `judge` |
//! | the level of a link is never above that of its key | `ending` |
//! | waits that do not depend on a peer end; exactly the requested activities are on the air | `ending` |
//! | each request for a link has one owner: `Host::check_invariants` | `world` |
//! | `run` waits for no deadline later than the earliest of its machines: `Host::check_invariants` | `world` |
//! | no task waits for a packet that is free, or for a turn that nothing ends: `Host::check_invariants` | `world` |
//! | no PDU of a machine or of the application waits unmarked: `Host::check_invariants` | `world` |
//! | all packets are returned once no link is up and nothing is borrowed | `ending` |
//! | the values of a peer arrive in order and once, on a channel without a gap | `numbered` |
//! | BR/EDR: in Enhanced Retransmission mode no datagram is lost, and a flush waits for all | `numbered`, `classic::peer` |
//! | BR/EDR: no pairing with a peer that only claims to have data of the host | `classic::oob` |
//! | BR/EDR: no data and no channel before the security that it needs, or without encryption | `classic::radio`, `classic::signs` |
//! | BR/EDR: sniff mode begins from active mode, and its interval is shorter than the supervision timeout | `classic::modes` |
//! | a bond that was removed stays away; one peer does not take every channel | `classic::calls`, `classic::ending` |
//! | no deadline stays due, and an idle host sleeps | `world` |
//! | `run` continues as long as its transport works | `world` |

mod answers;
mod app;
mod calls;
mod classic;
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
mod shown;
mod step;
mod world;

use std::cell::RefCell;

use bindrune::{Host, Resources};

pub use reach::take_reached;
pub use runner::{Done, Failure, Random, fuzz, listing, shrink};
pub use step::{Bytes, Step};

pub use classic::Step as ClassicStep;

use config::Setup;
use world::World;

/// Bytes of a record: one step.
pub const RECORD: usize = 16;

/// Runs the life that the input describes.
///
/// # Panics
///
/// If an invariant is broken.
pub fn host(input: &[u8]) {
    let mut records = input.chunks(RECORD);
    let setup = Setup::new(records.next().unwrap_or_default());
    let kind = setup.host();
    let mut host =
        SPARE.with_borrow_mut(|spare| spare[kind].take()).unwrap_or_else(|| new_host(&setup));
    host.reset(setup.config()).unwrap();
    {
        let mut world = World::new(&host, setup);
        for record in records {
            world.step(&Step::of_life(record, setup.classic));
        }
        world.end();
    }
    SPARE.with_borrow_mut(|spare| spare[kind] = Some(host));
}

thread_local! {
    /// Hosts that successive inputs use, of each kind; a host that failed is not used again.
    static SPARE: RefCell<[Option<Host>; 3]> = const { RefCell::new([const { None }; 3]) };
}

/// Number of links that the host has room for.
const LINKS: usize = 3;

fn new_host(setup: &Setup) -> Host {
    let resources = Box::leak(Box::new(Resources::<LINKS, 6, 48, 14, 264, 4096>::new()));
    let host = Host::new(resources, Setup::new(&[]).config()).unwrap();
    if setup.classic { classic::add(host, setup.user) } else { host }
}
