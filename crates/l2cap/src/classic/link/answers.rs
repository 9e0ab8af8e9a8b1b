use bindrune_wire::{NoRoom, Writer};

use crate::Cid;
use crate::classic::pdu::{
    self, CONTINUATION, Command, ConfigurationResult, ConnectionResponse, ConnectionResult,
    Disconnection, Features, InformationKind, InformationResult, Reject,
};

/// Maximum number of pending responses.
const PENDING_MAX: usize = 16;

/// Octets of all pending echoes: those of one C-frame.
const ECHO: usize = pdu::MTU as usize;

/// A pending response that belongs to no channel of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Reject(Reject),
    /// A channel is refused; the CID is the peer's.
    Refusal(Cid, ConnectionResult),
    Disconnection(Disconnection),
    /// The data from and to these offsets of [`Answers::echoes`].
    Echo(u8, u8),
    Information(InformationKind),
    /// More parts of a configuration follow; the CID is the peer's.
    Continue(Cid),
}

/// Pending responses to the peer, oldest first.
#[derive(Debug)]
pub(super) struct Answers {
    pending: [Option<(u8, Answer)>; PENDING_MAX],
    echoes: [u8; ECHO],
    echoes_len: u8,
}

impl Answers {
    pub(super) const fn new() -> Self {
        Self { pending: [None; PENDING_MAX], echoes: [0; ECHO], echoes_len: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.first().is_none_or(Option::is_none)
    }

    /// Adds a pending response; false if the maximum is reached.
    #[must_use]
    pub(super) fn push(&mut self, identifier: u8, answer: Answer) -> bool {
        match self.pending.iter_mut().find(|pending| pending.is_none()) {
            Some(free) => *free = Some((identifier, answer)),
            None => return false,
        }
        true
    }

    /// Adds a pending echo; false if there is no room for its data.
    #[must_use]
    pub(super) fn push_echo(&mut self, identifier: u8, data: &[u8]) -> bool {
        let start = self.echoes_len;
        let Some(end) = u8::try_from(data.len()).ok().and_then(|len| start.checked_add(len)) else {
            return false;
        };
        let Some(place) = self.echoes.get_mut(start.into()..end.into()) else { return false };
        place.copy_from_slice(data);
        let pushed = self.push(identifier, Answer::Echo(start, end));
        if pushed {
            self.echoes_len = end;
        }
        pushed
    }

    /// Writes the first response and forgets it; false if there is none.
    pub(super) fn write(&mut self, w: &mut Writer<'_>) -> bool {
        let Some((identifier, answer)) = self.pending.first().copied().flatten() else {
            return false;
        };
        let written = self.write_one(identifier, answer, w).is_ok();
        if let Some(first) = self.pending.first_mut() {
            *first = None;
        }
        self.pending.rotate_left(1);
        if !self.pending.iter().flatten().any(|(_, answer)| matches!(answer, Answer::Echo(..))) {
            self.echoes_len = 0;
        }
        written
    }

    fn write_one(&self, identifier: u8, answer: Answer, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match answer {
            Answer::Reject(reject) => Command::Reject(reject).write(identifier, w),
            Answer::Refusal(scid, result) => {
                let refusal = ConnectionResponse::refusal(scid, result);
                Command::ConnectionResponse(refusal).write(identifier, w)
            }
            Answer::Disconnection(cids) => {
                Command::DisconnectionResponse(cids).write(identifier, w)
            }
            Answer::Echo(start, end) => {
                let data = self.echoes.get(start.into()..end.into()).unwrap_or_default();
                Command::EchoResponse(data).write(identifier, w)
            }
            Answer::Information(kind) => information(identifier, kind, w),
            Answer::Continue(scid) => Command::ConfigurationResponse {
                scid,
                flags: CONTINUATION,
                result: ConfigurationResult::SUCCESS,
                options: &[],
            }
            .write(identifier, w),
        }
    }
}

/// This host receives no connectionless data, so it has no MTU for that.
fn information(identifier: u8, kind: InformationKind, w: &mut Writer<'_>) -> Result<(), NoRoom> {
    /// The signalling channel.
    const FIXED_CHANNELS: u64 = 1 << Cid::CLASSIC_SIGNALLING.0;
    let (features, channels) = (Features::OWN.0.to_le_bytes(), FIXED_CHANNELS.to_le_bytes());
    let (result, data): (_, &[u8]) = match kind {
        InformationKind::EXTENDED_FEATURES => (InformationResult::SUCCESS, &features),
        InformationKind::FIXED_CHANNELS => (InformationResult::SUCCESS, &channels),
        _ => (InformationResult::NOT_SUPPORTED, &[]),
    };
    Command::InformationResponse { kind, result, data }.write(identifier, w)
}
