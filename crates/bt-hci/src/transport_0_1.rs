//! Drivers with the `Transport` of bt-hci-transport 0.1.
//!
//! The packets stay octets: moving them needs no type of `bt-hci`.

mod packet;

use bt_hci_transport_0_1::Transport;

use crate::{Error, PACKET, Packets, Reader, Writer, halves};
use packet::{Acl, Command, Received};

/// A driver, borrowed by both halves.
#[derive(Debug)]
pub struct Driver<'t, T>(&'t T);

impl<T> Clone for Driver<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Driver<'_, T> {}

/// Creates the two halves that [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run)
/// takes, with buffers for the packets of an LE controller.
pub const fn split<T: Transport>(
    driver: &T,
) -> (Reader<Driver<'_, T>, PACKET>, Writer<Driver<'_, T>, PACKET>) {
    split_with(driver)
}

/// Like [`split`], with buffers of `N` bytes, for controllers with longer packets.
pub const fn split_with<T: Transport, const N: usize>(
    driver: &T,
) -> (Reader<Driver<'_, T>, N>, Writer<Driver<'_, T>, N>) {
    halves::split(Driver(driver))
}

impl<T: Transport> Packets for Driver<'_, T> {
    type Error = T::Error;

    async fn receive(&self, buffer: &mut [u8]) -> Result<usize, Error<T::Error>> {
        let max = buffer.len();
        let Received { len } = self.0.read(buffer).await.map_err(Error::Controller)?;
        if len > max { Err(Error::TooLong { len, max }) } else { Ok(len) }
    }

    async fn send(&self, packet: &[u8]) -> Result<(), Error<T::Error>> {
        let sent = match packet {
            [Command::INDICATOR, command @ ..] => self.0.write(&Command(command)).await,
            [Acl::INDICATOR, data @ ..] => self.0.write(&Acl(data)).await,
            _ => return Err(Error::Indicator(packet.first().copied().unwrap_or(0))),
        };
        sent.map_err(Error::Controller)
    }
}
