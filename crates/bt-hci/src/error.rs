use core::fmt;

use embedded_io_async::ErrorKind;

/// Reason why a driver under the host failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// The driver's own error.
    Controller(E),
    /// A packet is longer than the buffer of the adapter.
    TooLong {
        /// Length of the packet with its H4 indicator in octets.
        len: usize,
        /// Length of the buffer in octets.
        max: usize,
    },
    /// The written octets are not a packet that this driver takes; this is their H4 indicator.
    Indicator(u8),
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Controller(error) => write!(f, "the driver failed: {error:?}"),
            Self::TooLong { len, max } => {
                write!(f, "a packet of {len} bytes does not fit in a buffer of {max}")
            }
            Self::Indicator(indicator) => {
                write!(f, "the driver has no packet with H4 indicator 0x{indicator:02x}")
            }
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Error<E> {}

impl<E: embedded_io_async::Error> embedded_io_async::Error for Error<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Controller(error) => error.kind(),
            Self::TooLong { .. } => ErrorKind::OutOfMemory,
            Self::Indicator(_) => ErrorKind::InvalidData,
        }
    }
}
