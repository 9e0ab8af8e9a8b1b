//! The null controller, as the host's transport.

use std::{convert::Infallible, fmt};

use bindrune_bench_null::{Shared, next, write};
use bt_hci::{
    ReadHciError,
    transport::{PacketKind, PacketToController, PacketToHost, Transport, WithIndicator},
};

/// One host's end.
pub(crate) struct Port {
    pub(crate) controller: Shared,
    pub(crate) side: usize,
}

/// A packet that does not fit the host's buffer, or that it cannot parse.
#[derive(Debug)]
pub(crate) struct PortError(ReadHciError<Infallible>);

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for PortError {}

impl embedded_io::Error for PortError {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl From<ReadHciError<Infallible>> for PortError {
    fn from(error: ReadHciError<Infallible>) -> Self {
        Self(error)
    }
}

impl embedded_io::ErrorType for Port {
    type Error = PortError;
}

impl Transport for Port {
    async fn read<'a, P: PacketToHost<'a>>(&self, buffer: &'a mut [u8]) -> Result<P, PortError> {
        let packet = next(&self.controller, self.side).await;
        let kind = if packet[0] == 2 { PacketKind::AclData } else { PacketKind::Event };
        let read = P::read_hci(kind, &mut &packet[1..], buffer);
        self.controller.borrow_mut().recycle(self.side, packet);
        read.map_err(|_| PortError(ReadHciError::InvalidValue))
    }

    async fn write<P: PacketToController>(&self, packet: &P) -> Result<(), PortError> {
        let mut buffer = [0; 1100];
        let free = {
            let mut rest = &mut buffer[..];
            WithIndicator::new(packet)
                .write_hci(&mut rest)
                .map_err(|_| PortError(ReadHciError::InvalidValue))?;
            rest.len()
        };
        write(&self.controller, self.side, &buffer[..buffer.len() - free]).await;
        Ok(())
    }
}
