#![cfg(feature = "std")]

use std::{boxed::Box, thread};

use bindrune_smp::{DhKey, LocalKey, PrivateKey, PublicKey};
use embassy_futures::{
    block_on,
    join::join,
    poll_once,
    select::{Either, select},
};
use rand_core::{Infallible, TryCryptoRng, TryRng};

use super::*;
use crate::{Config, Host, Resources};

/// Counts up, or fails.
struct Counter {
    next: u8,
    fails: bool,
}

#[derive(Debug)]
struct Dry;

impl core::fmt::Display for Dry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no entropy")
    }
}

impl core::error::Error for Dry {}

impl TryRng for Counter {
    type Error = Dry;

    fn try_next_u32(&mut self) -> Result<u32, Dry> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets).map(|()| u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Dry> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets).map(|()| u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Dry> {
        if self.fails {
            return Err(Dry);
        }
        for octet in octets {
            self.next = self.next.wrapping_add(1);
            *octet = self.next;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

fn software() -> SoftwareCrypto<Counter> {
    SoftwareCrypto::new(Counter { next: 0, fails: false })
}

/// A host without a running driver: these implementations do not use its controller.
fn idle_host() -> Host {
    Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new("idle")).unwrap()
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    core::array::from_fn(|i| u8::from_str_radix(&text[2 * (N - 1 - i)..][..2], 16).unwrap())
}

/// Data set 1 of [Vol 2] Part G, 7.1.2.1: both key pairs and the Diffie-Hellman key.
fn data_set() -> [LocalKey; 2] {
    let key = |x, y, private| LocalKey {
        public: PublicKey { x: hex(x), y: hex(y) },
        private: Some(PrivateKey::new(hex(private))),
    };
    [
        key(
            "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6",
            "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b",
            "3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd",
        ),
        key(
            "1ea1f0f01faf1d9609592284f19e4c0047b58afd8615a69f559077b22faaa190",
            "4c55f33e429dad377356703a9ab85160472d1130e28e36765f89aff915b1214a",
            "55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd",
        ),
    ]
}

fn shared() -> DhKey {
    DhKey::new(hex("ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698"))
}

async fn check(crypto: &mut impl Crypto, controller: &Controller<'_>) {
    let [a, b] = data_set();
    assert_eq!(crypto.dh_key(controller, &a, &b.public).await, Some(shared()));
    assert_eq!(crypto.dh_key(controller, &b, &a.public).await, Some(shared()));
    let kept = LocalKey { public: a.public, private: None };
    assert_eq!(crypto.dh_key(controller, &kept, &b.public).await, None);
    let fresh = crypto.key_pair(controller).await.unwrap();
    let (ours, theirs) = (
        crypto.dh_key(controller, &fresh, &a.public).await,
        crypto.dh_key(controller, &a, &fresh.public).await,
    );
    assert!(ours.is_some() && ours == theirs);
    let randoms = [crypto.random(controller).await, crypto.random(controller).await];
    assert!(randoms[0].is_some() && randoms[0] != randoms[1]);
}

#[test]
fn software_computes_what_the_specification_says() {
    let host = idle_host();
    let controller = Controller::new(&host);
    block_on(check(&mut software(), &controller));
    let octets = block_on(software().random(&controller)).unwrap();
    assert_eq!(octets, core::array::from_fn(|i| i as u8 + 1));
}

#[test]
fn a_generator_that_fails_makes_no_key() {
    let host = idle_host();
    let controller = Controller::new(&host);
    let mut dry = SoftwareCrypto::new(Counter { next: 0, fails: true });
    block_on(async {
        assert_eq!(dry.random(&controller).await, None);
        assert_eq!(dry.key_pair(&controller).await, None);
    });
}

#[test]
fn another_task_computes() {
    static OFFLOAD: Offload = Offload::new();
    let host = idle_host();
    let controller = Controller::new(&host);
    let mut crypto = OFFLOAD.crypto();
    let (work, job) = (OFFLOAD.work(software()), check(&mut crypto, &controller));
    let work = core::pin::pin!(work);
    assert!(matches!(block_on(select(work, job)), Either::Second(())));
}

#[test]
fn two_hosts_share_one_task() {
    let (offload, host) = (Offload::new(), idle_host());
    let controller = Controller::new(&host);
    let (mut one, mut other) = (offload.crypto(), offload.crypto());
    let both = join(check(&mut one, &controller), check(&mut other, &controller));
    assert!(matches!(block_on(select(offload.work(software()), both)), Either::Second(_)));
}

#[test]
fn a_job_that_is_dropped_at_any_point_leaves_the_next_one_its_place() {
    let (offload, host) = (Offload::new(), idle_host());
    let controller = Controller::new(&host);
    let mut crypto = offload.crypto();
    // Before the task has it.
    assert!(poll_once(crypto.key_pair(&controller)).is_pending());
    let mut work = core::pin::pin!(offload.work(software()));
    assert!(poll_once(work.as_mut()).is_pending());
    // After it is done, before the result is taken.
    {
        let mut job = core::pin::pin!(crypto.random(&controller));
        assert!(poll_once(job.as_mut()).is_pending());
        assert!(poll_once(work.as_mut()).is_pending());
    }
    // While another host waits.
    let mut other = offload.crypto();
    let mut waiting = core::pin::pin!(other.random(&controller));
    {
        let mut job = core::pin::pin!(crypto.random(&controller));
        assert!(poll_once(job.as_mut()).is_pending());
        assert!(poll_once(waiting.as_mut()).is_pending());
    }
    assert!(matches!(block_on(select(work, waiting)), Either::Second(Some(_))));
}

#[test]
fn the_task_may_be_dropped_and_begin_again() {
    let (offload, host) = (Offload::new(), idle_host());
    let controller = Controller::new(&host);
    let mut crypto = offload.crypto();
    let mut job = core::pin::pin!(crypto.random(&controller));
    assert!(poll_once(job.as_mut()).is_pending());
    drop(offload.work(software()));
    assert!(matches!(block_on(select(offload.work(software()), job)), Either::Second(Some(_))));
}

#[test]
fn a_thread_computes_and_ends_with_its_owner() {
    let host = idle_host();
    let controller = Controller::new(&host);
    let mut crypto = ThreadedCrypto::new();
    assert!(crypto.alive().is_none(), "it begins with the first job");
    block_on(check(&mut crypto, &controller));
    let alive = crypto.alive().unwrap();
    assert_eq!(alive.strong_count(), 2);
    drop(crypto);
    while alive.strong_count() > 0 {
        thread::yield_now();
    }
}

#[test]
fn a_job_of_the_thread_that_is_dropped_is_not_the_result_of_the_next() {
    let host = idle_host();
    let controller = Controller::new(&host);
    let mut crypto = ThreadedCrypto::new();
    for _ in 0..20 {
        let _dropped = poll_once(crypto.key_pair(&controller));
        assert!(block_on(crypto.random(&controller)).is_some());
    }
    block_on(check(&mut crypto, &controller));
}

/// A transport on which nothing ever arrives.
struct Silence;

impl embedded_io_async::ErrorType for Silence {
    type Error = Infallible;
}

impl embedded_io_async::Read for Silence {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        core::future::pending().await
    }
}

impl embedded_io_async::Write for Silence {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn run_may_go_to_another_thread() {
    const fn send<T: Send>(_: &T) {}
    let host = idle_host();
    send(&host.run(Silence, Silence));
    let offload = Offload::new();
    send(&host.run_with(Silence, Silence, crate::Platform::new().crypto(offload.crypto())));
    send(&host.run_with(Silence, Silence, crate::Platform::new().crypto(ControllerCrypto::new())));
}
