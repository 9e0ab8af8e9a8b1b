//! Writes of peers that the host captures. [Vol 3] Part F, 3.4.5

use core::task::Poll;

use bindrune_gatt::Characteristic;

use super::{LinkRef, Stack, life::writer_of, server::value_error};
use crate::Error;

impl Stack {
    /// Takes the oldest captured write of a characteristic. Returns its link, of which the caller becomes a user, and
    /// its length.
    pub(crate) fn poll_captured(
        &mut self,
        characteristic: &Characteristic,
        buffer: &mut [u8],
    ) -> Poll<Result<(LinkRef, usize), Error>> {
        let taken = self.server.poll_captured(characteristic, buffer);
        match taken.map_err(|error| value_error(error, characteristic))? {
            Some((writer, len)) => {
                let link = writer_of(writer);
                self.share_link(link);
                Poll::Ready(Ok((link, len)))
            }
            None => Poll::Pending,
        }
    }
}
