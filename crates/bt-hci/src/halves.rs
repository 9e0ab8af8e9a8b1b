//! The halves that [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run) takes, over
//! whole packets.

use core::future::Future;

use embedded_io_async::{ErrorType, Read, Write};

use crate::{
    Error, PACKET,
    h4::{Partial, Written},
};

/// A driver that takes and returns whole packets, each after its H4 indicator.
pub trait Packets {
    /// The driver's own error.
    type Error: embedded_io_async::Error;

    /// Receives a packet into the start of `buffer`, and returns its length.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] for an error of the driver; [`Error::TooLong`] if a packet does not fit; that packet is
    /// lost.
    fn receive(&self, buffer: &mut [u8])
    -> impl Future<Output = Result<usize, Error<Self::Error>>>;

    /// Sends a command or an ACL packet.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] for an error of the driver.
    fn send(&self, packet: &[u8]) -> impl Future<Output = Result<(), Error<Self::Error>>>;
}

/// Creates the two halves that [`Host::run`](https://docs.rs/bindrune/latest/bindrune/struct.Host.html#method.run)
/// takes, for a driver of your own.
pub const fn split<D: Packets + Copy, const N: usize>(driver: D) -> (Reader<D, N>, Writer<D, N>) {
    let reader = Reader { driver, octets: [0; N], from: 0, to: 0 };
    (reader, Writer { driver, partial: Partial::new() })
}

/// Reads the controller's packets as H4.
#[derive(Debug)]
pub struct Reader<D, const N: usize = PACKET> {
    driver: D,
    /// The octets `from..to` were received but not read yet.
    octets: [u8; N],
    from: usize,
    to: usize,
}

impl<D: Packets, const N: usize> ErrorType for Reader<D, N> {
    type Error = Error<D::Error>;
}

impl<D: Packets, const N: usize> Read for Reader<D, N> {
    /// Reads one packet: directly into `buffer` if any packet fits there, otherwise as much of it as fits.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] for an error of the driver; [`Error::TooLong`] for a packet of more than `N` bytes; that
    /// packet is lost.
    ///
    /// # Cancel safety
    ///
    /// The same as that of the driver's `read`.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.from >= self.to {
            if let Some(buffer) = buffer.get_mut(..N) {
                return self.driver.receive(buffer).await;
            }
            (self.from, self.to) = (0, 0);
            self.to = self.driver.receive(&mut self.octets).await?;
        }
        let rest = self.octets.get(self.from..self.to).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.from = self.from.saturating_add(n);
        Ok(n)
    }
}

/// Writes the host's H4 octets to the controller.
#[derive(Debug)]
pub struct Writer<D, const N: usize = PACKET> {
    driver: D,
    partial: Partial<N>,
}

impl<D: Packets, const N: usize> ErrorType for Writer<D, N> {
    type Error = Error<D::Error>;
}

impl<D: Packets, const N: usize> Write for Writer<D, N> {
    /// Writes one packet, or stores a part of it until the rest is written.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] for an error of the driver; [`Error::Indicator`] for octets that are neither a command nor
    /// ACL data; [`Error::TooLong`] for a packet in parts that has more than `N` bytes.
    ///
    /// # Cancel safety
    ///
    /// The same as that of the driver's `write`. A stored part is not lost.
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Self::Error> {
        self.flush().await?;
        match self.partial.take(octets)? {
            Written::Packet(packet) => {
                self.driver.send(packet).await?;
                Ok(packet.len())
            }
            Written::Part(n) => Ok(n),
        }
    }

    /// Writes the packet that was written in parts, if it is complete.
    async fn flush(&mut self) -> Result<(), Self::Error> {
        if let Some(packet) = self.partial.complete() {
            self.driver.send(packet).await?;
            self.partial.clear();
        }
        Ok(())
    }
}
