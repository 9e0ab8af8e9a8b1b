//! Platform work for pairing and bonds: one job at a time, concurrent with everything else.

use core::{
    convert::Infallible,
    future::{Future, poll_fn},
    mem::replace,
    task::Poll,
};

use bindrune_hci::clock::Clock;
use bindrune_smp::{Job, JobDone};
use embassy_futures::select::{Either, select};
use embassy_time::Duration;
use zeroize::{Zeroize, Zeroizing};

use super::{Controller, alarm::Alarm, run::Parts};
use crate::{
    BondStore, Crypto, Host,
    core::Core,
    report::report,
    stack::{BondJob, JobTicket, RECORD_MAX},
    waiters::Due,
};

/// Time limit of one pairing job: as long as the peer waits for its outcome. [Vol 3] Part H, 3.4
const JOB_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs all jobs. Polled if there may be a job, and on each wake while a job runs.
pub(super) async fn all(
    host: &Host,
    crypto: &mut impl Crypto,
    store: &mut impl BondStore,
    clock: &impl Clock,
    parts: &Parts,
) -> Infallible {
    let pairing = of_pairing(host, crypto, clock, parts);
    match select(pairing, of_bonds(host, store, clock, parts)).await {
        Either::First(never) | Either::Second(never) => never,
    }
}

/// Returns the next job; waits if there is none.
async fn next<T>(
    host: &Host,
    (parts, part): (&Parts, Due),
    mut poll: impl FnMut(&mut Core) -> Option<T>,
) -> T {
    parts.set_under_way(part, false);
    let job = poll_fn(|_| host.with(&mut poll).map_or(Poll::Pending, Poll::Ready)).await;
    parts.set_under_way(part, true);
    job
}

async fn of_pairing(
    host: &Host,
    crypto: &mut impl Crypto,
    clock: &impl Clock,
    parts: &Parts,
) -> Infallible {
    let controller = Controller::new(host);
    let mut begun = false;
    loop {
        let poll = |core: &mut Core| {
            // The challenge that the controller gets when it is reset needs random octets. If they come from the
            // controller, they are available after its first initialization.
            let seeds = !replace(&mut begun, true) && !core.stack.is_seeded();
            if seeds { Some((JobTicket::Seed, Job::Random)) } else { core.stack.poll_job() }
        };
        let (ticket, job) = next(host, (parts, Due::JOB), poll).await;
        report!(debug, "computing {}", name(&job));
        let done = match within(JOB_TIMEOUT, clock, crypto.carry_out(&controller, &job)).await {
            Either::First(done) => done,
            Either::Second(()) => JobDone::Failed,
        };
        if matches!(done, JobDone::Failed | JobDone::DhKey(None)) {
            report!(warn, "the cryptography failed: it returned no {}", name(&job));
        }
        host.with(|core| {
            if let JobDone::Random(octets) = &done {
                core.stack.seed(*octets);
            }
            core.stack.set_clock(clock.now());
            core.stack.handle_job(ticket, &done);
        });
    }
}

const fn name(job: &Job) -> &'static str {
    match job {
        Job::Random => "random numbers",
        Job::KeyPair => "key pair",
        Job::DhKey { .. } => "Diffie-Hellman key",
    }
}

/// Returns the output of `work`, or an error if it takes too long. This is no `async fn`, because that would hold
/// `work` twice.
fn within<T>(
    time: Duration,
    clock: &impl Clock,
    work: impl Future<Output = T>,
) -> impl Future<Output = Either<T, ()>> {
    let deadline = clock.now().saturating_add(time);
    let mut alarm = Alarm::new();
    select(work, poll_fn(move |cx| alarm.poll(clock, clock.now(), deadline, cx)))
}

async fn of_bonds(
    host: &Host,
    store: &mut impl BondStore,
    clock: &impl Clock,
    parts: &Parts,
) -> Infallible {
    let mut record = Zeroizing::new([0; RECORD_MAX]);
    loop {
        let job =
            next(host, (parts, Due::BOND_JOB), |core| core.stack.poll_bond_job(&mut record)).await;
        let result = match job {
            BondJob::Load => load(host, store).await,
            BondJob::Store(id, len) => match record.get(..len) {
                Some(octets) => store.store(id, octets).await,
                None => Ok(()),
            },
            BondJob::Delete(id) => store.delete(id).await,
        };
        record.zeroize();
        report!(debug, "the store of bonds did {job:?}");
        if let Err(error) = &result {
            report!(error, "the store of bonds failed at {job:?}: {error:?}");
        }
        host.with(|core| {
            core.stack.set_clock(clock.now());
            core.stack.handle_bond_job(result.map_err(|_| ()));
        });
    }
}

async fn load<S: BondStore>(host: &Host, store: &mut S) -> Result<(), S::Error> {
    let mut left_out = 0usize;
    let each = |id, octets: &[u8]| {
        let taken = host.with(|core| core.stack.handle_record(id, octets));
        left_out = left_out.saturating_add(usize::from(!taken));
    };
    let loaded = store.load(each).await?;
    if left_out > 0 {
        report!(
            warn,
            "records that cannot be read, or bonds that Config has no place for: {left_out}"
        );
    }
    if loaded.damaged > 0 {
        let lost = loaded.damaged;
        report!(warn, "damaged bonds, which are lost; pair with their devices again: {lost}");
    }
    if loaded.rolled_back {
        report!(warn, "the store of bonds was in an older state than it was left in");
    }
    Ok(())
}
