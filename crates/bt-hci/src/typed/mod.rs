mod answer;
mod commands;
pub mod dispatch;
#[path = "../emit.rs"]
mod emit;
mod sets;

use core::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    marker::PhantomData,
    task::{Context, Poll},
};

use bindrune_hci::{Opcode, h4::PacketType};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

pub(super) use super::bt_hci;
use crate::{
    Error, PACKET, Packets, Reader, Writer, halves,
    slot::{Slot, Waiter},
};
use answer::{ANSWER, Answer};
use bt_hci::{FromHciBytes, controller::Controller, data::AclPacket};

pub use answer::Reply;
pub use commands::Commands;
pub use sets::{
    Advertise, Basic, Central, Common, Connect, Described, Everything, ExtendedAdvertise,
    ExtendedCentral, HostFlowControl, Legacy, LinkTuning, Peripheral, PrivateAddresses, Scan,
};

/// Length of the longest command in octets. [Vol 4] Part E, 5.4.1
const COMMAND_MAX: usize = 258;

/// Adapts a controller with a method for each command to the transport that
/// [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run) takes.
///
/// `N` is the length of the longest packet from the controller, with its H4 indicator.
pub struct Typed<'c, C: Controller, const N: usize = PACKET> {
    controller: &'c C,
    command: Slot<COMMAND_MAX>,
    answer: Slot<ANSWER>,
    packet: Slot<N>,
    /// Whether the command in progress must be dropped.
    abandoned: Cell<bool>,
    abandoning: Waiter,
    error: Cell<Option<Error<C::Error>>>,
    reading: Waiter,
}

impl<C: Controller, const N: usize> core::fmt::Debug for Typed<'_, C, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Typed")
    }
}

impl<'c, C: Controller, const N: usize> Typed<'c, C, N> {
    /// Creates the adapter of a controller.
    pub const fn new(controller: &'c C) -> Self {
        Self {
            controller,
            command: Slot::new(),
            answer: Slot::new(),
            packet: Slot::new(),
            abandoned: Cell::new(false),
            abandoning: Waiter::new(),
            error: Cell::new(None),
            reading: Waiter::new(),
        }
    }

    /// Drives the controller while `host` runs on the two halves, and returns the result of `host`.
    ///
    /// `S` is the set of commands that are dispatched; other commands are answered with Unknown HCI Command (0x01), and
    /// are not reported as supported.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the command in progress and the controller's `read`. `run` may be called again; the
    /// host then starts with a Reset.
    pub async fn run<'r, S: Commands<C>, F: Future>(
        &'r mut self,
        host: impl FnOnce(Reader<Half<'r, 'c, C, S, N>, N>, Writer<Half<'r, 'c, C, S, N>, N>) -> F,
    ) -> F::Output {
        let this: &'r Self = self;
        this.clear();
        let (rx, tx) = halves::split(Half { adapter: this, set: PhantomData });
        // The command in progress is answered before the controller's next packet is read.
        let serve = join(this.receive_packets(), this.execute_commands::<S>());
        match select(host(rx, tx), serve).await {
            Either::First(output) => output,
            Either::Second((never, _)) => match never {},
        }
    }

    fn clear(&self) {
        self.command.clear();
        self.answer.clear();
        self.packet.clear();
        self.abandoned.set(false);
        self.error.set(None);
    }

    /// Waits forever with an error, which the host reads.
    async fn fail(&self, error: Error<C::Error>) -> core::convert::Infallible {
        self.error.set(Some(error));
        self.reading.wake();
        pending().await
    }

    async fn receive_packets(&self) -> core::convert::Infallible {
        let mut buffer = match self.controller.alloc_buf() {
            Ok(buffer) => buffer,
            Err(error) => return self.fail(Error::Controller(error)).await,
        };
        loop {
            self.packet.until_empty().await;
            let packet = match self.controller.read(&mut buffer).await {
                Ok(packet) => packet,
                Err(error) => return self.fail(Error::Controller(error)).await,
            };
            let mut len = 0;
            self.packet.fill(|place| {
                len = emit::emit(&packet, place);
                if len > N { 0 } else { len }
            });
            if len > N {
                return self.fail(Error::TooLong { len, max: N }).await;
            }
            self.reading.wake();
        }
    }

    #[expect(
        clippy::await_holding_refcell_ref,
        reason = "the slot is written to only after it was cleared, which is below"
    )]
    async fn execute_commands<S: Commands<C>>(&self) -> core::convert::Infallible {
        loop {
            poll_fn(|cx| self.command.poll_full(cx)).await;
            let answer = {
                let command = self.command.packet();
                let execute = Answer::execute::<C, S>(self.controller, &command);
                match select(execute, poll_fn(|cx| self.poll_abandoned(cx))).await {
                    Either::First(answer) => Some(answer),
                    Either::Second(()) => None,
                }
            };
            self.abandoned.set(false);
            self.command.clear();
            match answer {
                Some(Ok(answer)) => {
                    self.answer.until_empty().await;
                    self.answer.fill(|place| answer.emit(place));
                    self.reading.wake();
                }
                Some(Err(error)) => return self.fail(Error::Controller(error)).await,
                None => {}
            }
        }
    }

    fn poll_abandoned(&self, cx: &Context<'_>) -> Poll<()> {
        self.abandoning.register(cx);
        if self.abandoned.get() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Passes the next command to the controller.
    async fn put_command(&self, command: &[u8]) {
        if !self.command.is_empty() {
            // The host sends one command at a time: it has given up the previous one.
            self.abandoned.set(true);
            self.abandoning.wake();
            self.command.until_empty().await;
        }
        self.command.fill(|place| {
            place.iter_mut().zip(command).for_each(|(to, from)| *to = *from);
            command.len()
        });
    }

    /// Takes the next packet for the host. An answer precedes the events that its command causes.
    fn poll_receive(
        &self,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> Poll<Result<usize, Error<C::Error>>> {
        if !self.answer.is_empty() {
            return Poll::Ready(Ok(self.answer.take(buffer)));
        }
        if !self.packet.is_empty() {
            return Poll::Ready(Ok(self.packet.take(buffer)));
        }
        if let Some(error) = self.error.take() {
            return Poll::Ready(Err(error));
        }
        self.reading.register(cx);
        Poll::Pending
    }
}

/// The adapter, borrowed by the halves that [`Typed::run`] passes to the host.
pub struct Half<'r, 'c, C: Controller, S, const N: usize> {
    adapter: &'r Typed<'c, C, N>,
    set: PhantomData<S>,
}

impl<C: Controller, S, const N: usize> Clone for Half<'_, '_, C, S, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Controller, S, const N: usize> Copy for Half<'_, '_, C, S, N> {}

impl<C: Controller, S, const N: usize> core::fmt::Debug for Half<'_, '_, C, S, N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Half")
    }
}

impl<C: Controller, S: Commands<C>, const N: usize> Packets for Half<'_, '_, C, S, N> {
    type Error = C::Error;

    async fn receive(&self, buffer: &mut [u8]) -> Result<usize, Error<C::Error>> {
        poll_fn(|cx| self.adapter.poll_receive(buffer, cx)).await
    }

    async fn send(&self, packet: &[u8]) -> Result<(), Error<C::Error>> {
        let adapter = self.adapter;
        match packet {
            [ACL, data @ ..] => {
                let data = AclPacket::from_hci_bytes_complete(data);
                let data = data.map_err(|_| Error::Indicator(ACL))?;
                adapter.controller.write_acl_data(&data).await.map_err(Error::Controller)
            }
            // It may be sent while another command is executed. [Vol 4] Part E, 7.3.40
            [COMMAND, command @ ..] if command.starts_with(&COMPLETED_PACKETS) => {
                let answer = Answer::execute::<C, S>(adapter.controller, command).await;
                answer.map(drop).map_err(Error::Controller)
            }
            [COMMAND, command @ ..] => {
                adapter.put_command(command).await;
                Ok(())
            }
            _ => Err(Error::Indicator(packet.first().copied().unwrap_or(0))),
        }
    }
}

const COMMAND: u8 = PacketType::COMMAND.0;
const ACL: u8 = PacketType::ACL.0;
/// The opcode of Host Number Of Completed Packets.
const COMPLETED_PACKETS: [u8; 2] = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS.0.to_le_bytes();
