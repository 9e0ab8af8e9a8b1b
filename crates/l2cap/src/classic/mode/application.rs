use bindrune_wire::Datagrams;
use embassy_time::Duration;

use super::Transfer;
use super::agreed::{Agreed, Counters, Kind, SendError, TransferDrops};
use super::receive::Incoming;
use super::segment::Place;
use super::state::State;
use crate::Cid;

/// The largest MPS with which a frame fits in a PDU: control field, SDU length and check sequence take 6 octets.
const MAX_MPS: u16 = u16::MAX.saturating_sub(6);

/// The largest window of the enhanced control field. [Vol 3] Part A, 5.4
const MAX_WINDOW: u8 = 63;

impl<'m> Transfer<'m> {
    /// Creates a closed transfer over the memory for received SDUs and the memory for SDUs to send.
    #[must_use]
    pub const fn new(rx: &'m mut [u8], tx: &'m mut [u8]) -> Self {
        let tx = Datagrams::new(tx);
        let start = Place { mark: tx.end(), offset: 0 };
        Self {
            agreed: Agreed::BASIC,
            is_open: false,
            local: Cid(0),
            remote: Cid(0),
            rx: Datagrams::new(rx),
            tx,
            incoming: Incoming::NONE,
            partial: None,
            out: None,
            send_at: start,
            state: State::new(start),
            drops: Counters::ZERO,
        }
    }

    /// Opens the channel from our CID `local` to the peer's CID `remote`. Removes the SDUs of the channel before it.
    ///
    /// The memory limits the MTU, windows are at most 63, and timeouts of 0 are 2 s and 12 s.
    pub fn open(&mut self, agreed: Agreed, local: Cid, remote: Cid) {
        self.clear();
        self.agreed = Agreed {
            rx_mtu: agreed.rx_mtu.min(self.rx.longest().unwrap_or_default()),
            tx_mps: agreed.tx_mps.clamp(1, MAX_MPS),
            rx_window: agreed.rx_window.clamp(1, MAX_WINDOW),
            tx_window: agreed.tx_window.clamp(1, MAX_WINDOW),
            retransmission_timeout: or_default(
                agreed.retransmission_timeout,
                Agreed::BASIC.retransmission_timeout,
            ),
            monitor_timeout: or_default(agreed.monitor_timeout, Agreed::BASIC.monitor_timeout),
            ..agreed
        };
        (self.local, self.remote) = (local, remote);
        self.is_open = true;
        self.drops = Counters::ZERO;
    }

    /// Closes the channel. Received SDUs stay readable; the SDUs to send are removed, except one of which a PDU is
    /// being sent: finish that PDU.
    pub fn close(&mut self) {
        self.incoming = Incoming::NONE;
        self.partial = None;
        self.rx.abort();
        self.is_open = false;
        self.state = State::new(self.send_at);
        if self.out.is_none() {
            self.tx.clear();
        }
    }

    /// Closes the channel and removes everything, also the PDU that is being sent.
    pub fn clear(&mut self) {
        self.out = None;
        self.close();
        self.rx.clear();
        self.send_at = Place { mark: self.tx.end(), offset: 0 };
        self.state = State::new(self.send_at);
    }

    /// Returns the memory for received SDUs and for SDUs to send.
    #[must_use]
    pub fn into_memory(self) -> (&'m mut [u8], &'m mut [u8]) {
        (self.rx.into_memory(), self.tx.into_memory())
    }

    /// Changes the MTUs of an open channel: of what we receive, and of what the peer receives.
    pub fn reconfigure(&mut self, rx_mtu: u16, tx_mtu: u16) {
        self.agreed.rx_mtu = rx_mtu.min(self.longest_received());
        self.agreed.tx_mtu = tx_mtu;
    }

    /// Returns the length of the longest SDU that fits in the memory for received SDUs, in bytes.
    #[must_use]
    pub fn longest_received(&self) -> u16 {
        self.rx.longest().unwrap_or_default()
    }

    /// Returns whether the channel is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Returns the parameters of the channel, within the limits of its memory.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Returns the mode of the channel.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.agreed.kind
    }

    /// Returns how much was discarded since the channel was opened.
    #[must_use]
    pub fn drops(&self) -> TransferDrops {
        self.drops.read()
    }

    /// Returns whether an SDU of our MTU has no room, in a mode in which it would be dropped.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.agreed.kind != Kind::Enhanced && !self.rx.fits(self.agreed.rx_mtu.into())
    }

    /// Returns the length of the first received SDU in bytes, or `None` if there is none.
    #[must_use]
    pub fn front_len(&self) -> Option<usize> {
        self.rx.front_len()
    }

    /// Returns the number of received SDUs.
    #[must_use]
    pub const fn received(&self) -> usize {
        self.rx.len()
    }

    /// Returns the first received SDU in two pieces; the second one is empty if the SDU does not wrap.
    #[must_use]
    pub fn front(&self) -> Option<(&[u8], &[u8])> {
        self.rx.front()
    }

    /// Returns the first received SDU in one piece. Moves bytes in the ring if the SDU wraps.
    pub fn front_contiguous(&mut self) -> Option<&[u8]> {
        self.rx.front_contiguous()
    }

    /// Copies the first received SDU from `offset` on to the start of `buffer`, and returns the number of bytes. The
    /// SDU stays.
    pub fn read_front(&self, offset: usize, buffer: &mut [u8]) -> Option<usize> {
        Some(self.rx.read_at(self.rx.first()?, offset, buffer))
    }

    /// Frees the first received SDU; false if there is none. A PDU may be due afterwards, because the peer may send
    /// again.
    pub fn pop(&mut self) -> bool {
        let freed = self.rx.pop();
        if self.is_open {
            self.end_local_busy();
        }
        freed
    }

    /// Takes an SDU to be sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::TooLong`] or [`SendError::Closed`].
    pub fn send(&mut self, sdu: &[u8]) -> Result<(), SendError> {
        self.send_parts(&[sdu])
    }

    /// Takes an SDU to be sent, which consists of `parts` one behind the other.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::TooLong`] or [`SendError::Closed`].
    pub fn send_parts(&mut self, parts: &[&[u8]]) -> Result<(), SendError> {
        let len = parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.len()));
        self.can_send(len)?;
        if !self.tx.begin(len) {
            return Err(SendError::Full);
        }
        for part in parts {
            let _has_room = self.tx.push(part);
        }
        self.tx.commit();
        Ok(())
    }

    /// Checks whether an SDU of `len` bytes can be sent now.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`], [`SendError::TooLong`] or [`SendError::Closed`].
    pub fn can_send(&self, len: usize) -> Result<(), SendError> {
        let longest = self.longest();
        if !self.is_open {
            Err(SendError::Closed)
        } else if len > longest.into() {
            Err(SendError::TooLong { longest })
        } else if !self.tx.fits(len) {
            Err(SendError::Full)
        } else {
            Ok(())
        }
    }

    /// Returns the length of the longest SDU that can be sent at all, in bytes.
    #[must_use]
    pub fn longest(&self) -> u16 {
        self.agreed.tx_mtu.min(self.tx.longest().unwrap_or_default())
    }

    /// Returns the length of the longest SDU that can be sent now, in bytes; `None` if none can.
    #[must_use]
    pub fn writable(&self) -> Option<u16> {
        let room = self.tx.room().filter(|_| self.is_open)?;
        Some(room.min(self.longest()))
    }

    /// Returns the number of SDUs that were not sent completely, or in Enhanced Retransmission mode not acknowledged.
    #[must_use]
    pub const fn unsent(&self) -> usize {
        self.tx.len()
    }

    /// Returns whether all SDUs were sent, and in Enhanced Retransmission mode acknowledged.
    #[must_use]
    pub const fn is_flushed(&self) -> bool {
        self.tx.is_empty() && self.out.is_none()
    }
}

/// Returns `time`, or `default` if it is 0, with which the transfer would poll without a pause.
fn or_default(time: Duration, default: Duration) -> Duration {
    if time == Duration::MIN { default } else { time }
}
