//! The controller's own cryptography, one request at a time. [Vol 4] Part E, 7.8.22, 7.8.23, 7.8.36, 7.8.37

use core::task::{Poll, ready};

use bindrune_hci::{
    Command, Opcode, Status,
    cmd::{
        le::{GenerateDhKey, ReadLocalP256PublicKey},
        write_fixed,
    },
    event::{GenerateDhKeyComplete, ReadLocalP256PublicKeyComplete},
};
use bindrune_smp::PublicKey;
use bindrune_wire::{Writer, time::Instant, zerocopy::FromBytes};
use embassy_time::Duration;
use zeroize::{Zeroize, Zeroizing};

use super::{Phase, Stack};
use crate::{
    Error,
    waiters::{Due, HostKey},
};

/// Time limit of a controller for P-256. Controllers that compute it in software need seconds.
const P256_TIMEOUT: Duration = Duration::from_secs(10);

/// Length of the longest parameters of a request, and of the longest answer: a public key.
const LONGEST: usize = 64;

/// A request to the controller.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) opcode: Opcode,
    /// Checks that the worker can do it, and writes the parameters of the command. Called when the turn of the request
    /// comes, so that a future that waits holds no secret.
    pub(crate) write: &'a (dyn Fn(&Worker, &mut Writer<'_>) -> Result<(), Error> + Sync),
}

/// The one request in progress.
pub(crate) struct Worker {
    state: State,
    /// The command of the request.
    opcode: Opcode,
    /// Parameters of the pending command; then the answer.
    octets: [u8; LONGEST],
    /// Number of those octets.
    length: u8,
    /// Whether a caller waits for the answer.
    wanted: bool,
    /// Whether the controller has not finished in time. A late answer does not belong to the next request.
    late: bool,
    /// The key pair that the controller has.
    key: Option<PublicKey>,
    /// Handles the events of P-256 once it has been requested. A host that never requests it does not contain that
    /// code.
    p256: Option<P256>,
}

/// Handlers of the events of P-256.
#[derive(Clone, Copy, Debug)]
struct P256 {
    public_key_made: fn(&mut Stack, &ReadLocalP256PublicKeyComplete),
    dh_key_made: fn(&mut Stack, &GenerateDhKeyComplete),
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Pending,
    /// The command was sent.
    Sent,
    /// The controller computes. Its event must arrive before this time.
    Computing(Instant),
    Answered(Result<(), Error>),
}

impl core::fmt::Debug for Worker {
    /// Omits the parameters and the answer, because they may be secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Worker").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Worker {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Idle,
            opcode: Opcode(0),
            octets: [0; LONGEST],
            length: 0,
            wanted: false,
            late: false,
            key: None,
            p256: None,
        }
    }

    /// Checks that the controller can compute with P-256, and still has this key pair.
    pub(crate) fn check_p256(&self, own: Option<&PublicKey>) -> Result<(), Error> {
        if self.late {
            Err(Error::Unsupported)
        } else if own.is_some() && self.key.as_ref() != own {
            Err(Error::Busy)
        } else {
            Ok(())
        }
    }

    /// Fails a pending request, because the controller and its key pair are lost.
    pub(super) fn fail(&mut self) {
        if matches!(self.state, State::Pending | State::Sent | State::Computing(_)) {
            self.answer(Err(Error::ControllerLost));
        }
        (self.key, self.late) = (None, false);
    }

    /// Writes the pending command.
    pub(super) fn poll_command(&mut self, w: &mut Writer<'_>) -> Option<Opcode> {
        if !matches!(self.state, State::Pending) {
            return None;
        }
        let parameters = self.octets.get(..usize::from(self.length))?;
        write_fixed(w, self.opcode, parameters).ok()?;
        self.octets.zeroize();
        if self.opcode == ReadLocalP256PublicKey::OPCODE {
            self.key = None;
        }
        self.state = State::Sent;
        Some(self.opcode)
    }

    /// Returns whether this is the command that was sent.
    fn has_sent(&self, opcode: Opcode) -> bool {
        matches!(self.state, State::Sent) && self.opcode == opcode
    }

    /// Returns whether an event has the result of the command.
    fn computes(&self) -> bool {
        matches!(self.opcode, ReadLocalP256PublicKey::OPCODE | GenerateDhKey::OPCODE)
    }

    /// Handles Command Complete.
    fn complete(&mut self, opcode: Opcode, parameters: &[u8]) {
        if self.has_sent(opcode) {
            let answer = match parameters.split_first() {
                Some((0, octets)) if !self.computes() => Ok(octets),
                Some((0, _)) | None => Err(Error::Controller(MALFORMED)),
                Some((refused, _)) => Err(Error::Controller(Status(*refused))),
            };
            self.answer(answer);
        }
    }

    /// Handles Command Status.
    fn status(&mut self, now: Instant, opcode: Opcode, status: Status) {
        if !self.has_sent(opcode) {
            return;
        }
        match (status.is_success(), self.computes()) {
            (true, true) => self.state = State::Computing(now + P256_TIMEOUT),
            (true, false) => self.answer(Err(Error::Controller(MALFORMED))),
            (false, _) => self.answer(Err(Error::Controller(status))),
        }
    }

    /// Handles the result of a computation. Returns false if none was requested.
    fn computed(&mut self, opcode: Opcode, answer: Result<&[u8], Error>) -> bool {
        let asked = matches!(self.state, State::Sent | State::Computing(_));
        if asked && self.opcode == opcode {
            self.answer(answer);
            true
        } else {
            self.late = false;
            false
        }
    }

    fn answer(&mut self, answer: Result<&[u8], Error>) {
        self.state = State::Idle;
        if self.wanted {
            let answer = answer.map(|octets| {
                self.octets.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
                self.length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
            });
            self.state = State::Answered(answer);
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Computing(until) => Some(until),
            State::Idle | State::Pending | State::Sent | State::Answered(_) => None,
        }
    }
}

impl Stack {
    /// Takes a request unless it was taken before, and returns its answer. `answer_pending` says whether it was taken
    /// and is not answered.
    pub(crate) fn poll_worker(
        &mut self,
        answer_pending: &mut bool,
        first: bool,
        request: Request<'_>,
        answer: &mut [u8],
    ) -> Poll<Result<(), Error>> {
        if !*answer_pending {
            ready!(self.poll_ask(first, request))?;
        }
        let answered = self.poll_answer(answer);
        *answer_pending = answered.is_pending();
        answered
    }

    /// Takes a request once earlier ones are answered and the controller is set up.
    fn poll_ask(&mut self, first: bool, request: Request<'_>) -> Poll<Result<(), Error>> {
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
        if !self.controller_info().is_some_and(|info| info.supports(request.opcode)) {
            return Poll::Ready(Err(Error::Unsupported));
        }
        let mut octets = Zeroizing::new([0; LONGEST]);
        let mut w = Writer::new(octets.as_mut_slice());
        (request.write)(&self.worker, &mut w)?;
        self.worker.length = u8::try_from(w.len()).unwrap_or(u8::MAX);
        self.worker.octets.copy_from_slice(octets.as_slice());
        self.worker.opcode = request.opcode;
        self.worker.state = State::Pending;
        self.worker.wanted = true;
        self.ready.run(Due::COMMAND);
        Poll::Ready(Ok(()))
    }

    /// Returns the answer to the request that was taken.
    fn poll_answer(&mut self, answer: &mut [u8]) -> Poll<Result<(), Error>> {
        let result = match self.worker.state {
            State::Answered(result) => result,
            State::Idle => return Poll::Ready(Err(Error::ControllerLost)),
            State::Pending | State::Sent | State::Computing(_) => return Poll::Pending,
        };
        let length = usize::from(self.worker.length);
        let result = result.and_then(|()| {
            if length < answer.len() {
                return Err(Error::Controller(MALFORMED));
            }
            answer.iter_mut().zip(&self.worker.octets).for_each(|(to, from)| *to = *from);
            Ok(())
        });
        self.abandon_answer();
        Poll::Ready(result)
    }

    /// Stops waiting for the answer.
    pub(crate) fn abandon_answer(&mut self) {
        self.worker.wanted = false;
        if matches!(self.worker.state, State::Pending | State::Answered(_)) {
            self.worker.state = State::Idle;
            self.worker.octets.zeroize();
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
        let key = PublicKey::read_from_bytes(&event.public_key).ok();
        let answer = event.status.ok().map(|()| &event.public_key[..]);
        let is_made = answer.is_ok();
        if self.computed(ReadLocalP256PublicKey::OPCODE, answer.map_err(Error::Controller)) {
            self.worker.key = key.filter(|_| is_made);
        }
    }

    fn take_dh_key(&mut self, event: &GenerateDhKeyComplete) {
        let answer = match event.status.ok() {
            Ok(()) if event.key.0 == INVALID_KEY => Err(Error::InvalidParameters),
            Ok(()) => Ok(&event.key.0[..]),
            Err(status) => Err(Error::Controller(status)),
        };
        self.computed(GenerateDhKey::OPCODE, answer);
    }

    fn computed(&mut self, opcode: Opcode, answer: Result<&[u8], Error>) -> bool {
        let asked = self.worker.computed(opcode, answer);
        if !asked {
            self.stats.stray_completions.count();
        }
        self.ready.host(HostKey::Worker);
        self.deadlines_changed();
        asked
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
