use std::{boxed::Box, collections::VecDeque, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::HEADROOM;

fn pool(packets: usize, size: usize) -> Pool {
    let slots = Box::leak((0..packets).map(|_| Slot::EMPTY).collect::<Vec<_>>().into_boxed_slice());
    Pool::new(slots, Box::leak(vec![0; packets * size].into_boxed_slice()), size)
}

#[test]
fn packets_come_and_go() {
    let mut pool = pool(2, 16);
    let (a, b) = (pool.take(HEADROOM).unwrap(), pool.take(0).unwrap());
    assert!(pool.take(0).is_none());
    assert_eq!((a.headroom(), a.room(), b.room()), (9, 7, 16));
    pool.give(a);
    pool.give(b);
    assert_eq!(pool.free(), 2);
}

#[test]
fn a_packet_is_pulled_pushed_and_written() {
    let mut pool = pool(1, 16);
    let mut p = pool.take(4).unwrap();
    assert!(p.extend(&[1, 2, 3]) && p.pull(1));
    p.push(2).unwrap().copy_from_slice(&[8, 9]);
    assert!(p.write(|w| w.u16(0x0504).is_ok()));
    assert!(!p.write(|w| w.bytes(&[0; 99]).is_ok()));
    assert_eq!(p.bytes(), [8, 9, 2, 3, 4, 5]);
    assert!(!p.extend(&[0; 99]) && !p.pull(7) && !p.grow(99) && p.push(99).is_none());
    p.truncate(2);
    assert_eq!(p.bytes(), [8, 9]);
    pool.give(p);
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Take,
    Give,
    Push(usize),
    Pop(usize),
    PushCopy(usize),
    FreeFront(usize),
    Clear(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::Take),
        Just(Op::Give),
        (0..2usize).prop_map(Op::Push),
        (0..2usize).prop_map(Op::Pop),
        (0..2usize).prop_map(Op::PushCopy),
        (0..2usize).prop_map(Op::FreeFront),
        (0..2usize).prop_map(Op::Clear),
    ]
}

proptest! {
    #[test]
    fn queues_keep_order_and_nothing_leaks(ops in prop::collection::vec(op(), 0..200)) {
        let mut pool = pool(5, 4);
        let mut queues = [Queue::EMPTY, Queue::EMPTY];
        let mut model = [VecDeque::new(), VecDeque::new()];
        let (mut out, mut stamp) = (Vec::new(), 0u8);
        for op in ops {
            match op {
                Op::Take => out.extend(pool.take(0)),
                Op::Give => if let Some(p) = out.pop() { pool.give(p) },
                Op::Push(q) => if let Some(mut p) = out.pop() {
                    stamp = stamp.wrapping_add(1);
                    p.reset(0);
                    prop_assert!(p.extend(&[stamp]));
                    pool.push(&mut queues[q], p);
                    model[q].push_back(stamp);
                },
                Op::Pop(q) => {
                    let p = pool.pop(&mut queues[q]);
                    prop_assert_eq!(p.as_ref().map(|p| p.bytes()[0]), model[q].pop_front());
                    out.extend(p);
                }
                Op::PushCopy(q) => {
                    stamp = stamp.wrapping_add(1);
                    let free = pool.free();
                    prop_assert!(!pool.push_copy(&mut queues[q], 0, &[0; 5]), "the data is too long");
                    let kept = pool.push_copy(&mut queues[q], 1, &[stamp]);
                    prop_assert_eq!(kept, free > 0);
                    model[q].extend(kept.then_some(stamp));
                }
                Op::FreeFront(q) => {
                    pool.free_front(&mut queues[q]);
                    model[q].pop_front();
                }
                Op::Clear(q) => { pool.clear(&mut queues[q]); model[q].clear() }
            }
            for (queue, model) in queues.iter().zip(&model) {
                prop_assert!(pool.iter(queue).map(|p| p.bytes()[0]).eq(model.iter().copied()));
            }
            prop_assert_eq!(pool.free() + queues[0].len() + queues[1].len() + out.len(), 5);
        }
        pool.reset();
        prop_assert_eq!(pool.free() + out.len(), 5);
    }
}
