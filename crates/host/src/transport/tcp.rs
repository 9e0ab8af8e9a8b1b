//! H4 over TCP, as virtual controllers and emulators use it.

use std::{
    io,
    net::{Shutdown, TcpStream, ToSocketAddrs},
    time::Duration,
};

use socket2::SockRef;

use super::threaded::{self, PortReader, PortWriter};

/// Time for each address to accept the connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to a controller that listens on TCP.
///
/// Blocks while the name is looked up, and then for at most 5 s for each address that the name has.
///
/// Small packets are neither held back (`TCP_NODELAY`) nor acknowledged late (`TCP_QUICKACK` after every read, because
/// the controller's side may wait for the acknowledgement before it sends its next small packet).
///
/// # Errors
///
/// The error of the operating system: no such host, nothing listens there, or no answer ([`io::ErrorKind::TimedOut`]).
pub fn connect(address: impl ToSocketAddrs) -> io::Result<(PortReader, PortWriter)> {
    split(reach(address, PATIENCE)?)
}

/// Connects to the first address that accepts the connection within `patience`.
fn reach(address: impl ToSocketAddrs, patience: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
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

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, vec::Vec};

    use super::*;

    #[test]
    fn the_first_address_that_accepts_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let stream = reach(&[gone, there][..], PATIENCE).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), there);
        assert_eq!(reach(gone, PATIENCE).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(reach(&[][..], PATIENCE).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    /// A program that accepts no more connections: Linux does not answer further ones.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_listener_that_does_not_answer_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Duration::from_millis(200);
        let connected: Vec<_> = (0..4).map(|_| reach(address, patience)).collect();
        let last = connected.last().unwrap().as_ref();
        assert_eq!(last.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
