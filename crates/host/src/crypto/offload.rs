use core::{
    fmt,
    future::poll_fn,
    mem::replace,
    task::{Context, Poll, Waker},
};

use bindrune_smp::{DhKey, Job, JobDone, LocalKey, PublicKey};
use rand_core::TryCryptoRng;

use super::{Crypto, SoftwareCrypto};
use crate::aio::Controller;

/// Moves the cryptography of one host to another task, for boards without threads.
///
/// The other task runs on an executor of lower priority than [`run`](crate::Host::run), so that links are served during
/// a multiplication. Without such a task, every pairing fails after 30 s.
///
/// ```
/// use bindrune::{Offload, Platform, SoftwareCrypto};
///
/// static OFFLOAD: Offload = Offload::new();
///
/// async fn low_priority<R: rand_core::CryptoRng>(generator: R) {
///     OFFLOAD.work(SoftwareCrypto::new(generator)).await
/// }
///
/// let platform = Platform::new().crypto(OFFLOAD.crypto());
/// # fn at_any<R: rand_core::CryptoRng>(generator: R) { let _task = low_priority(generator); }
/// # let _ = platform;
/// ```
pub struct Offload(Guarded);

#[cfg(feature = "std")]
type Guarded = std::sync::Mutex<Cell>;
/// Tasks of any priority share a static, whatever lock the host uses.
#[cfg(not(feature = "std"))]
type Guarded = embassy_sync::blocking_mutex::Mutex<
    embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex,
    core::cell::RefCell<Cell>,
>;

/// The host's end of an [`Offload`].
#[derive(Clone, Copy, Debug)]
pub struct OffloadCrypto<'o>(&'o Offload);

/// The one job in progress, and the waiting task.
struct Cell {
    stage: Stage,
    host: Option<Waker>,
    worker: Option<Waker>,
    /// To wake once the lock is released.
    woken: Option<Waker>,
}

/// State of the job.
enum Stage {
    Idle,
    Queued(Job),
    /// A worker is computing.
    Taken,
    /// A worker is computing a result that is no longer awaited.
    Abandoned,
    Done(JobDone),
}

/// A job in progress; dropping it abandons the job.
struct Pending<'o> {
    offload: &'o Offload,
    armed: bool,
}

impl Offload {
    /// No job, and no waiting task.
    #[must_use]
    pub const fn new() -> Self {
        #[cfg(feature = "std")]
        return Self(Guarded::new(Cell::EMPTY));
        #[cfg(not(feature = "std"))]
        return Self(Guarded::new(core::cell::RefCell::new(Cell::EMPTY)));
    }

    /// Returns the value for [`crate::Platform::crypto`].
    #[must_use]
    pub const fn crypto(&self) -> OffloadCrypto<'_> {
        OffloadCrypto(self)
    }

    /// Runs the host's jobs forever.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: jobs wait for the next call.
    pub async fn work<R: TryCryptoRng>(&self, mut software: SoftwareCrypto<R>) -> ! {
        loop {
            let job = poll_fn(|cx| self.visit(|cell| cell.poll_job(cx))).await;
            let done = software.compute(&job);
            self.visit(|cell| cell.finish(done));
        }
    }

    async fn compute(&self, job: Job) -> JobDone {
        let mut job = Some(job);
        poll_fn(|cx| self.visit(|cell| cell.poll_ask(cx, &mut job))).await;
        let mut pending = Pending { offload: self, armed: true };
        let done = poll_fn(|cx| self.visit(|cell| cell.poll_done(cx))).await;
        pending.armed = false;
        done
    }

    fn visit<T>(&self, visit: impl FnOnce(&mut Cell) -> T) -> T {
        let (result, woken) = self.locked(|cell| (visit(cell), cell.woken.take()));
        if let Some(waker) = woken {
            waker.wake();
        }
        result
    }

    fn locked<T>(&self, visit: impl FnOnce(&mut Cell) -> T) -> T {
        #[cfg(feature = "std")]
        return visit(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        #[cfg(not(feature = "std"))]
        return self.0.lock(|cell| visit(&mut cell.borrow_mut()));
    }
}

impl Cell {
    const EMPTY: Self = Self { stage: Stage::Idle, host: None, worker: None, woken: None };

    /// Stores the job once its place is free.
    fn poll_ask(&mut self, cx: &Context<'_>, job: &mut Option<Job>) -> Poll<()> {
        match (&self.stage, job.take()) {
            (Stage::Idle, Some(job)) => {
                self.stage = Stage::Queued(job);
                self.woken = self.worker.take();
                Poll::Ready(())
            }
            (_, None) => Poll::Ready(()),
            (Stage::Queued(_) | Stage::Taken | Stage::Abandoned | Stage::Done(_), waiting) => {
                *job = waiting;
                self.woken = register(&mut self.host, cx);
                Poll::Pending
            }
        }
    }

    fn poll_done(&mut self, cx: &Context<'_>) -> Poll<JobDone> {
        match replace(&mut self.stage, Stage::Idle) {
            Stage::Done(done) => {
                self.woken = self.host.take();
                Poll::Ready(done)
            }
            stage @ (Stage::Idle | Stage::Queued(_) | Stage::Taken | Stage::Abandoned) => {
                self.stage = stage;
                self.woken = register(&mut self.host, cx);
                Poll::Pending
            }
        }
    }

    fn poll_job(&mut self, cx: &Context<'_>) -> Poll<Job> {
        match replace(&mut self.stage, Stage::Taken) {
            Stage::Queued(job) => Poll::Ready(job),
            stage @ (Stage::Idle | Stage::Taken | Stage::Abandoned | Stage::Done(_)) => {
                self.stage = stage;
                self.woken = register(&mut self.worker, cx);
                Poll::Pending
            }
        }
    }

    fn finish(&mut self, done: JobDone) {
        self.stage = match self.stage {
            Stage::Taken => Stage::Done(done),
            Stage::Idle | Stage::Queued(_) | Stage::Abandoned | Stage::Done(_) => Stage::Idle,
        };
        self.woken = self.host.take();
    }

    fn abandon(&mut self) {
        self.stage = match self.stage {
            Stage::Taken | Stage::Abandoned => Stage::Abandoned,
            Stage::Idle | Stage::Queued(_) | Stage::Done(_) => Stage::Idle,
        };
        self.woken = self.host.take();
    }
}

/// Keeps the waker of `cx`. The waker of another task is replaced and woken, so that it checks again.
fn register(place: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match place {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        Some(_) | None => place.replace(cx.waker().clone()),
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.offload.visit(Cell::abandon);
        }
    }
}

impl Crypto for OffloadCrypto<'_> {
    async fn random(&mut self, _: &Controller<'_>) -> Option<[u8; 16]> {
        super::random_of(self.0.compute(Job::Random).await)
    }

    async fn key_pair(&mut self, _: &Controller<'_>) -> Option<LocalKey> {
        super::key_pair_of(self.0.compute(Job::KeyPair).await)
    }

    async fn dh_key(
        &mut self,
        _: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        super::dh_key_of(self.0.compute(Job::DhKey { own: own.clone(), peer: *peer }).await)
    }
}

impl Default for Offload {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Offload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offload(..)")
    }
}
