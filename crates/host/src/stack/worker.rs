//! The controller's own cryptography, one request at a time. [Vol 4] Part E, 7.8.22, 7.8.23, 7.8.36, 7.8.37

use core::{
    mem::replace,
    task::{Poll, ready},
};

use bindrune_hci::{
    Command, Opcode, Status,
    cmd::{
        Failure,
        le::{Encrypt, GenerateDhKey, Rand, ReadLocalP256PublicKey},
    },
    event::{GenerateDhKeyComplete, ReadLocalP256PublicKeyComplete},
};
use bindrune_smp::{DhKey, Key, PublicKey};
use bindrune_wire::{
    Writer,
    time::Instant,
    zerocopy::{FromBytes, IntoBytes},
};
use embassy_time::Duration;

use super::{Phase, Stack};
use crate::{
    Error,
    waiters::{Due, HostKey},
};

/// Time limit of a controller for P-256. Controllers that compute it in software need seconds.
const P256_TIMEOUT: Duration = Duration::from_secs(10);

/// A request to the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Random octets.
    Rand,
    /// An encrypted block.
    Encrypt {
        /// The key.
        key: Key,
        /// The plaintext.
        plain: [u8; 16],
    },
    /// A new key pair.
    PublicKey,
    /// A Diffie-Hellman key.
    DhKey {
        /// The key pair that the controller must still have.
        own: PublicKey,
        /// The peer's key.
        peer: PublicKey,
    },
}

/// A request that was not sent to the controller yet.
#[derive(Debug)]
enum Pending {
    Rand,
    Encrypt {
        key: Key,
        plain: [u8; 16],
    },
    PublicKey,
    /// With the controller's own key pair and this key of the peer.
    DhKey(PublicKey),
}

/// An answer of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Random octets.
    Rand([u8; 8]),
    /// An encrypted block.
    Block([u8; 16]),
    /// A new key pair.
    PublicKey(PublicKey),
    /// A Diffie-Hellman key.
    DhKey(DhKey),
}

/// The one request in progress.
#[derive(Debug)]
pub(crate) struct Worker {
    state: State,
    /// Whether a caller waits for the answer.
    wanted: bool,
    /// The key pair that the controller has.
    key: Option<PublicKey>,
    /// Whether the controller has not finished in time. A late answer does not belong to the next request.
    late: bool,
    /// Handles the events of P-256 once it has been requested. A host that never requests it does not contain that code.
    p256: Option<P256>,
}

/// Handlers of the events of P-256.
#[derive(Clone, Copy, Debug)]
struct P256 {
    public_key_made: fn(&mut Stack, &ReadLocalP256PublicKeyComplete),
    dh_key_made: fn(&mut Stack, &GenerateDhKeyComplete),
}

#[derive(Debug)]
enum State {
    Idle,
    Pending(Pending),
    /// The command was sent.
    Sent(Opcode),
    /// The controller computes. Its event must arrive before this time.
    Computing(Opcode, Instant),
    Answered(Result<Answer, Error>),
}

impl Request {
    const fn opcode(&self) -> Opcode {
        match self {
            Self::Rand => Rand::OPCODE,
            Self::Encrypt { .. } => Encrypt::OPCODE,
            Self::PublicKey => ReadLocalP256PublicKey::OPCODE,
            Self::DhKey { .. } => GenerateDhKey::OPCODE,
        }
    }
}

impl From<Request> for Pending {
    fn from(request: Request) -> Self {
        match request {
            Request::Rand => Self::Rand,
            Request::Encrypt { key, plain } => Self::Encrypt { key, plain },
            Request::PublicKey => Self::PublicKey,
            Request::DhKey { own: _, peer } => Self::DhKey(peer),
        }
    }
}

impl Pending {
    const fn opcode(&self) -> Opcode {
        match self {
            Self::Rand => Rand::OPCODE,
            Self::Encrypt { .. } => Encrypt::OPCODE,
            Self::PublicKey => ReadLocalP256PublicKey::OPCODE,
            Self::DhKey(_) => GenerateDhKey::OPCODE,
        }
    }

    fn write(&self, w: &mut Writer<'_>) -> bool {
        let written = match self {
            Self::Rand => Rand.write(w),
            Self::Encrypt { key, plain } => {
                Encrypt { key: *key.octets(), plaintext: *plain }.write(w)
            }
            Self::PublicKey => ReadLocalP256PublicKey.write(w),
            Self::DhKey(peer) => {
                let mut public_key = [0; 64];
                public_key.copy_from_slice(peer.as_bytes());
                GenerateDhKey { public_key }.write(w)
            }
        };
        written.is_ok()
    }
}

impl Worker {
    pub(super) const fn new() -> Self {
        Self { state: State::Idle, wanted: false, key: None, late: false, p256: None }
    }

    /// Fails a pending request, because the controller and its key pair are lost.
    pub(super) fn fail(&mut self) {
        if matches!(self.state, State::Pending(_) | State::Sent(_) | State::Computing(..)) {
            self.answer(Err(Error::ControllerLost));
        }
        (self.key, self.late) = (None, false);
    }

    /// Writes the pending command.
    pub(super) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        let State::Pending(request) = &self.state else { return None };
        let opcode = request.opcode();
        if !request.write(w) {
            return None;
        }
        if opcode == ReadLocalP256PublicKey::OPCODE {
            self.key = None;
        }
        self.state = State::Sent(opcode);
        Some(opcode)
    }

    /// Handles Command Complete.
    fn complete(&mut self, opcode: Opcode, parameters: &[u8]) {
        if !matches!(self.state, State::Sent(sent) if sent == opcode) {
            return;
        }
        let answer = match opcode {
            Rand::OPCODE => Rand::returned(parameters).map(|r| Answer::Rand(r.octets)),
            Encrypt::OPCODE => Encrypt::returned(parameters).map(|r| Answer::Block(r.ciphertext)),
            _ => Err(Failure::Status(parameters.first().map_or(MALFORMED, |s| match Status(*s) {
                Status::SUCCESS => MALFORMED,
                refused => refused,
            }))),
        };
        self.answer(answer.map_err(|failure| match failure {
            Failure::Status(status) => Error::Controller(status),
            Failure::Malformed(_) => Error::Controller(MALFORMED),
        }));
    }

    /// Handles Command Status.
    fn status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        if !matches!(self.state, State::Sent(sent) if sent == opcode) {
            return;
        }
        let computes = matches!(opcode, ReadLocalP256PublicKey::OPCODE | GenerateDhKey::OPCODE);
        match (status.is_success(), computes) {
            (true, true) => self.state = State::Computing(opcode, now + P256_TIMEOUT),
            (true, false) => self.answer(Err(Error::Controller(MALFORMED))),
            (false, _) => self.answer(Err(Error::Controller(status))),
        }
    }

    /// Handles the result of a computation. Returns false if none was requested.
    fn computed(&mut self, opcode: Opcode, answer: Result<Answer, Error>) -> bool {
        let asked = match self.state {
            State::Sent(asked) | State::Computing(asked, _) => asked == opcode,
            State::Idle | State::Pending(_) | State::Answered(_) => false,
        };
        if asked {
            if let Ok(Answer::PublicKey(key)) = &answer {
                self.key = Some(*key);
            }
            self.answer(answer);
        } else {
            self.late = false;
        }
        asked
    }

    fn answer(&mut self, answer: Result<Answer, Error>) {
        self.state = if self.wanted { State::Answered(answer) } else { State::Idle };
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Computing(_, until) => Some(until),
            State::Idle | State::Pending(_) | State::Sent(_) | State::Answered(_) => None,
        }
    }
}

impl Stack {
    /// Takes a request unless it was taken before, and returns its answer. `answer_pending` says whether it was taken and
    /// is not answered.
    pub(crate) fn poll_worker(
        &mut self,
        answer_pending: &mut bool,
        first: bool,
        request: &(dyn Fn() -> Request + Sync),
    ) -> Poll<Result<Answer, Error>> {
        if !*answer_pending {
            ready!(self.poll_ask(first, request))?;
        }
        let answer = self.poll_answer();
        *answer_pending = answer.is_pending();
        answer
    }

    /// Takes a request once earlier ones are answered and the controller is set up. `request` makes it when its turn
    /// comes.
    fn poll_ask(
        &mut self,
        first: bool,
        request: &(dyn Fn() -> Request + Sync),
    ) -> Poll<Result<(), Error>> {
        match self.phase {
            Phase::Ready => {}
            Phase::Failed(_) => return Poll::Ready(Err(Error::Unsupported)),
            _ if self.is_silent() => return Poll::Ready(Err(Error::NoAnswer)),
            Phase::Down | Phase::ResetPending { .. } | Phase::Resetting { .. } | Phase::Setup => {
                return Poll::Pending;
            }
        }
        if !first || !matches!(self.worker.state, State::Idle) {
            return Poll::Pending;
        }
        let request = request();
        let opcode = request.opcode();
        let p256 = matches!(request, Request::PublicKey | Request::DhKey { .. });
        if !self.controller_info().is_some_and(|info| info.supports(opcode))
            || (p256 && self.worker.late)
        {
            return Poll::Ready(Err(Error::Unsupported));
        }
        if matches!(request, Request::DhKey { own, .. } if self.worker.key != Some(own)) {
            return Poll::Ready(Err(Error::Busy));
        }
        self.worker.state = State::Pending(request.into());
        self.worker.wanted = true;
        self.ready.run(Due::COMMAND);
        Poll::Ready(Ok(()))
    }

    /// Returns the answer to the request that was taken.
    fn poll_answer(&mut self) -> Poll<Result<Answer, Error>> {
        match replace(&mut self.worker.state, State::Idle) {
            State::Answered(answer) => {
                self.worker.wanted = false;
                self.ready.host(HostKey::Worker);
                Poll::Ready(answer)
            }
            State::Idle => Poll::Ready(Err(Error::ControllerLost)),
            state @ (State::Pending(_) | State::Sent(_) | State::Computing(..)) => {
                self.worker.state = state;
                Poll::Pending
            }
        }
    }

    /// Stops waiting for the answer.
    pub(crate) fn abandon_answer(&mut self) {
        self.worker.wanted = false;
        if matches!(self.worker.state, State::Pending(_) | State::Answered(_)) {
            self.worker.state = State::Idle;
        }
        self.ready.host(HostKey::Worker);
    }

    pub(super) fn worker_complete(&mut self, opcode: Opcode, parameters: &[u8]) {
        self.worker.complete(opcode, parameters);
        self.ready.host(HostKey::Worker);
    }

    pub(super) fn worker_status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        self.worker.status(now, opcode, status);
        self.ready.host(HostKey::Worker);
    }

    /// Prepares for requests of P-256.
    pub(crate) const fn use_p256(&mut self) {
        self.worker.p256 =
            Some(P256 { public_key_made: Self::take_public_key, dh_key_made: Self::take_dh_key });
    }

    /// Handles LE Read Local P-256 Public Key Complete. [Vol 4] Part E, 7.7.65.8
    pub(super) fn public_key_made(&mut self, event: &ReadLocalP256PublicKeyComplete) {
        match self.worker.p256 {
            Some(p256) => (p256.public_key_made)(self, event),
            None => self.stats.stray_completions.count(),
        }
    }

    /// Handles LE Generate DHKey Complete. [Vol 4] Part E, 7.7.65.9
    pub(super) fn dh_key_made(&mut self, event: &GenerateDhKeyComplete) {
        match self.worker.p256 {
            Some(p256) => (p256.dh_key_made)(self, event),
            None => self.stats.stray_completions.count(),
        }
    }

    fn take_public_key(&mut self, event: &ReadLocalP256PublicKeyComplete) {
        let answer = match (event.status.ok(), PublicKey::read_from_bytes(&event.public_key)) {
            (Ok(()), Ok(key)) => Ok(Answer::PublicKey(key)),
            (Ok(()), Err(_)) => Err(Error::Controller(MALFORMED)),
            (Err(status), _) => Err(Error::Controller(status)),
        };
        self.computed(ReadLocalP256PublicKey::OPCODE, answer);
    }

    fn take_dh_key(&mut self, event: &GenerateDhKeyComplete) {
        let answer = match (event.status.ok(), event.key.0) {
            (Ok(()), INVALID_KEY) => Err(Error::InvalidParameters),
            (Ok(()), key) => Ok(Answer::DhKey(DhKey::new(key))),
            (Err(status), _) => Err(Error::Controller(status)),
        };
        self.computed(GenerateDhKey::OPCODE, answer);
    }

    fn computed(&mut self, opcode: Opcode, answer: Result<Answer, Error>) {
        if !self.worker.computed(opcode, answer) {
            self.stats.stray_completions.count();
        }
        self.ready.host(HostKey::Worker);
        self.deadlines_changed();
    }

    /// Handles a computation that the controller has not finished in time.
    pub(super) fn worker_timeout(&mut self) {
        self.worker.late = true;
        self.worker.answer(Err(Error::Timeout));
        self.ready.host(HostKey::Worker);
    }
}

/// The controller's answer instead of a key if the peer's key is not on the curve. [Vol 4] Part E, 7.7.65.9
const INVALID_KEY: [u8; 32] = [0xff; 32];

/// Stands for an invalid answer.
const MALFORMED: Status = Status::UNSPECIFIED;
