use std::{boxed::Box, sync::Arc, task::Wake, vec, vec::Vec};

use super::*;

const TURN: Key = Key::Link(1, LinkKey::Turn);
const EVENT: Key = Key::Link(1, LinkKey::Event);

struct Table {
    waiters: Waiters,
    ready: Ready,
}

/// A task: its waker is equal to no other.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

fn task() -> Waker {
    Waker::from(Arc::new(Task))
}

impl Table {
    fn new() -> Self {
        let waiters = Waiters::new(
            Box::leak(Box::new(HostWaiters::EMPTY)),
            Box::leak(Box::new([const { LinkWaiters::EMPTY }; 2])),
            Box::leak(Box::new([])),
        );
        Self {
            waiters,
            ready: Ready::new(Box::leak(Box::new([Group::EMPTY; 2])), Box::leak(Box::new([]))),
        }
    }

    /// Polls a future that must wait; returns the displaced task.
    fn waits(&mut self, key: Key, wait: &mut Wait, task: &Waker) -> Option<Waker> {
        self.first(key, wait);
        match self.waiters.wait(key, wait, task, &mut self.ready) {
            Displaced::Waits(waker) => Some(waker),
            Displaced::None | Displaced::Over(_) => None,
        }
    }

    fn first(&mut self, key: Key, wait: &mut Wait) -> bool {
        self.waiters.is_first(key, wait, &mut self.ready)
    }

    fn leaves(&mut self, key: Key, wait: &mut Wait) {
        let _over = self.waiters.leave(key, wait, &mut self.ready);
    }

    /// Returns the tasks that the marked keys wake.
    fn woken(&mut self) -> Vec<Waker> {
        core::iter::from_fn(|| self.waiters.take_ready(&mut self.ready)).collect()
    }
}

#[test]
fn first_come_first_served() {
    let mut table = Table::new();
    let (mut a, mut b, mut late) = (Wait::default(), Wait::default(), Wait::default());
    table.waits(TURN, &mut a, &task());
    table.waits(TURN, &mut b, &task());
    assert!(table.first(TURN, &mut a) && !table.first(TURN, &mut b));
    assert!(!table.first(TURN, &mut late));
    table.leaves(TURN, &mut a);
    assert!(table.first(TURN, &mut b) && !table.first(TURN, &mut late));
    table.leaves(TURN, &mut b);
    assert!(table.first(TURN, &mut late));
}

#[test]
fn a_line_of_any_length_keeps_its_order() {
    let mut table = Table::new();
    let all = task();
    let mut waits: Vec<_> = (0..50u32).map(|number| (number, Wait::default())).collect();
    for (_, wait) in &mut waits {
        table.waits(TURN, wait, &all);
    }
    // Some leave before their turn, from both ends and from the middle.
    for gone in [49, 30, 29, 7, 3, 0] {
        let (_, mut wait) = waits.remove(gone);
        table.leaves(TURN, &mut wait);
    }
    let mut served = vec![];
    while !waits.is_empty() {
        // In any order of polls, and any number of them.
        waits.reverse();
        for (_, wait) in &mut waits {
            table.waits(TURN, wait, &all);
        }
        if let Some(at) = (0..waits.len()).find(|&at| table.first(TURN, &mut waits[at].1)) {
            let (number, mut wait) = waits.remove(at);
            table.leaves(TURN, &mut wait);
            served.push(number);
        }
        let mut late = Wait::default();
        assert!(waits.is_empty() || !table.first(TURN, &mut late));
    }
    assert!(served.is_sorted() && served.len() == 44, "{served:?}");
}

#[test]
fn futures_of_a_task_share_a_place() {
    let mut table = Table::new();
    let one = task();
    let mut waits: Vec<_> = (0..100).map(|_| Wait::default()).collect();
    for (number, wait) in waits.iter_mut().enumerate() {
        let key = if number % 2 == 0 { TURN } else { EVENT };
        assert!(table.waits(key, wait, &one).is_none());
    }
    table.ready.mark(EVENT);
    assert_eq!(table.woken().len(), 1);
    // It has no place until its futures check again.
    table.ready.mark(TURN);
    assert!(table.woken().is_empty());
    table.waits(TURN, &mut waits[0], &one);
    table.waits(EVENT, &mut waits[1], &one);
    // The task keeps waiting for the turn when the other future is dropped, and for nothing when both are dropped.
    table.leaves(EVENT, &mut waits[1]);
    table.ready.mark(TURN);
    assert_eq!(table.woken().len(), 1);
    table.waits(EVENT, &mut waits[1], &one);
    table.leaves(EVENT, &mut waits[1]);
    table.ready.mark(EVENT);
    assert!(table.woken().is_empty());
}

#[test]
fn a_future_that_moves_to_another_task_is_woken_there() {
    let mut table = Table::new();
    let (one, other) = (task(), task());
    let (mut wait, mut beside) = (Wait::default(), Wait::default());
    table.waits(EVENT, &mut beside, &one);
    for _ in 0..3 {
        table.waits(EVENT, &mut wait, &one);
        table.waits(EVENT, &mut wait, &other);
    }
    table.leaves(EVENT, &mut beside);
    table.ready.mark(EVENT);
    let woken = table.woken();
    assert!(woken.iter().any(|waker| waker.will_wake(&other)));
}

#[test]
fn more_tasks_than_places_are_all_woken() {
    let mut table = Table::new();
    let tasks: Vec<_> = (0..40).map(|_| (task(), core::cell::RefCell::<Wait>::default())).collect();
    let mut gave_way = vec![];
    for (task, wait) in &tasks {
        gave_way.extend(table.waits(EVENT, &mut wait.borrow_mut(), task));
    }
    table.ready.mark(EVENT);
    let woken = table.woken();
    assert_eq!(woken.len() + gave_way.len(), 40);
    assert_eq!(gave_way.is_empty(), cfg!(feature = "std"));
    for (task, _) in &tasks {
        let all = woken.iter().chain(&gave_way);
        assert_eq!(all.filter(|waker| waker.will_wake(task)).count(), 1);
    }
}

#[test]
fn a_mark_wakes_its_key_only() {
    let mut table = Table::new();
    let (mut event, mut scan) = (Wait::default(), Wait::default());
    let tasks = [task(), task()];
    table.waits(EVENT, &mut event, &tasks[0]);
    table.waits(Key::Host(HostKey::Scan), &mut scan, &tasks[1]);
    table.ready.mark(TURN);
    assert!(table.woken().is_empty());
    table.ready.mark(EVENT);
    assert!(table.woken().iter().all(|waker| waker.will_wake(&tasks[0])));
    table.ready.host(HostKey::Scan);
    assert!(table.woken().iter().all(|waker| waker.will_wake(&tasks[1])));
}
