//! A reset, until the controller's data can be trusted.
//!
//! Reset is sent. Once its completion arrives, a challenge follows that no earlier data on the line can answer. Only
//! after its answer, data from the controller counts. If the controller cannot be challenged, or this host cannot check
//! the answer, a second Reset follows after a pause.

use bindrune_gap::InitError;
use bindrune_hci::{
    Command, Event, Opcode, Status,
    cmd::{baseband::Reset, le::Encrypt},
};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use super::{Phase, Stack, challenge::Challenges, watch::Losses};
use crate::waiters::{Due, HostKey};

/// Step of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Waits for the completion of Reset.
    Reset,
    /// Other octets arrived as well. Discards them until the line is quiet.
    Drain,
    /// The challenge must be sent.
    Ask,
    /// Waits for the answer to the challenge.
    Answer,
    /// There is no answer to a challenge. The line must be quiet for longer before Reset is sent again.
    Apart,
    /// The second Reset must be sent.
    AskAgain,
    /// Waits for the completion of the second Reset.
    Again,
    /// The set-up has failed, and is tried again later.
    Wait,
}

/// State of the recovery of a controller.
#[derive(Debug)]
pub(super) struct Recovery {
    step: Step,
    /// Latest time at which the line must be quiet.
    limit: Option<Instant>,
    /// Octets that belong to no answer have arrived since the controller was last trusted.
    noisy: bool,
    pub(super) challenges: Challenges,
    pub(super) losses: Losses,
    /// Whether the controller of this `run` answers challenges. Once it has answered one, nothing else is accepted.
    answers: Option<bool>,
    /// Whether the set-up was completed in this `run`.
    worked: bool,
    /// Number of set-ups that failed since it was last completed.
    failures: u8,
    /// Number of resets since the controller last worked for [`HELD`].
    resets: u8,
    /// Since when the controller works.
    since: Option<Instant>,
}

/// Time limit for the answer to Reset or to a challenge, before Reset is sent again.
const RESET_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a line must be quiet after octets that were no answer.
const QUIET: Duration = Duration::from_millis(20);
/// How long it must be quiet if silence is the only criterion.
const APART: Duration = Duration::from_millis(100);
/// The pause between the first Reset after a loss and the second. Each later pause is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a controller must work until the next Reset counts as a first one again.
const HELD: Duration = Duration::from_secs(60);
/// The maximum number of doublings of [`PAUSE`].
const DOUBLINGS: u8 = 6;
/// Lengths in octets of answers that are not trusted.
const RESET_COMPLETE_LEN: u32 = 7;
const ENCRYPTED_LEN: u32 = 23;
const REFUSED_LEN: u32 = 7;
/// The maximum number of retries of a set-up that was never completed, if a retry may help.
const TRIES: u8 = 2;

impl Recovery {
    pub(super) const fn new() -> Self {
        Self {
            step: Step::Reset,
            limit: None,
            noisy: false,
            challenges: Challenges::new(),
            losses: Losses::NONE,
            answers: None,
            worked: false,
            failures: 0,
            resets: 0,
            since: None,
        }
    }

    /// Begins another `run`, perhaps with another controller.
    pub(super) const fn restart(&mut self) {
        (self.noisy, self.answers) = (false, None);
        (self.worked, self.failures) = (false, 0);
        (self.resets, self.since) = (0, None);
    }

    /// Records that the set-up is complete.
    pub(super) const fn set_up(&mut self, now: Instant) {
        if !self.worked {
            self.resets = 0;
        }
        (self.worked, self.failures) = (true, 0);
        self.since = Some(now);
    }

    /// Returns how long to wait before a failed set-up is tried again, or `None` if a retry cannot help.
    pub(super) fn pause_after(&mut self, now: Instant, error: InitError) -> Option<Duration> {
        let lasting = match error {
            InitError::Command { status, .. } => {
                matches!(status, Status::UNKNOWN_COMMAND | Status::UNSUPPORTED_FEATURE)
            }
            InitError::NoAnswer(_)
            | InitError::HardwareError(_)
            | InitError::BufferOverflow
            | InitError::Framing => false,
            InitError::NoBuffers | InitError::ShortBuffers(_) | InitError::NotStatic(_) => true,
        };
        if !self.worked && (lasting || self.failures >= TRIES) {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        self.resets = self.resets.max(1);
        Some(self.pause(now))
    }

    /// Returns how long to wait before the next Reset, whatever its reason: not at all before the first one, then
    /// [`PAUSE`], and twice as long each time, until the controller has worked for [`HELD`].
    pub(super) fn pause(&mut self, now: Instant) -> Duration {
        let held = self.since.take().map(|since| now.since(since));
        if held.is_some_and(|held| held >= HELD) {
            self.resets = 0;
        }
        let pause = self.resets.checked_sub(1).map_or(Some(Duration::MIN), |before| {
            PAUSE.checked_mul(1u32.wrapping_shl(before.min(DOUBLINGS).into()))
        });
        self.resets = self.resets.saturating_add(1);
        pause.unwrap_or(PAUSE)
    }
}

impl Stack {
    /// Begins the reset.
    pub(super) fn begin_reset(&mut self, now: Instant, silent: bool) {
        self.lane.reset();
        self.gap.restart();
        self.phase = Phase::Resetting { until: now, silent };
        self.go_on(now, Step::Reset, RESET_TIMEOUT);
    }

    /// Enters a step of the reset, which is due after `time`.
    fn go_on(&mut self, now: Instant, step: Step, time: Duration) {
        if let Phase::Resetting { until, .. } = &mut self.phase {
            *until = now + time;
            self.recovery.step = step;
            self.recovery.limit = Some(now + RESET_TIMEOUT);
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Handles octets that are no answer to the last command. Waits until they end, but for a limited time.
    pub(crate) fn noise(&mut self, now: Instant, octets: u32) {
        self.recovery.noisy = true;
        self.stats.discarded_bytes.add(octets);
        let Phase::Resetting { until, .. } = &mut self.phase else { return };
        let pause = match self.recovery.step {
            Step::Drain => QUIET,
            Step::Apart => APART,
            // Other octets arrived after all, so the line must become quiet again.
            Step::Ask => return self.go_on(now, Step::Drain, QUIET),
            Step::Reset | Step::Answer | Step::AskAgain | Step::Again | Step::Wait => return,
        };
        *until = self.recovery.limit.map_or(now, |limit| limit.min(now + pause));
        self.deadlines_changed();
    }

    /// Writes the next command of the reset.
    pub(super) fn write_recovery(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Opcode> {
        let (written, opcode, step) = match self.recovery.step {
            Step::Ask if Challenges::POSSIBLE => {
                let challenge = self.recovery.challenges.next(self.clock);
                (challenge.write(w).is_ok(), Encrypt::OPCODE, Step::Answer)
            }
            Step::AskAgain => (Reset.write(w).is_ok(), Opcode::RESET, Step::Again),
            Step::Reset
            | Step::Drain
            | Step::Ask
            | Step::Answer
            | Step::Apart
            | Step::Again
            | Step::Wait => return None,
        };
        self.go_on(now, step, RESET_TIMEOUT);
        written.then_some(opcode)
    }

    /// Handles an event during the reset. Only answers count.
    pub(super) fn handle_while_resetting(&mut self, now: Instant, event: &Event<'_>) {
        self.stats.events_in_reset.count();
        if let Event::CommandComplete(complete) = event {
            let (opcode, credits) = (complete.opcode, complete.num_packets);
            if opcode == Opcode::RESET && complete.status() == Some(Status::SUCCESS) {
                self.handle_reset_complete(now, credits);
            } else if Challenges::POSSIBLE && opcode == Encrypt::OPCODE {
                match Encrypt::returned(complete.return_parameters) {
                    Ok(answer) => _ = self.handle_ciphertext(now, credits, answer.ciphertext),
                    Err(_) => self.challenge_refused(now),
                }
            }
        } else if let Event::CommandStatus(status) = event
            && status.opcode() == Encrypt::OPCODE
        {
            self.challenge_refused(now);
        }
    }

    /// Handles the completion of Reset. Returns whether data from the controller counts from now on.
    pub(crate) fn handle_reset_complete(&mut self, now: Instant, num_packets: u8) -> bool {
        if !matches!(self.phase, Phase::Resetting { .. }) {
            return false;
        }
        match self.recovery.step {
            Step::Reset => {
                self.lane.complete(Opcode::RESET, num_packets);
                let cannot = !Challenges::POSSIBLE || self.recovery.answers == Some(false);
                match (cannot, self.recovery.noisy || num_packets == 0) {
                    (true, _) => self.go_on(now, Step::Apart, APART),
                    (false, true) => self.go_on(now, Step::Drain, QUIET),
                    (false, false) => self.go_on(now, Step::Ask, RESET_TIMEOUT),
                }
                false
            }
            Step::Again => {
                self.trust(now, Opcode::RESET, num_packets);
                true
            }
            Step::Drain | Step::Ask | Step::Answer | Step::Apart | Step::AskAgain | Step::Wait => {
                self.noise(now, RESET_COMPLETE_LEN);
                false
            }
        }
    }

    /// Handles an answer to LE Encrypt. Returns whether it answers the challenge, so that data from the controller
    /// counts from now on.
    pub(crate) fn handle_ciphertext(
        &mut self,
        now: Instant,
        num_packets: u8,
        ciphertext: [u8; 16],
    ) -> bool {
        let asked = Challenges::POSSIBLE && matches!(self.phase, Phase::Resetting { .. });
        let met = asked
            && self.recovery.step == Step::Answer
            && self.recovery.challenges.is_met(ciphertext);
        if met {
            self.recovery.answers = Some(true);
            self.trust(now, Encrypt::OPCODE, num_packets);
        } else {
            self.noise(now, ENCRYPTED_LEN);
        }
        met
    }

    /// Handles a refused LE Encrypt, unless the octets belong to no answer.
    pub(crate) fn challenge_refused(&mut self, now: Instant) {
        let asked = matches!(self.phase, Phase::Resetting { .. });
        if asked && self.recovery.step == Step::Answer && self.recovery.answers != Some(true) {
            self.go_on(now, Step::Apart, APART);
        } else {
            self.noise(now, REFUSED_LEN);
        }
    }

    /// Waits before Reset is sent again. During a long pause, calls that wait for the controller fail, as if Reset had
    /// no answer.
    pub(super) fn wait_to_reset(&mut self, now: Instant, pause: Duration, silent: bool) {
        let silent = silent || pause >= RESET_TIMEOUT;
        self.lane.reset();
        self.phase = if pause == Duration::MIN {
            Phase::ResetPending { silent }
        } else {
            Phase::Resetting { until: now, silent }
        };
        self.go_on(now, Step::Wait, pause);
    }

    /// Returns whether a pause before the next Reset is in progress.
    pub(super) const fn waits_to_reset(&self) -> bool {
        matches!((self.phase, self.recovery.step), (Phase::Resetting { .. }, Step::Wait))
    }

    /// Begins the set-up, because everything that the controller sends from now on counts.
    fn trust(&mut self, now: Instant, opcode: Opcode, num_packets: u8) {
        self.recovery.noisy = false;
        self.begin_set_up(now, opcode, num_packets);
    }

    /// Handles the deadline of the current step.
    pub(super) fn recovery_due(&mut self, now: Instant) {
        let quiet = self.recovery.limit.is_some_and(|limit| now < limit);
        match self.recovery.step {
            Step::Drain if quiet => self.go_on(now, Step::Ask, RESET_TIMEOUT),
            Step::Apart if quiet => self.go_on(now, Step::AskAgain, RESET_TIMEOUT),
            Step::Answer if self.recovery.answers != Some(true) => {
                if !self.recovery.noisy {
                    self.recovery.answers = Some(false);
                }
                self.go_on(now, Step::Apart, APART);
            }
            // The controller answered challenges before, so nothing else is accepted. It is asked again after
            // increasing pauses.
            Step::Answer => {
                let pause = self.recovery.pause(now);
                self.wait_to_reset(now, pause, true);
                self.wake_silent();
            }
            Step::Wait => {
                self.phase = Phase::ResetPending { silent: self.is_silent() };
                self.ready.run(Due::COMMAND);
            }
            Step::Reset | Step::Drain | Step::Ask | Step::Apart | Step::AskAgain | Step::Again => {
                self.reset_unanswered()
            }
        }
    }

    /// Sends Reset again because its answer is overdue, and wakes the tasks that wait for the controller.
    fn reset_unanswered(&mut self) {
        self.phase = Phase::ResetPending { silent: true };
        self.wake_silent();
    }

    /// Wakes the tasks that wait for a controller that does not answer.
    fn wake_silent(&mut self) {
        self.ready.host(HostKey::Controller);
        self.ready.host(HostKey::Command);
        self.ready.host(HostKey::Worker);
        self.ready.run(Due::COMMAND);
    }
}
