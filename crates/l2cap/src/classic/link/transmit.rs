use bindrune_wire::{Interest, Writer, time::Instant};
use zerocopy::IntoBytes;

use super::channel::Due;
use super::{Echo, EchoState, FRAME, Link, Peer, after};
use crate::classic::channel::RTX;
use crate::classic::channels::Channels;
use crate::classic::pdu::{Command, InformationKind};
use crate::classic::{Channel, CloseReason, Fragment};
use crate::{Cid, Header};

/// The PDU that is being sent.
#[derive(Debug)]
pub(super) struct Sending {
    source: Source,
    /// Octets of the PDU, with its header.
    total: usize,
    /// Octets that have left.
    sent: usize,
    is_flushable: bool,
    /// A whole C-frame.
    frame: [u8; FRAME],
    /// The slot that sent last.
    last: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Nothing,
    Signalling,
    /// The slot of a channel, and its CID.
    Channel(usize, Cid),
}

impl Sending {
    pub(super) const fn new() -> Self {
        Self {
            source: Source::Nothing,
            total: 0,
            sent: 0,
            is_flushable: false,
            frame: [0; FRAME],
            last: 0,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.source != Source::Nothing
    }

    /// Returns the channel of the PDU, if the controller may flush it.
    fn flushable(&self) -> Option<(u8, Cid)> {
        match self.source {
            Source::Channel(slot, cid) if self.is_flushable => {
                u8::try_from(slot).ok().map(|slot| (slot, cid))
            }
            Source::Nothing | Source::Signalling | Source::Channel(..) => None,
        }
    }

    const fn begin(&mut self, source: Source, payload: usize, is_flushable: bool) {
        self.source = source;
        self.total = payload.saturating_add(Header::LEN);
        self.sent = 0;
        self.is_flushable = is_flushable;
    }
}

impl Link {
    /// Writes the next fragment, of at most `max` octets, to the start of `out`. A PDU that has begun is finished
    /// first; then signalling is sent, then data of each channel in turn.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        max: usize,
        channels: &mut Channels,
        out: &mut [u8],
    ) -> Option<Fragment> {
        let len = max.min(out.len());
        let out = out.get_mut(..len).filter(|out| !out.is_empty())?;
        self.check_source(channels);
        if !self.sending.is_busy() && !self.begin_signal(now, channels) {
            self.begin_data(channels)?;
        }
        let first = self.sending.sent == 0;
        if first {
            self.outstanding.begin(self.sending.flushable());
        }
        self.outstanding.add();
        let len = self.write(channels, out);
        self.sending.sent = self.sending.sent.saturating_add(len);
        let fragment = Fragment { len, first, flushable: self.sending.is_flushable };
        if self.sending.sent >= self.sending.total {
            self.finish_pdu(now, channels);
        }
        Some(fragment)
    }

    /// Records that the controller no longer holds the oldest `count` fragments: call it for Number Of Completed
    /// Packets.
    pub fn completed(&mut self, count: u16) {
        self.outstanding.completed(count, self.sending.is_busy());
    }

    /// Counts a PDU that the controller has flushed, for the channel of the oldest flushable one that it holds, or of
    /// the last one that it has completed. Call it when the controller reports a flush.
    ///
    /// The rest of a PDU that has begun is sent anyway: the event does not name the PDU, and the controller itself
    /// drops the rest of a flushed one. [Vol 2] Part B, 7.6.2
    pub fn flushed(&mut self, channels: &mut Channels) {
        let Some((index, cid)) = self.outstanding.flushed() else { return };
        self.drops.flushed.count();
        channels.with(index, |channel| {
            if channel.link == self.id && channel.local == cid {
                channel.transfer.count_flushed();
            }
        });
    }

    /// Returns whether a command is pending.
    pub(super) fn has_pending_signal(&self, channels: &Channels) -> bool {
        self.sending.source == Source::Signalling
            || !self.answers.is_empty()
            || matches!(self.echo.state, EchoState::Due { .. })
            || self.must_ask_features(channels)
            || channels.position(self.id, |c| c.due(self.features().is_some()).is_some()).is_some()
    }

    fn must_ask_features(&self, channels: &Channels) -> bool {
        self.features == Peer::Unknown
            && channels.position(self.id, Channel::needs_features).is_some()
    }

    /// Forgets a PDU whose channel's slot was given back.
    fn check_source(&mut self, channels: &mut Channels) {
        if let Source::Channel(index, cid) = self.sending.source {
            let left = self.sending.total.saturating_sub(self.sending.sent.max(Header::LEN));
            let alive = |c: &mut Channel| {
                c.link == self.id && c.local == cid && c.transfer.unread() == left
            };
            if channels.with(index, alive) != Some(true) {
                self.sending.source = Source::Nothing;
            }
        }
    }

    /// Starts the C-frame that is due; false if there is none.
    fn begin_signal(&mut self, now: Instant, channels: &mut Channels) -> bool {
        let mut frame = [0; FRAME];
        let Some((head, payload)) = frame.split_at_mut_checked(Header::LEN) else { return false };
        let mut w = Writer::new(payload);
        if !self.write_signal(now, channels, &mut w) {
            return false;
        }
        let len = w.len();
        let header = Header::new(u16::try_from(len).unwrap_or(u16::MAX), Cid::CLASSIC_SIGNALLING);
        head.copy_from_slice(header.as_bytes());
        self.sending.frame = frame;
        self.sending.begin(Source::Signalling, len, false);
        true
    }

    fn write_signal(&mut self, now: Instant, channels: &mut Channels, w: &mut Writer<'_>) -> bool {
        if self.answers.write(w) {
            return true;
        }
        let identifier = self.next_identifier(channels);
        if self.must_ask_features(channels) {
            self.identifier = identifier;
            self.features = Peer::Asked { identifier, deadline: after(now, RTX) };
            let request = Command::InformationRequest(InformationKind::EXTENDED_FEATURES);
            return request.write(identifier, w).is_ok();
        }
        if let Some(written) = self.write_channel(now, identifier, channels, w) {
            return written;
        }
        if let Echo { state: EchoState::Due { .. }, .. } = self.echo {
            self.identifier = identifier;
            self.echo.state = EchoState::Sent { identifier, deadline: after(now, RTX) };
            return Command::EchoRequest(self.echo.data()).write(identifier, w).is_ok();
        }
        false
    }

    /// Writes the command that a channel must send.
    fn write_channel(
        &mut self,
        now: Instant,
        identifier: u8,
        channels: &mut Channels,
        w: &mut Writer<'_>,
    ) -> Option<bool> {
        loop {
            let known = self.features().is_some();
            let index = channels.position(self.id, |c| c.due(known).is_some())?;
            let channel = channels.slot(index)?;
            let due = channel.due(known)?;
            if due == Due::Configure
                && let Some(features) = self.features()
                && !channel.negotiation.limit(features)
            {
                channel.disconnect(now, CloseReason::ModeRefused);
                continue;
            }
            if !matches!(due, Due::Admission | Due::Answer) {
                self.identifier = identifier;
            }
            return Some(channel.write(now, due, identifier, w).is_ok());
        }
    }

    /// Starts the PDU of the next channel that has one.
    fn begin_data(&mut self, channels: &mut Channels) -> Option<()> {
        let index = channels
            .position_after(self.sending.last, self.id, |c| c.interest() != Interest::None)?;
        self.sending.last = index;
        let channel = channels.slot(index)?;
        let payload = channel.transfer.next_pdu()?;
        let is_flushable = self.is_flushable && !channel.negotiation.is_reliable()
            || channel.negotiation.agreement().flush_timeout.is_some();
        let cid = channel.local;
        self.sending.begin(Source::Channel(index, cid), payload.into(), is_flushable);
        Some(())
    }

    /// Copies the next octets of the PDU to `out`, and returns their number.
    fn write(&self, channels: &mut Channels, out: &mut [u8]) -> usize {
        let sending = &self.sending;
        let len = sending.total.saturating_sub(sending.sent).min(out.len());
        let out = out.get_mut(..len).unwrap_or_default();
        match sending.source {
            Source::Nothing => {}
            Source::Signalling => {
                let rest = sending.frame.get(sending.sent..).unwrap_or_default();
                for (place, octet) in out.iter_mut().zip(rest) {
                    *place = *octet;
                }
            }
            Source::Channel(index, _) => {
                channels.with(index, |channel| {
                    let payload = sending.total.saturating_sub(Header::LEN);
                    let payload = u16::try_from(payload).unwrap_or(u16::MAX);
                    let header = Header::new(payload, channel.remote);
                    let head = header.as_bytes().get(sending.sent..).unwrap_or_default();
                    let (front, back) = out.split_at_mut(head.len().min(len));
                    for (place, octet) in front.iter_mut().zip(head) {
                        *place = *octet;
                    }
                    channel.transfer.read(back);
                });
            }
        }
        len
    }

    /// Ends the PDU that is being sent.
    fn finish_pdu(&mut self, now: Instant, channels: &mut Channels) {
        if let Source::Channel(index, _) = self.sending.source {
            channels.with(index, |channel| {
                channel.transfer.sent(now);
                channel.progressed(now);
            });
        }
        self.sending.source = Source::Nothing;
    }
}
