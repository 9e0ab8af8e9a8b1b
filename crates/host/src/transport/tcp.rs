//! H4 over TCP, as virtual controllers and emulators use it.

use std::{
    io,
    net::{Shutdown, TcpStream, ToSocketAddrs},
};

use socket2::SockRef;

use super::threaded::{self, PortReader, PortWriter};

/// Connects to a controller that listens on TCP.
///
/// Small packets are neither held back (`TCP_NODELAY`) nor acknowledged late (`TCP_QUICKACK` after every read, because
/// the controller's side may wait for the acknowledgement before it sends its next small packet).
///
/// # Errors
///
/// The error of the operating system: no such host, or nothing listens there.
pub fn connect(address: impl ToSocketAddrs) -> io::Result<(PortReader, PortWriter)> {
    split(TcpStream::connect(address)?)
}

/// Splits an existing connection into its two halves.
///
/// # Errors
///
/// The error of the operating system.
pub fn split(stream: TcpStream) -> io::Result<(PortReader, PortWriter)> {
    stream.set_nodelay(true)?;
    let (reader, closer) = (stream.try_clone()?, stream.try_clone()?);
    threaded::split(QuickAck(reader), stream, move || {
        // A peer that is already gone has closed the connection for us.
        let _ = closer.shutdown(Shutdown::Both);
    })
}

struct QuickAck(TcpStream);

impl io::Read for QuickAck {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buf)?;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        SockRef::from(&self.0).set_tcp_quickack(true)?;
        Ok(n)
    }
}
