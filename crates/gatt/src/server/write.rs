//! Writes of whole values and of parts. [Vol 3] Part F, 3.4.5

use bindrune_att::ErrorCode;

use super::{
    Ask, AskKind, Failure, Peer, Security, Server,
    push::possible,
    request::{Step, is_app_held},
};
use crate::{
    capability::CAPTURE,
    cccd::Cccd,
    table::{Attribute, BuiltIn, Characteristic, Content, Entry, Extent, Holder, Properties},
    value::Region,
};

/// The change that a write makes in the peer.
pub(super) enum Effect {
    Nothing,
    /// The CCCD of this index.
    Configured(usize, Cccd),
    /// The Client Supported Features.
    Features(u8),
    /// The host-held value of this index was written.
    Written(usize),
    /// A host-held value with captured writes was written.
    Captured,
}

/// A command that may not be carried out. [Vol 3] Part F, 3.4.5.3
pub(super) struct Ignored;

impl From<ErrorCode> for Ignored {
    fn from(_: ErrorCode) -> Self {
        Self
    }
}

impl Server {
    pub(super) fn write_request(
        &mut self,
        peer: &mut Peer,
        handle: u16,
        value: &[u8],
    ) -> Result<Step, Failure> {
        let entry = self.entry(handle)?;
        let failure = |code| Failure::new(handle, code);
        peer.security.may_write(&entry, Properties::WRITE).map_err(failure)?;
        self.check_write(peer, &entry, self.current_len(&entry), 0, value).map_err(failure)?;
        if is_app_held(&entry) {
            let kind = AskKind::Write { offset: 0, response: true };
            return Ok(Step::Ask { kind, entry, index: 0 });
        }
        let effect = self.store(&entry, 0, value);
        self.take_effect(peer, &entry, effect);
        Ok(Step::Done)
    }

    /// Carries out a command; `Err` if the command is ignored.
    pub(super) fn write_command(
        &mut self,
        peer: &mut Peer,
        handle: u16,
        value: &[u8],
        security: Security,
    ) -> Result<Option<Ask>, Ignored> {
        if !peer.is_aware() {
            return Err(Ignored);
        }
        let entry = self.attribute(handle).ok_or(Ignored)?;
        security.may_write(&entry, Properties::WRITE_WITHOUT_RESPONSE)?;
        if let Err(code) = self.check_write(peer, &entry, self.current_len(&entry), 0, value) {
            if code == ErrorCode::INSUFFICIENT_RESOURCES {
                self.dropped = self.dropped.saturating_add(1);
                return Ok(None);
            }
            return Err(Ignored);
        }
        if is_app_held(&entry) {
            let kind = AskKind::Write { offset: 0, response: false };
            return Ok(entry.attribute.target().map(|target| Ask { kind, target, handle }));
        }
        let effect = self.store(&entry, 0, value);
        self.take_effect(peer, &entry, effect);
        Ok(None)
    }

    /// Returns the length of a host-held value in octets; for the application's values, the maximum length.
    pub(super) fn current_len(&self, entry: &Entry) -> usize {
        match (Region::of(entry), entry.attribute.content()) {
            (Some(region), _) => self.values.get(region).len(),
            (None, Some(content)) => content.limit(),
            (None, None) => 0,
        }
    }

    /// Checks whether `value` may be written at `offset` of a value of `current` octets, and returns the
    /// resulting length.
    ///
    /// A write at offset 0 replaces the value; a write at a later offset keeps the octets that it does not
    /// reach.
    pub(super) fn check_write(
        &self,
        peer: &Peer,
        entry: &Entry,
        current: usize,
        offset: usize,
        value: &[u8],
    ) -> Result<usize, ErrorCode> {
        if let Attribute::Cccd(c) = entry.attribute {
            return check_cccd(c, offset, value).map(|_| 2);
        }
        let content = entry.attribute.content().ok_or(ErrorCode::WRITE_NOT_PERMITTED)?;
        match content.holder {
            Holder::App | Holder::Host(_) => {
                let len = check_fit(content, current, offset, value.len())?;
                match Region::captured(entry) {
                    Some(captured) if !self.values.may_capture(captured, len) => {
                        Err(ErrorCode::INSUFFICIENT_RESOURCES)
                    }
                    Some(_) | None => Ok(len),
                }
            }
            Holder::Append if offset != 0 => Err(ErrorCode::INVALID_OFFSET),
            Holder::Append => {
                let len = current.saturating_add(value.len());
                if len > content.limit() { Err(ErrorCode::INSUFFICIENT_RESOURCES) } else { Ok(len) }
            }
            Holder::Server(BuiltIn::ClientSupportedFeatures) if offset != 0 => {
                Err(ErrorCode::INVALID_OFFSET)
            }
            Holder::Server(BuiltIn::ClientSupportedFeatures) => {
                peer.features_written(value).map(|_| 1)
            }
            Holder::Server(_) => Err(ErrorCode::WRITE_NOT_PERMITTED),
        }
    }

    /// Stores a write that [`Self::check_write`] has accepted.
    pub(super) fn store(&mut self, entry: &Entry, offset: usize, value: &[u8]) -> Effect {
        if let Attribute::Cccd(c) = entry.attribute {
            let cccd = check_cccd(c, offset, value);
            return cccd.map_or(Effect::Nothing, |cccd| Effect::Configured(entry.at.cccds, cccd));
        }
        let Some(content) = entry.attribute.content() else { return Effect::Nothing };
        let Some(region) = Region::of(entry) else {
            let is_features =
                matches!(content.holder, Holder::Server(BuiltIn::ClientSupportedFeatures));
            let features = value.first().copied().unwrap_or_default();
            return if is_features { Effect::Features(features) } else { Effect::Nothing };
        };
        let stored = match (content.holder, offset) {
            (Holder::Append, _) => self.values.append(region, value),
            (_, 0) => self.values.set(region, value),
            (_, offset) => self.values.patch(region, offset, value),
        };
        match stored {
            true if Region::captured(entry).is_some() => Effect::Captured,
            true => Effect::Written(entry.at.values),
            false => Effect::Nothing,
        }
    }

    /// Records a stored write, for the application and in the peer.
    pub(super) fn take_effect(&mut self, peer: &mut Peer, entry: &Entry, effect: Effect) {
        if CAPTURE && let Effect::Captured = effect {
            if let (Some(region), Some(captured)) = (Region::of(entry), Region::captured(entry)) {
                self.values.capture(region, captured, peer.writer());
                self.captured = true;
            }
        } else {
            peer.take_effect(self.table.extent(), effect);
        }
    }
}

impl Peer {
    fn take_effect(&mut self, extent: &Extent, effect: Effect) {
        match effect {
            Effect::Nothing | Effect::Captured => {}
            Effect::Configured(index, cccd) => self.marks(extent).configure(index, cccd),
            Effect::Features(features) => self.set_features(features),
            Effect::Written(index) => self.marks(extent).mark_written(index),
        }
    }
}

/// Checks a write of two octets: ignores reserved bits, and refuses a bit that the characteristic does not
/// support. [Vol 3] Part G, 3.3.3.3
fn check_cccd(c: &Characteristic, offset: usize, value: &[u8]) -> Result<Cccd, ErrorCode> {
    if offset != 0 {
        return Err(ErrorCode::INVALID_OFFSET);
    }
    let [low, _high] = value else { return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH) };
    let cccd = Cccd::from_bits_truncate(*low);
    if possible(c).contains(cccd) { Ok(cccd) } else { Err(ErrorCode::CCCD_IMPROPERLY_CONFIGURED) }
}

fn check_fit(
    content: &Content,
    current: usize,
    offset: usize,
    len: usize,
) -> Result<usize, ErrorCode> {
    if offset > current {
        return Err(ErrorCode::INVALID_OFFSET);
    }
    let end = offset.saturating_add(len);
    let new = if offset == 0 { end } else { end.max(current) };
    if end > content.limit() || content.fixed && new != content.limit() {
        return Err(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
    }
    Ok(new)
}
