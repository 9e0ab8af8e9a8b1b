//! The client: one transaction at a time, with all its parts. [Vol 3] Part B, 4

use bindrune_wire::{Interest, NoRoom, Uuid, Writer};
use embassy_time::Duration;

mod query;
mod response;

use crate::{ErrorCode, PduId, pdu::Pdu};
pub use query::{AttributeRange, MAX_RANGES};
use query::{Query, RangeList, UuidList};
use response::{Continuation, Part};

/// How long to wait for one response: 30 s. The specification has no timeout, so this is ours.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait for the last part of a result: 5 minutes. The specification has no timeout, so this is ours.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(300);

/// The most parts of one result that a client asks for.
pub const MAX_ROUNDS: u16 = 4096;

/// The client of one channel.
///
/// A transaction is started, `poll_transmit` writes its requests, and `handle_response` takes the responses until one
/// is [`Answer::Complete`] or [`Answer::Failed`]. The caller ends it with [`Self::cancel`] if a response takes longer
/// than [`RESPONSE_TIMEOUT`], or all of them longer than [`SEARCH_TIMEOUT`].
#[derive(Debug)]
pub struct Client {
    mtu: usize,
    transaction: u16,
    stage: Stage,
    query: Query,
    continuation: Continuation,
    rounds: u16,
    /// How many octets of results may follow.
    room: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Due,
    Waiting,
}

/// Outcome of handling a response. The octets lie in the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer<'p> {
    /// The PDU does not belong to the transaction, and changes nothing.
    Ignored,
    /// A part of the results. The request for the next part is due.
    More(&'p [u8]),
    /// The last part of the results. The client is idle.
    Complete(&'p [u8]),
    /// The transaction failed. The client is idle.
    Failed(Failure),
}

/// Reason why a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {
    /// The server refused the request.
    Refused(ErrorCode),
    /// The response is malformed, or does not fit the request.
    Malformed,
    /// The results are longer than the caller's limit.
    TooLong,
    /// A part is empty but not the last one, or there are more than [`MAX_ROUNDS`] parts.
    Endless,
}

/// Reason why a transaction did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RequestError {
    /// Another transaction has not ended.
    Busy,
    /// There are not 1 to [`MAX_PATTERN`](crate::MAX_PATTERN) UUIDs.
    Pattern,
    /// There are not 1 to [`MAX_RANGES`] ranges in ascending order, or the limit is 0.
    Ranges,
    /// The request is longer than the MTU.
    TooLong,
}

impl core::fmt::Display for RequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Busy => "another transaction has not ended",
            Self::Pattern => "a search takes 1 to 12 UUIDs",
            Self::Ranges => {
                "a request takes 1 to 8 ascending ranges of attributes, and a limit of at least 1"
            }
            Self::TooLong => "the request is longer than the MTU",
        })
    }
}

impl core::error::Error for RequestError {}

impl Client {
    /// Creates the client of a channel. `mtu` is the most that the peer receives.
    #[must_use]
    pub const fn new(mtu: u16) -> Self {
        Self {
            mtu: mtu as usize,
            transaction: 0,
            stage: Stage::Idle,
            query: Query::NONE,
            continuation: Continuation::NONE,
            rounds: 0,
            room: 0,
        }
    }

    /// Searches records that contain all of `uuids`. The results are at most `max` handles: see [`Handles`].
    ///
    /// # Errors
    ///
    /// [`RequestError`]; then nothing starts.
    pub fn service_search(&mut self, uuids: &[Uuid], max: u16) -> Result<(), RequestError> {
        let uuids = UuidList::new(uuids).ok_or(RequestError::Pattern)?;
        self.start(Query::Search { uuids, max }, usize::from(max).saturating_mul(4))
    }

    /// Reads attributes of one record. The results are at most `limit` bytes: see [`Record`](crate::Record).
    ///
    /// # Errors
    ///
    /// [`RequestError`]; then nothing starts.
    pub fn attributes(
        &mut self,
        handle: u32,
        ranges: &[AttributeRange],
        limit: usize,
    ) -> Result<(), RequestError> {
        let ranges = RangeList::new(ranges).ok_or(RequestError::Ranges)?;
        self.start(Query::Attributes { handle, ranges }, limit)
    }

    /// Reads attributes of all records that contain all of `uuids`. The results are at most `limit` bytes: see
    /// [`Records`](crate::Records).
    ///
    /// # Errors
    ///
    /// [`RequestError`]; then nothing starts.
    pub fn search_attributes(
        &mut self,
        uuids: &[Uuid],
        ranges: &[AttributeRange],
        limit: usize,
    ) -> Result<(), RequestError> {
        let uuids = UuidList::new(uuids).ok_or(RequestError::Pattern)?;
        let ranges = RangeList::new(ranges).ok_or(RequestError::Ranges)?;
        self.start(Query::SearchAttributes { uuids, ranges }, limit)
    }

    fn start(&mut self, query: Query, limit: usize) -> Result<(), RequestError> {
        if self.stage != Stage::Idle {
            return Err(RequestError::Busy);
        }
        if limit == 0 {
            return Err(RequestError::Ranges);
        }
        if query.longest() > self.mtu {
            return Err(RequestError::TooLong);
        }
        self.query = query;
        self.continuation = Continuation::NONE;
        self.rounds = 0;
        self.room = limit;
        self.stage = Stage::Due;
        Ok(())
    }

    /// Returns whether a transaction is running.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.stage != Stage::Idle
    }

    /// Ends the transaction without a result. A late response is ignored.
    pub const fn cancel(&mut self) {
        self.stage = Stage::Idle;
    }

    /// Returns whether a request is due.
    #[must_use]
    pub fn interest(&self) -> Interest {
        if self.stage == Stage::Due { Interest::Data } else { Interest::None }
    }

    /// Writes the request that is due, and returns whether there was one. Writes nothing if the room is less than the
    /// MTU and too small.
    pub fn poll_transmit(&mut self, w: &mut Writer<'_>) -> bool {
        if self.stage != Stage::Due {
            return false;
        }
        let (transaction, before) = (self.transaction.wrapping_add(1), w.len());
        if self.write(transaction, w).is_err() {
            w.truncate(before);
            return false;
        }
        self.transaction = transaction;
        self.stage = Stage::Waiting;
        true
    }

    fn write(&self, transaction: u16, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let continuation = self.continuation.octets();
        let len = self.query.len().saturating_add(1).saturating_add(continuation.len());
        let len = u16::try_from(len).map_err(|_| NoRoom)?;
        w.u8(self.query.id().0)?;
        w.bytes(&transaction.to_be_bytes())?;
        w.bytes(&len.to_be_bytes())?;
        self.query.write(w)?;
        w.u8(u8::try_from(continuation.len()).map_err(|_| NoRoom)?)?;
        w.bytes(continuation)
    }

    /// Handles a PDU of the server, and returns the part of the results in it.
    pub fn handle_response<'p>(&mut self, pdu: &'p [u8]) -> Answer<'p> {
        let Some(pdu) = Pdu::split(pdu).filter(|pdu| self.is_expected(pdu)) else {
            return Answer::Ignored;
        };
        self.stage = Stage::Idle;
        match self.take(&pdu) {
            Ok(part) if self.continuation.octets().is_empty() => Answer::Complete(part),
            Ok(part) => {
                self.stage = Stage::Due;
                Answer::More(part)
            }
            Err(failure) => Answer::Failed(failure),
        }
    }

    fn is_expected(&self, pdu: &Pdu<'_>) -> bool {
        self.stage == Stage::Waiting && pdu.transaction == self.transaction
    }

    fn take<'p>(&mut self, pdu: &Pdu<'p>) -> Result<&'p [u8], Failure> {
        let parameters = pdu.parameters.ok_or(Failure::Malformed)?;
        if pdu.id == PduId::ERROR_RESPONSE {
            let code = response::error(parameters).map_err(|_| Failure::Malformed)?;
            return Err(Failure::Refused(code));
        }
        if pdu.id.0 != self.query.id().0.wrapping_add(1) {
            return Err(Failure::Malformed);
        }
        let part = match self.query {
            Query::Search { .. } => Part::handles(parameters),
            Query::Attributes { .. } | Query::SearchAttributes { .. } => Part::list(parameters),
        };
        let Part { octets, continuation } = part.map_err(|_| Failure::Malformed)?;
        self.room = self.room.checked_sub(octets.len()).ok_or(Failure::TooLong)?;
        self.rounds = self.rounds.saturating_add(1);
        let is_last = continuation.octets().is_empty();
        if !is_last && (octets.is_empty() || self.rounds >= MAX_ROUNDS) {
            return Err(Failure::Endless);
        }
        self.continuation = continuation;
        Ok(octets)
    }
}

/// The record handles in the results of a service search.
#[derive(Clone, Copy, Debug)]
pub struct Handles<'a>(&'a [u8]);

impl<'a> Handles<'a> {
    /// Creates the iterator from all parts of the results, or from one of them.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }
}

impl Iterator for Handles<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (handle, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*handle))
    }
}

#[cfg(test)]
mod tests;
