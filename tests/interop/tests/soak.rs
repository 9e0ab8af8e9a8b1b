//! Three links, and one peer after another killed, frozen and out of range: the other two lose nothing and see no gap.
//!
//! Without `just soak MINUTES` each fault happens once, for 6 s; with it they last up to 40 s.

use anyhow::{Context, Result};
use bindrune::Config;
use bindrune_interop::soak::{Fault, Member, length};
use bindrune_interop::{Air, Node, Scratch, Stopwatch, block_on_for};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Maximum time between two rounds of traffic on a link without a fault.
const BOUND: Duration = Duration::from_millis(500);
/// If the machine itself delays a sleeping task for longer, a gap proves nothing, and the fault is repeated.
const STALLED: Duration = Duration::from_millis(100);
/// How often a fault is repeated on a machine that stalls.
const AGAIN: usize = 5;

/// Maximum delay of a sleeping task by the machine, in milliseconds.
#[derive(Clone, Debug, Default)]
struct Stall(Arc<AtomicU64>);

impl Stall {
    async fn watch(self) {
        const SLEEP: Duration = Duration::from_millis(10);
        loop {
            let stopwatch = Stopwatch::start();
            tokio::time::sleep(SLEEP).await;
            let late = stopwatch.elapsed().saturating_sub(SLEEP).as_millis();
            self.0.fetch_max(late.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    fn take(&self) -> Duration {
        Duration::from_millis(self.0.swap(0, Ordering::Relaxed))
    }
}

struct Soak {
    members: Vec<Member>,
    node: Node,
    air: Air,
    stall: Stall,
}

impl Soak {
    /// Runs one fault of one peer, on a machine that does not stall.
    async fn step(&mut self, victim: usize, fault: Fault, hold: Duration) -> Result<()> {
        for _ in 0..AGAIN {
            if self.attempt(victim, fault, hold).await? {
                return Ok(());
            }
        }
        anyhow::bail!("the machine stalled each time: nothing can be said of gaps")
    }

    /// Runs one fault of one peer, and checks the others: nothing lost, whatever the machine did, and no gap. False
    /// if the machine stalled meanwhile and caused a gap itself.
    async fn attempt(&mut self, victim: usize, fault: Fault, hold: Duration) -> Result<bool> {
        for member in &self.members {
            member.settle(3).await?;
            member.forgive();
        }
        self.stall.take();
        let failing = self.members.get_mut(victim).context("no such peer")?;
        failing.inflict(&mut self.air, fault)?;
        tokio::time::sleep(hold).await;
        failing.recover(&mut self.air, self.node.host(), fault).await?;
        failing.settle(3).await?;

        let stall = self.stall.take();
        let stalled = stall > STALLED;
        let bound = if stalled { Duration::MAX } else { BOUND };
        let mut gaps = Vec::new();
        for (index, member) in self.members.iter_mut().enumerate() {
            if index != victim {
                let gap = member.check(bound).await;
                gaps.push(gap.with_context(|| format!("the machine stalled for {stall:?}"))?);
            }
        }
        let judged = !stalled || gaps.iter().all(|gap| *gap <= BOUND);
        println!(
            "peer {victim} {fault} for {hold:?}; longest gaps of the others {gaps:?}; machine {stall:?}"
        );
        assert_eq!(self.node.host().stats().recoveries, 0, "the controller was reset");
        Ok(judged)
    }

    async fn finish(mut self) -> Result<()> {
        for member in &mut self.members {
            member.leave().await?;
        }
        println!("{:?}", self.node.host().stats());
        drop(self.members);
        self.node.finish().await
    }
}

#[test]
fn a_peer_that_fails_harms_no_other() -> Result<()> {
    let mut air = Air::start(&Scratch::new("soak")?)?;
    let node = Node::start(&air, Config::new("own"), "own")?;
    let (length, begun) = (length(), Stopwatch::start());
    // Longer than a supervision timeout, and in a long run sometimes longer than an ATT transaction may take.
    let holds: &[u64] = if length.is_some() { &[10, 20, 40] } else { &[6] };
    let patience = length.unwrap_or_default() + Duration::from_secs(600);
    block_on_for(patience, async {
        let mut members = Vec::new();
        for name in ["a", "b", "c"] {
            members.push(Member::start(&mut air, node.host(), name).await?);
        }
        let stall = Stall::default();
        let watch = tokio::spawn(stall.clone().watch());
        let mut soak = Soak { members, node, air, stall };
        let whole = Fault::ALL.len();
        let goes_on = |number| length.map_or(number < whole, |length| begun.elapsed() < length);
        for number in (0..).take_while(|number| goes_on(*number)) {
            // Each peer gets each fault in turn.
            let (turn, fault) = (number / whole, Fault::ALL[number % whole]);
            let victim = (number + turn) % soak.members.len();
            let hold = Duration::from_secs(holds[turn % holds.len()]);
            let what = || format!("peer {victim} {fault}, after {:?}", begun.elapsed());
            soak.step(victim, fault, hold).await.with_context(what)?;
        }
        watch.abort();
        soak.finish().await
    })
}
