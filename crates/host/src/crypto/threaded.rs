use core::{
    future::poll_fn,
    task::{Poll, Waker},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use bindrune_smp::{DhKey, Job, JobDone, LocalKey, PublicKey};
use getrandom::SysRng;

use super::{Crypto, SoftwareCrypto};
use crate::aio::Controller;

/// Cryptography in software on its own thread, with the random numbers of the operating system.
///
/// The thread starts with the first job. It ends with this value, after the job in progress. If no thread can be
/// created, the work is done in [`run`](crate::Host::run).
#[derive(Debug, Default)]
pub struct ThreadedCrypto {
    worker: Option<Worker>,
}

/// The thread, as its owner sees it. It ends when the sender is dropped.
#[derive(Debug)]
struct Worker {
    jobs: Sender<(u64, Job)>,
    result: Arc<Mutex<Awaited>>,
    last: u64,
}

/// The job whose result is awaited, and the result.
#[derive(Debug, Default)]
struct Awaited {
    number: u64,
    done: Option<JobDone>,
    waker: Option<Waker>,
}

/// The result of one job on its way from the thread. A job that never ends has failed.
struct Report<'a> {
    result: &'a Mutex<Awaited>,
    number: u64,
    done: JobDone,
}

impl ThreadedCrypto {
    /// Creates the cryptography; its thread starts later.
    #[must_use]
    pub const fn new() -> Self {
        Self { worker: None }
    }

    /// State that exists as long as the thread does.
    #[cfg(test)]
    pub(super) fn alive(&self) -> Option<std::sync::Weak<impl Sized + use<>>> {
        self.worker.as_ref().map(|worker| Arc::downgrade(&worker.result))
    }

    async fn compute(&mut self, job: Job) -> JobDone {
        if self.worker.is_none() {
            self.worker = Worker::start();
        }
        let Some(worker) = &mut self.worker else {
            return SoftwareCrypto::new(SysRng).compute(&job);
        };
        match worker.compute(job).await {
            Some(done) => done,
            None => {
                self.worker = None;
                JobDone::Failed
            }
        }
    }
}

impl Worker {
    fn start() -> Option<Self> {
        let (jobs, queue) = channel();
        let result = Arc::new(Mutex::new(Awaited::default()));
        let shared = result.clone();
        let thread = thread::Builder::new().name("bindrune-crypto".into());
        thread.spawn(move || work(&queue, &shared)).ok()?;
        Some(Self { jobs, result, last: 0 })
    }

    /// Returns the result of a job; `None` if the thread has ended.
    async fn compute(&mut self, job: Job) -> Option<JobDone> {
        let number = self.last.wrapping_add(1);
        self.last = number;
        *lock(&self.result) = Awaited { number, ..Awaited::default() };
        self.jobs.send((number, job)).ok()?;
        let done = poll_fn(|cx| {
            let mut awaited = lock(&self.result);
            match awaited.done.take() {
                Some(done) => Poll::Ready(done),
                None => {
                    awaited.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        Some(done.await)
    }
}

fn work(queue: &Receiver<(u64, Job)>, result: &Mutex<Awaited>) {
    let mut software = SoftwareCrypto::new(SysRng);
    for (number, job) in queue {
        let mut report = Report { result, number, done: JobDone::Failed };
        report.done = software.compute(&job);
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let mut awaited = lock(self.result);
        if awaited.number != self.number {
            return;
        }
        awaited.done = Some(core::mem::replace(&mut self.done, JobDone::Failed));
        let waker = awaited.waker.take();
        drop(awaited);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock(result: &Mutex<Awaited>) -> MutexGuard<'_, Awaited> {
    result.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crypto for ThreadedCrypto {
    async fn random(&mut self, _: &Controller<'_>) -> Option<[u8; 16]> {
        super::random_of(self.compute(Job::Random).await)
    }

    async fn key_pair(&mut self, _: &Controller<'_>) -> Option<LocalKey> {
        super::key_pair_of(self.compute(Job::KeyPair).await)
    }

    async fn dh_key(
        &mut self,
        _: &Controller<'_>,
        own: &LocalKey,
        peer: &PublicKey,
    ) -> Option<DhKey> {
        super::dh_key_of(self.compute(Job::DhKey { own: own.clone(), peer: *peer }).await)
    }
}
