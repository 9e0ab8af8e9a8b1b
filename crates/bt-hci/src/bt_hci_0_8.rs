//! Drivers with the `Transport` of bt-hci 0.8.
//!
//! A driver of that version returns parsed packets, so each packet is copied once more. cyw43 0.7 needs room for one
//! octet more than its longest packet, and panics without it; the 264 octets of [`split`] are enough for the packets of
//! an LE controller.

#[path = "emit.rs"]
mod emit;

pub use ::bt_hci_0_8 as bt_hci;

use bt_hci::{HostToControllerPacket, PacketKind, WriteHci, transport::Transport};
use embedded_io_async::Write;

use crate::{Error, PACKET, Packets, Reader, Writer, halves};

/// A driver, borrowed by both halves. Its packets have at most `N` bytes.
#[derive(Debug)]
pub struct Driver<'t, T, const N: usize>(&'t T);

impl<T, const N: usize> Clone for Driver<'_, T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const N: usize> Copy for Driver<'_, T, N> {}

/// Creates the two halves that [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run)
/// takes, with buffers for the packets of an LE controller.
pub const fn split<T: Transport>(
    driver: &T,
) -> (Reader<Driver<'_, T, PACKET>, PACKET>, Writer<Driver<'_, T, PACKET>, PACKET>) {
    split_with(driver)
}

/// Like [`split`], with buffers of `N` bytes, for controllers with longer packets.
pub const fn split_with<T: Transport, const N: usize>(
    driver: &T,
) -> (Reader<Driver<'_, T, N>, N>, Writer<Driver<'_, T, N>, N>) {
    halves::split(Driver(driver))
}

impl<T: Transport, const N: usize> Packets for Driver<'_, T, N> {
    type Error = T::Error;

    async fn receive(&self, buffer: &mut [u8]) -> Result<usize, Error<T::Error>> {
        let mut octets = [0; N];
        let packet = self.0.read(&mut octets).await.map_err(Error::Controller)?;
        let (len, max) = (emit::emit(&packet, buffer), buffer.len());
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

/// Declares packets to the controller, without their H4 indicator.
macro_rules! packets {
    ($($(#[$meta:meta])* $name:ident is $kind:ident;)*) => { $(
        $(#[$meta])*
        struct $name<'p>(&'p [u8]);

        impl $name<'_> {
            const INDICATOR: u8 = PacketKind::$kind as u8;
        }

        impl HostToControllerPacket for $name<'_> {
            const KIND: PacketKind = PacketKind::$kind;
        }

        impl WriteHci for $name<'_> {
            fn size(&self) -> usize {
                self.0.len()
            }

            fn write_hci<W: embedded_io::Write>(&self, mut writer: W) -> Result<(), W::Error> {
                writer.write_all(self.0)
            }

            async fn write_hci_async<W: Write>(&self, mut writer: W) -> Result<(), W::Error> {
                writer.write_all(self.0).await
            }
        }
    )* };
}

packets! {
    /// A command.
    Command is Cmd;
    /// ACL data.
    Acl is AclData;
}
