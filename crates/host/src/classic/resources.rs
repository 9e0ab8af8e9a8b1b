//! All the memory that BR/EDR will ever use.

use bindrune_classic::{FoundSlot, LinkSlot, security::Slot as SecuritySlot};
use bindrune_l2cap::classic::Channel;
use bindrune_rfcomm::Dlc;

use crate::{
    resources::Place,
    stack::{
        ClassicAsk, ClassicBondPlace, ClassicLink, ClassicState, ClassicUser, RFCOMM_MTU,
        RfcommPort,
    },
    waiters::{ChannelWaiters, Group},
};

/// All the memory that BR/EDR will ever use, in sizes that the user chooses. It is all zero at first, so a `static` of
/// it takes no flash.
///
/// | parameter | meaning | default |
/// |---|---|--:|
/// | `LINKS` | links at once | 2 |
/// | `CHANNELS` | L2CAP channels at once, on all links; each discovery of services takes one | 4 |
/// | `RECEIVE` | bytes of each channel for received datagrams, each 2 bytes longer | 4,096 |
/// | `SEND` | bytes of each channel for datagrams to send | 4,096 |
/// | `FOUND` | devices that an inquiry remembers | 8 |
/// | `BONDS` | devices whose link keys are kept | 4 |
/// | `SERVICES` | bytes for the records of services that this device offers | 512 |
/// | `STREAMS` | RFCOMM connections at once, on all links; each link with one also takes a channel | 2 |
/// | `STREAM` | bytes of each RFCOMM connection for received data, and as many for data to send | 1,024 |
///
/// ```
/// use bindrune::ClassicResources;
/// const FOR_ONE_LINK: ClassicResources<1, 2, 1024, 1024> = ClassicResources::new();
/// # let _ = FOR_ONE_LINK;
/// ```
#[derive(Debug)]
pub struct ClassicResources<
    const LINKS: usize = 2,
    const CHANNELS: usize = 4,
    const RECEIVE: usize = 4096,
    const SEND: usize = 4096,
    const FOUND: usize = 8,
    const BONDS: usize = 4,
    const SERVICES: usize = 512,
    const STREAMS: usize = 2,
    const STREAM: usize = 1024,
> {
    pub(crate) state: Place<ClassicState>,
    pub(crate) links: Place<[ClassicLink; LINKS]>,
    pub(crate) link_slots: Place<[LinkSlot; LINKS]>,
    pub(crate) questions: Place<[ClassicAsk; LINKS]>,
    pub(crate) bonds: Place<[ClassicBondPlace; BONDS]>,
    pub(crate) services: [u8; SERVICES],
    pub(crate) response: [u8; RFCOMM_MTU],
    pub(crate) ports: Place<[RfcommPort; LINKS]>,
    pub(crate) dlcs: Place<[Dlc; STREAMS]>,
    pub(crate) stream_receive: [[u8; STREAM]; STREAMS],
    pub(crate) stream_send: [[u8; STREAM]; STREAMS],
    pub(crate) stream_waiters: [ChannelWaiters; STREAMS],
    pub(crate) stream_ready: [Group; STREAMS],
    pub(crate) security: Place<[SecuritySlot; LINKS]>,
    pub(crate) channels: Place<[Channel; CHANNELS]>,
    pub(crate) users: Place<[ClassicUser; CHANNELS]>,
    pub(crate) receive: [[u8; RECEIVE]; CHANNELS],
    pub(crate) send: [[u8; SEND]; CHANNELS],
    pub(crate) found: Place<[FoundSlot; FOUND]>,
    pub(crate) host_waiters: ChannelWaiters,
    pub(crate) host_ready: Group,
    pub(crate) waiters: [ChannelWaiters; CHANNELS],
    pub(crate) ready: [Group; CHANNELS],
}

impl<
    const LINKS: usize,
    const CHANNELS: usize,
    const RECEIVE: usize,
    const SEND: usize,
    const FOUND: usize,
    const BONDS: usize,
    const SERVICES: usize,
    const STREAMS: usize,
    const STREAM: usize,
> ClassicResources<LINKS, CHANNELS, RECEIVE, SEND, FOUND, BONDS, SERVICES, STREAMS, STREAM>
{
    /// Creates the resources for BR/EDR of one host, to be stored in a `static` or leaked from a box.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a const fn for statics; the value is large")]
    pub const fn new() -> Self {
        const {
            assert!(LINKS >= 1 && LINKS <= 7, "LINKS of ClassicResources is 1 to 7");
            assert!(CHANNELS >= 1 && CHANNELS <= 62, "CHANNELS of ClassicResources is 1 to 62");
            assert!(
                STREAMS <= 62 && CHANNELS + STREAMS <= 62,
                "CHANNELS and STREAMS of ClassicResources are at most 62 together"
            );
            assert!(STREAMS == 0 || STREAM >= 64, "STREAM of ClassicResources is at least 64");
            assert!(
                RECEIVE >= 674,
                "RECEIVE of ClassicResources is at least 674, for the default MTU"
            );
            assert!(SEND >= 674, "SEND of ClassicResources is at least 674, for the default MTU");
            assert!(FOUND >= 1, "FOUND of ClassicResources is at least 1");
        }
        Self {
            state: Place::Empty,
            links: Place::Empty,
            link_slots: Place::Empty,
            questions: Place::Empty,
            bonds: Place::Empty,
            services: [0; SERVICES],
            response: [0; RFCOMM_MTU],
            ports: Place::Empty,
            dlcs: Place::Empty,
            stream_receive: [[0; STREAM]; STREAMS],
            stream_send: [[0; STREAM]; STREAMS],
            stream_waiters: [const { ChannelWaiters::EMPTY }; STREAMS],
            stream_ready: [Group::EMPTY; STREAMS],
            security: Place::Empty,
            channels: Place::Empty,
            users: Place::Empty,
            receive: [[0; RECEIVE]; CHANNELS],
            send: [[0; SEND]; CHANNELS],
            found: Place::Empty,
            host_waiters: ChannelWaiters::EMPTY,
            host_ready: Group::EMPTY,
            waiters: [const { ChannelWaiters::EMPTY }; CHANNELS],
            ready: [Group::EMPTY; CHANNELS],
        }
    }

    /// Creates the slots of RFCOMM connections over their memory.
    pub(crate) fn dlcs(
        receive: &'static mut [[u8; STREAM]; STREAMS],
        send: &'static mut [[u8; STREAM]; STREAMS],
    ) -> [Dlc; STREAMS] {
        let mut receive = receive.iter_mut();
        let mut send = send.iter_mut();
        core::array::from_fn(|_| {
            let rx: &'static mut [u8] = receive.next().map_or(&mut [], |ring| ring.as_mut_slice());
            let tx: &'static mut [u8] = send.next().map_or(&mut [], |ring| ring.as_mut_slice());
            Dlc::new(rx, tx)
        })
    }

    /// Creates the slots of channels over their memory.
    pub(crate) fn channels(
        receive: &'static mut [[u8; RECEIVE]; CHANNELS],
        send: &'static mut [[u8; SEND]; CHANNELS],
    ) -> [Channel; CHANNELS] {
        let mut receive = receive.iter_mut();
        let mut send = send.iter_mut();
        core::array::from_fn(|_| {
            let rx: &'static mut [u8] = receive.next().map_or(&mut [], |ring| ring.as_mut_slice());
            let tx: &'static mut [u8] = send.next().map_or(&mut [], |ring| ring.as_mut_slice());
            Channel::new(rx, tx)
        })
    }
}
