use std::{collections::VecDeque, vec::Vec};

use bindrune_controller::Unplugged;
use embedded_io_async::{ErrorType, Read};

/// A bridge that passes data on ahead of one event: it holds the event until the next ACL packet has passed.
pub(crate) struct Reordered<R> {
    reader: R,
    code: u8,
    /// Octets of a packet that is not complete.
    partial: Vec<u8>,
    held: Vec<u8>,
    ready: VecDeque<u8>,
}

impl<R> Reordered<R> {
    pub(crate) fn new(reader: R, code: u8) -> Self {
        let (partial, held, ready) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { reader, code, partial, held, ready }
    }

    /// Passes the complete packets on.
    fn sort(&mut self) {
        while let Some(len) = length(&self.partial).filter(|len| self.partial.len() >= *len) {
            let packet: Vec<u8> = self.partial.drain(..len).collect();
            match *packet.as_slice() {
                [EVENT, code, ..] if code == self.code && self.held.is_empty() => {
                    self.held = packet;
                }
                [ACL, ..] => {
                    self.ready.extend(packet);
                    self.ready.extend(self.held.drain(..));
                }
                _ => self.ready.extend(packet),
            }
        }
    }
}

impl<R> ErrorType for Reordered<R> {
    type Error = Unplugged;
}

impl<R: Read<Error = Unplugged>> Read for Reordered<R> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        while self.ready.is_empty() {
            let mut octets = [0; 64];
            let n = self.reader.read(&mut octets).await?;
            self.partial.extend_from_slice(octets.get(..n).unwrap_or_default());
            self.sort();
        }
        let n = buffer.len().min(self.ready.len());
        for (place, octet) in buffer.iter_mut().zip(self.ready.drain(..n)) {
            *place = octet;
        }
        Ok(n)
    }
}

/// Returns the length of an H4 packet, once its header is there.
fn length(octets: &[u8]) -> Option<usize> {
    match *octets {
        [EVENT, _, len, ..] => Some(3 + usize::from(len)),
        [ACL, _, _, low, high, ..] => Some(5 + usize::from(u16::from_le_bytes([low, high]))),
        _ => None,
    }
}

const ACL: u8 = 0x02;
const EVENT: u8 = 0x04;
