//! Captures the traffic of a transport in the btsnoop format, which Wireshark and btmon read.
//!
//! A capture wraps the two halves of any transport; the host does not notice it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use bindrune_hci::{
    h4::{Deframer, Direction, Kind, PacketType, Piece},
    snoop,
};
use embedded_io_async::{ErrorType, Read, Write};

use crate::report::report;

/// The sink of a capture, shared by both directions; `None` after it has failed.
type Sink = Arc<Mutex<Option<Box<dyn io::Write + Send>>>>;

/// A captured receiving half.
pub struct CapturedReader<R> {
    inner: R,
    tap: Tap,
}

/// A captured transmitting half.
pub struct CapturedWriter<W> {
    inner: W,
    tap: Tap,
}

/// Captures a transport. Each packet is written to `sink` as soon as it is complete. If `sink` fails, the capture ends
/// in both directions, which the log says, and the transport continues.
///
/// # Errors
///
/// If the header of the capture cannot be written.
pub fn capture<R, W>(
    reader: R,
    writer: W,
    mut sink: impl io::Write + Send + 'static,
) -> io::Result<(CapturedReader<R>, CapturedWriter<W>)> {
    sink.write_all(&snoop::header())?;
    sink.flush()?;
    let sink: Sink = Arc::new(Mutex::new(Some(Box::new(sink))));
    let reader =
        CapturedReader { inner: reader, tap: Tap::new(Arc::clone(&sink), Direction::ToHost) };
    let writer = CapturedWriter { inner: writer, tap: Tap::new(sink, Direction::ToController) };
    Ok((reader, writer))
}

impl<R: ErrorType> ErrorType for CapturedReader<R> {
    type Error = R::Error;
}

impl<R: Read> Read for CapturedReader<R> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        let n = self.inner.read(buf).await?;
        self.tap.pass(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl<W: ErrorType> ErrorType for CapturedWriter<W> {
    type Error = W::Error;
}

impl<W: Write> Write for CapturedWriter<W> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        let n = self.inner.write(buf).await?;
        self.tap.pass(buf.get(..n).unwrap_or_default());
        Ok(n)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.flush().await
    }
}

/// One direction: assembles packets and writes them.
struct Tap {
    sink: Sink,
    direction: Direction,
    deframer: Deframer,
    packet: Vec<u8>,
}

impl Tap {
    const fn new(sink: Sink, direction: Direction) -> Self {
        Self { sink, direction, deframer: Deframer::new(direction), packet: Vec::new() }
    }

    fn pass(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            match self.deframer.advance(&mut octets) {
                Ok(Some(Piece::Header(kind))) => {
                    self.packet = header_of(kind);
                    if kind.is_empty() {
                        self.record();
                    }
                }
                Ok(Some(Piece::Body { octets, last })) => {
                    self.packet.extend_from_slice(octets);
                    if last {
                        self.record();
                    }
                }
                Ok(None) => {}
                // After this, recording starts again at the next Reset, as the host does.
                Err(_) => self.packet.clear(),
            }
        }
    }

    fn record(&mut self) {
        let mut guard = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(sink), Some(&indicator)) = (guard.as_mut(), self.packet.first()) else { return };
        let total = u32::try_from(self.packet.len()).unwrap_or(u32::MAX);
        let header = snoop::record(self.direction, PacketType(indicator), now(), total);
        let written = sink.write_all(&header).and_then(|()| sink.write_all(&self.packet));
        if let Err(error) = written.and_then(|()| sink.flush()) {
            // A record that is not whole ends the file: a reader would take what follows for its rest.
            *guard = None;
            report!(error, "the capture ends here, because it cannot be written: {error}");
        }
    }
}

/// Octets of a packet before its body.
fn header_of(kind: Kind) -> Vec<u8> {
    let octet = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
    match kind {
        Kind::Command { opcode, len } => {
            let [a, b] = opcode.0.to_le_bytes();
            vec![PacketType::COMMAND.0, a, b, octet(len)]
        }
        Kind::Acl(header) => header.emit_h4().to_vec(),
        Kind::Event { code, len } => vec![PacketType::EVENT.0, code.0, octet(len)],
        Kind::ResetComplete { num_packets } => {
            vec![PacketType::EVENT.0, 0x0e, 4, num_packets, 0x03, 0x0c, 0]
        }
        Kind::Encrypted { num_packets } => {
            vec![PacketType::EVENT.0, 0x0e, 20, num_packets, 0x17, 0x20, 0]
        }
        Kind::EncryptRefused => vec![PacketType::EVENT.0, 0x0e, 4, 1, 0x17, 0x20, 1],
        // Packets that this host does not read keep their length; their handle is unknown here.
        Kind::Ignored { packet, len } => match packet {
            PacketType::SCO => vec![packet.0, 0, 0, octet(len)],
            _ => {
                let [a, b] = u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes();
                vec![packet.0, 0, 0, a, b]
            }
        },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a capture shows the time of day, which nothing else may read"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    snoop::UNIX_EPOCH.saturating_add(micros)
}

#[cfg(test)]
mod tests {
    use bindrune_hci::snoop::Capture;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(buf);
            Ok(buf.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_that_fails_gets_nothing_more_from_either_direction() {
        /// Takes what fits in 60 octets.
        #[derive(Clone, Default)]
        struct Full(Shared);

        impl io::Write for Full {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                let room = 60usize.saturating_sub(self.0.0.lock().unwrap().len());
                match buf.get(..buf.len().min(room)) {
                    Some([]) | None => Err(io::ErrorKind::StorageFull.into()),
                    Some(part) => self.0.write(part),
                }
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let file = Full::default();
        let (mut reader, mut writer) =
            capture(&[0u8; 0][..], Vec::<u8>::new(), file.clone()).unwrap();
        writer.tap.pass(&[1, 3, 0x0c, 0]);
        writer.tap.pass(&[1, 3, 0x0c, 0]);
        // There is room again, but the last record is not whole.
        file.0.0.lock().unwrap().truncate(50);
        reader.tap.pass(&[4, 0x0e, 4, 1, 3, 0x0c, 0]);
        assert_eq!(file.0.0.lock().unwrap().len(), 50);
    }

    #[test]
    fn packets_are_recorded_whole_whatever_the_chunks() {
        let event = [4, 0x0e, 4, 1, 3, 0x0c, 0];
        let command = [1, 3, 0x0c, 0];
        let file = Shared::default();
        let (mut reader, mut writer) =
            capture(&[0u8; 0][..], Vec::<u8>::new(), file.clone()).unwrap();
        writer.tap.pass(&command);
        for octet in event {
            reader.tap.pass(&[octet]);
        }
        reader.tap.pass(&[2, 0x40, 0x20, 2, 0, 7, 8]);
        let file = file.0.lock().unwrap().clone();
        let records: Vec<_> = Capture::new(&file).unwrap().map(Result::unwrap).collect();
        let octets: Vec<_> = records.iter().map(|r| r.octets).collect();
        assert_eq!(octets, [&command[..], &event, &[2, 0x40, 0x20, 2, 0, 7, 8]]);
        assert_eq!(records[1].direction, Direction::ToHost);
    }
}
