use bindrune_wire::Datagrams;
use embassy_time::Instant;

use super::Agreement;

/// Data plane of a channel in Basic mode, until `mode` has all modes.
#[derive(Debug)]
pub(super) struct Transfer {
    rx: Datagrams<'static>,
    tx: Datagrams<'static>,
    /// `None` unless the channel is open.
    open: Option<Agreement>,
}

/// The channel cannot go on, and must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl Transfer {
    /// Creates the data plane of a free slot over memory for received datagrams and for datagrams to send.
    pub(super) const fn new(rx: &'static mut [u8], tx: &'static mut [u8]) -> Self {
        Self { rx: Datagrams::new(rx), tx: Datagrams::new(tx), open: None }
    }

    /// Removes everything: the slot is free.
    pub(super) const fn clear(&mut self) {
        self.rx.clear();
        self.tx.clear();
        self.open = None;
    }

    /// Ends transmission and reception. Received datagrams stay.
    pub(super) const fn stop(&mut self) {
        self.rx.abort();
        self.tx.clear();
        self.open = None;
    }

    /// Starts with the parameters that both ends have agreed on.
    pub(super) const fn open(&mut self, agreement: &Agreement) {
        self.open = Some(*agreement);
    }

    /// Takes other MTUs while the channel is open.
    pub(super) const fn reconfigure(&mut self, agreement: &Agreement) {
        self.open = Some(*agreement);
    }

    /// Returns whether an SDU of `mtu` octets fits in the empty received ring.
    pub(super) fn can_receive(&self, mtu: u16) -> bool {
        self.rx.longest().is_some_and(|longest| longest >= mtu)
    }

    /// Begins a PDU with a payload of `len` octets; false if it is discarded, and counted.
    pub(super) fn begin(&mut self, len: usize) -> bool {
        self.open.is_some_and(|open| len <= open.rx_mtu.into()) && self.rx.begin(len)
    }

    /// Takes the next octets of the payload.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.rx.push(octets);
    }

    /// Takes the end of the PDU, and returns whether it completed a datagram.
    pub(super) fn end(&mut self, _now: Instant) -> Result<bool, Broken> {
        self.rx.commit();
        Ok(true)
    }

    /// Discards the PDU that has begun.
    pub(super) const fn abort(&mut self) {
        self.rx.abort();
    }

    /// Returns whether a PDU is pending.
    pub(super) const fn is_pending(&self) -> bool {
        !self.tx.is_empty()
    }

    /// Begins the next PDU, and returns the length of its payload.
    pub(super) fn next_pdu(&mut self, _now: Instant) -> Option<usize> {
        self.tx.front_len()
    }

    /// Copies the octets of the begun PDU's payload from `offset` on.
    pub(super) fn read(&mut self, offset: usize, buffer: &mut [u8]) -> usize {
        self.tx.first().map_or(0, |mark| self.tx.read_at(mark, offset, buffer))
    }

    /// Records that the begun PDU has left, or that its rest is dropped.
    pub(super) fn sent(&mut self, _now: Instant) {
        self.tx.pop();
    }

    /// Returns whether every datagram has left, and was acknowledged if the mode has that.
    pub(super) const fn is_drained(&self) -> bool {
        self.tx.is_empty()
    }

    /// Takes a datagram to send; false if it does not fit now.
    pub(super) fn send(&mut self, datagram: &[u8]) -> bool {
        self.tx.append(datagram)
    }

    /// Returns the length of the longest datagram that can be sent.
    pub(super) fn longest(&self) -> Option<u16> {
        self.tx.longest()
    }

    /// Returns the number of octets that the next datagram to send may have now.
    pub(super) fn room(&self) -> Option<u16> {
        self.tx.room()
    }

    /// Returns the first received datagram.
    pub(super) fn received(&mut self) -> Option<&[u8]> {
        self.rx.front_contiguous()
    }

    /// Frees the first received datagram; false if there is none.
    pub(super) fn consume(&mut self) -> bool {
        self.rx.pop()
    }

    /// Returns the earliest deadline.
    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Does what is due.
    pub(super) const fn handle_timeout(&mut self, _now: Instant) -> Result<(), Broken> {
        Ok(())
    }
}
