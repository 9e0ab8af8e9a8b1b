//! A virtual controller with typed methods, which answer like an in-process controller: no task has to read meanwhile.

use core::{
    cell::{Cell, RefCell},
    fmt,
    future::{pending, poll_fn},
    pin::pin,
    task::{Context, Poll},
};
use std::collections::VecDeque;

use bindrune_bt_hci::bt_hci_0_10::bt_hci::{
    ControllerToHostPacket, FromHciBytes, WriteHci,
    cmd::{AsyncCmd, Error, Opcode, SyncCmd},
    controller::{Controller, ControllerCmdAsync, ControllerCmdSync},
    data::{AclPacket, IsoPacket, SyncPacket},
    param::Status,
};
use bindrune_controller::{Port, PortReader, PortWriter};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

/// A fault of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Reading fails.
    Read,
    /// Sending ACL data fails.
    Write,
    /// Each command fails in the driver.
    Command,
    /// Commands other than Reset never end.
    Hang,
    /// The controller sends a packet of 300 octets.
    Long,
}

/// A fault of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faulty(pub Fault);

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl core::error::Error for Faulty {}

impl embedded_io_async::Error for Faulty {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// Octets of the longest packet that a virtual controller sends.
const PACKET: usize = 512;
const COMMAND_COMPLETE: u8 = 0x0e;
const COMMAND_STATUS: u8 = 0x0f;
const RESET: u16 = 0x0c03;
const HOST_NUMBER_OF_COMPLETED_PACKETS: u16 = 0x0c35;

/// A virtual controller with the interface of `nrf-sdc`.
pub struct Direct {
    reader: RefCell<PortReader>,
    writer: RefCell<PortWriter>,
    /// Packets that came while a command was executed.
    waiting: RefCell<VecDeque<Vec<u8>>>,
    /// The command in execution.
    executed: Cell<Opcode>,
    fault: Cell<Option<Fault>>,
}

impl Direct {
    /// Creates a controller without faults.
    #[must_use]
    pub fn new(port: Port) -> Self {
        let (reader, writer) = port.split();
        Self {
            reader: RefCell::new(reader),
            writer: RefCell::new(writer),
            waiting: RefCell::default(),
            executed: Cell::new(Opcode::UNSOLICITED),
            fault: Cell::new(None),
        }
    }

    /// Sets the fault from now on, or none.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.fault.set(fault);
    }

    fn fails(&self, fault: Fault) -> Result<(), Faulty> {
        if self.fault.get() == Some(fault) { Err(Faulty(fault)) } else { Ok(()) }
    }

    /// Returns the next packet that `wanted` selects, from the waiting packets or the port.
    fn poll_packet(&self, cx: &mut Context<'_>, wanted: impl Fn(&[u8]) -> bool) -> Poll<Vec<u8>> {
        loop {
            let mut waiting = self.waiting.borrow_mut();
            if let Some(at) = waiting.iter().position(|packet| wanted(packet)) {
                return Poll::Ready(waiting.remove(at).unwrap());
            }
            let mut reader = self.reader.borrow_mut();
            let mut packet = vec![0; 3];
            let head = pin!(reader.read_exact(&mut packet)).poll(cx);
            if head.is_pending() {
                return Poll::Pending;
            }
            // The port returns whole packets, so the rest has arrived.
            let is_event = packet.first() == Some(&4);
            if !is_event {
                packet.resize(5, 0);
                let rest = packet.get_mut(3..).unwrap();
                assert!(pin!(reader.read_exact(rest)).poll(cx).is_ready());
            }
            let len = match *packet {
                [_, _, len] => usize::from(len),
                [.., low, high] => u16::from_le_bytes([low, high]).into(),
                _ => unreachable_packet(&packet),
            };
            let start = packet.len();
            packet.resize(start + len, 0);
            let rest = packet.get_mut(start..).unwrap();
            assert!(pin!(reader.read_exact(rest)).poll(cx).is_ready());
            waiting.push_back(packet);
            // The packet may be for the other part of the task.
            cx.waker().wake_by_ref();
        }
    }

    /// Sends a command and returns its answer: the status, and the return parameters.
    async fn execute(
        &self,
        opcode: Opcode,
        command: &impl WriteHci,
    ) -> Result<(u8, Vec<u8>), Faulty> {
        self.fails(Fault::Command)?;
        if self.fault.get() == Some(Fault::Hang) && opcode.to_raw() != RESET {
            return pending().await;
        }
        self.send(1, command).await;
        if opcode.to_raw() == HOST_NUMBER_OF_COMPLETED_PACKETS {
            return Ok((0, Vec::new()));
        }
        self.executed.set(opcode);
        let answer = poll_fn(|cx| self.poll_packet(cx, |packet| self.answers(packet))).await;
        self.executed.set(Opcode::UNSOLICITED);
        match answer.as_slice() {
            [4, COMMAND_STATUS, _, status, ..] => Ok((*status, Vec::new())),
            [4, _, _, _, _, _, status, returned @ ..] => Ok((*status, returned.to_vec())),
            other => unreachable_packet(other),
        }
    }

    /// Returns whether a packet answers the command in execution.
    fn answers(&self, packet: &[u8]) -> bool {
        match *packet {
            [4, COMMAND_COMPLETE, _, _, low, high, ..]
            | [4, COMMAND_STATUS, _, _, _, low, high] => {
                u16::from_le_bytes([low, high]) == self.executed.get().to_raw()
            }
            _ => false,
        }
    }

    async fn send(&self, indicator: u8, packet: &impl WriteHci) {
        let mut octets = vec![indicator];
        packet.write_hci(&mut octets).unwrap();
        // The port takes all octets at once.
        let mut writer = self.writer.borrow_mut().clone();
        writer.write_all(&octets).await.unwrap();
    }
}

fn unreachable_packet(packet: &[u8]) -> ! {
    panic!("the virtual controller sent {packet:02x?}")
}

impl ErrorType for Direct {
    type Error = Faulty;
}

impl Controller for Direct {
    type Buffer<'a> = [u8; PACKET];

    fn alloc_buf(&self) -> Result<[u8; PACKET], Faulty> {
        Ok([0; PACKET])
    }

    async fn write_acl_data(&self, packet: &AclPacket<'_>) -> Result<(), Faulty> {
        self.fails(Fault::Write)?;
        self.send(2, packet).await;
        Ok(())
    }

    async fn write_sync_data(&self, packet: &SyncPacket<'_>) -> Result<(), Faulty> {
        panic!("{packet:?}")
    }

    async fn write_iso_data(&self, packet: &IsoPacket<'_>) -> Result<(), Faulty> {
        panic!("{packet:?}")
    }

    async fn read<'a>(
        &self,
        buffer: &'a mut Self::Buffer<'_>,
    ) -> Result<ControllerToHostPacket<'a>, Faulty> {
        let mut packet = poll_fn(|cx| self.poll_packet(cx, |packet| !self.answers(packet))).await;
        self.fails(Fault::Read)?;
        if self.fault.get() == Some(Fault::Long) {
            packet = [vec![2, 0x40, 0x20, 0x27, 0x01], vec![7; 0x127]].concat();
        }
        let place = buffer.get_mut(..packet.len()).unwrap();
        place.copy_from_slice(&packet);
        Ok(ControllerToHostPacket::from_hci_bytes_complete(place).unwrap())
    }
}

impl<C: SyncCmd> ControllerCmdSync<C> for Direct {
    async fn exec(&self, command: &C) -> Result<C::Return, Error<Faulty>> {
        let (status, returned) = self.execute(C::OPCODE, command).await.map_err(Error::Io)?;
        Status::from(status).to_result()?;
        Ok(C::Return::from_hci_bytes_complete(&returned).unwrap())
    }
}

impl<C: AsyncCmd> ControllerCmdAsync<C> for Direct {
    async fn exec(&self, command: &C) -> Result<(), Error<Faulty>> {
        let (status, _) = self.execute(C::OPCODE, command).await.map_err(Error::Io)?;
        Ok(Status::from(status).to_result()?)
    }
}
