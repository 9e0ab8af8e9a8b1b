use std::{collections::VecDeque, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

fn joined((first, second): (&[u8], &[u8])) -> Vec<u8> {
    [first, second].concat()
}

#[test]
fn an_empty_ring_starts_again_at_the_beginning() {
    let mut memory = [0; 4];
    let mut ring = Ring::new(&mut memory);
    for _ in 0..9 {
        assert!(ring.extend(b"abc"));
        assert!(!ring.extend(b"de"));
        assert_eq!(ring.as_slices(), (&b"abc"[..], &b""[..]));
        ring.consume(3);
    }
    assert_eq!(ring.into_memory(), b"abc\0");
}

#[test]
fn memory_without_bytes_holds_nothing() {
    let mut ring = Ring::new(&mut []);
    assert_eq!((ring.write(b"a"), ring.read(&mut [0]), ring.free()), (0, 0, 0));
    assert!(ring.extend(b"") && ring.make_contiguous().is_empty());
    ring.consume(5);
    let mut datagrams = Datagrams::new(&mut []);
    assert_eq!((datagrams.room(), datagrams.longest(), datagrams.first()), (None, None, None));
    assert!(!datagrams.begin(0) && !datagrams.append(b"") && !datagrams.pop());
    assert!(datagrams.front().is_none() && datagrams.front_contiguous().is_none());
    datagrams.commit();
    assert_eq!(datagrams.len(), 0);
}

#[test]
fn a_datagram_is_readable_after_its_commit() {
    let mut memory = [0; 10];
    let mut ring = Datagrams::new(&mut memory);
    assert!(!ring.begin(9) && ring.begin(8));
    assert!(ring.push(b"abcd") && !ring.push(b"efghi") && ring.push(b"ef"));
    assert_eq!((ring.free(), ring.room(), ring.written()), (0, None, Some(6)));
    ring.rewind(3);
    assert!(ring.front().is_none() && ring.is_empty() && !ring.append(b""));
    ring.commit();
    assert_eq!(ring.front(), Some((&b"abc"[..], &b""[..])));
    assert_eq!((ring.free(), ring.room(), ring.longest(), ring.bytes()), (5, Some(3), Some(8), 3));
    assert!(ring.begin(3) && ring.push(b"x"));
    ring.abort();
    assert!(!ring.push(b"x") && ring.append(b"xyz") && !ring.append(b""));
}

#[test]
fn empty_datagrams_are_datagrams() {
    let mut memory = [0; 5];
    let mut ring = Datagrams::new(&mut memory);
    assert!(ring.append(b"") && ring.append(b"") && !ring.append(b""));
    assert_eq!((ring.len(), ring.front_len(), ring.read_front(&mut [9])), (2, Some(0), Some(0)));
    assert!(ring.pop() && ring.pop() && !ring.pop());
}

#[test]
fn a_datagram_begun_behind_the_last_one_survives_its_end() {
    let mut memory = [0; 12];
    let mut ring = Datagrams::new(&mut memory);
    assert!(ring.append(b"abcd") && ring.begin(4) && ring.push(b"ef") && ring.pop());
    assert!(ring.push(b"gh"));
    ring.commit();
    assert_eq!(ring.front_contiguous(), Some(&b"efgh"[..]));
}

#[test]
fn the_longest_datagram_has_65535_bytes() {
    let mut memory = vec![0; 70_000];
    let mut ring = Datagrams::new(&mut memory);
    let datagram: Vec<u8> = (0..65_535u32).map(|i| i as u8).collect();
    assert_eq!((ring.longest(), ring.begin(65_536)), (Some(65_535), false));
    for _ in 0..5 {
        assert!(ring.append(b"1") && ring.append(&datagram) && ring.pop());
        assert!(ring.append(b"22") && ring.append(b"333"));
        assert!(ring.front().is_some_and(|front| joined(front) == datagram));
        assert_eq!(ring.front_contiguous(), Some(&datagram[..]));
        assert!(ring.pop() && ring.pop() && ring.pop());
    }
}

#[test]
fn marks_find_datagrams_until_they_are_freed() {
    let mut memory = [0; 16];
    let mut ring = Datagrams::new(&mut memory);
    for _ in 0..50 {
        assert!(ring.append(b"abc") && ring.append(b"defg"));
        let first = ring.first().unwrap();
        let second = ring.next(first).unwrap();
        assert_eq!(ring.next(second), Some(ring.end()));
        assert_eq!((ring.len_at(first), ring.len_at(second)), (Some(3), Some(4)));
        let mut part = [0; 2];
        assert_eq!((ring.read_at(second, 1, &mut part), &part), (2, b"ef"));
        assert!(ring.pop() && ring.append(b"hi"));
        assert_eq!((ring.read_at(second, 2, &mut part), &part), (2, b"fg"));
        assert_eq!(
            (ring.read_at(second, 3, &mut part), ring.read_at(second, 9, &mut part)),
            (1, 0)
        );
        assert!(ring.front_contiguous().is_some());
        assert_eq!((ring.read_at(second, 0, &mut part), &part), (2, b"de"));
        assert_eq!((ring.len_at(first), ring.read_at(ring.end(), 0, &mut part)), (None, 0));
        ring.clear();
        assert_eq!((ring.first(), ring.len_at(second)), (None, None));
    }
}

#[derive(Clone, Debug)]
enum Op {
    Write(Vec<u8>),
    Read(usize),
    Consume(usize),
    Straighten,
    Clear,
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Op::Write),
        3 => (0usize..20).prop_map(Op::Read),
        1 => (0usize..20).prop_map(Op::Consume),
        1 => Just(Op::Straighten),
        1 => Just(Op::Clear),
    ]
}

proptest! {
    #[test]
    fn a_ring_is_a_queue_of_bytes(size in 0usize..40, ops in prop::collection::vec(ops(), 0..80)) {
        let mut memory = vec![0; size];
        let mut ring = Ring::new(&mut memory);
        let mut model = VecDeque::new();
        for op in ops {
            match op {
                Op::Write(bytes) => {
                    let count = ring.write(&bytes);
                    prop_assert_eq!(count, bytes.len().min(size - model.len()));
                    model.extend(&bytes[..count]);
                }
                Op::Read(len) => {
                    let mut buffer = vec![0; len];
                    let count = ring.read(&mut buffer);
                    buffer.truncate(count);
                    let expected: Vec<u8> = model.drain(..len.min(model.len())).collect();
                    prop_assert_eq!(buffer, expected);
                }
                Op::Consume(len) => {
                    ring.consume(len);
                    model.drain(..len.min(model.len()));
                }
                Op::Straighten => {
                    prop_assert_eq!(ring.make_contiguous(), &*model.make_contiguous());
                }
                Op::Clear => {
                    ring.clear();
                    model.clear();
                }
            }
            prop_assert_eq!(joined(ring.as_slices()), Vec::from(model.clone()));
            prop_assert_eq!((ring.len(), ring.free()), (model.len(), size - model.len()));
        }
    }

    #[test]
    fn a_ring_of_datagrams_is_a_queue(
        size in 0usize..60,
        ops in prop::collection::vec((0u8..9, prop::collection::vec(any::<u8>(), 0..14)), 0..120),
    ) {
        let mut memory = vec![0; size];
        let mut ring = Datagrams::new(&mut memory);
        let mut model: VecDeque<Vec<u8>> = VecDeque::new();
        let mut begun: Option<(usize, Vec<u8>)> = None;
        for (op, bytes) in ops {
            let used: usize = model.iter().map(|d| d.len() + 2).sum();
            match op {
                0 | 1 => {
                    let fits = used + 2 + bytes.len() <= size;
                    prop_assert_eq!(ring.begin(bytes.len()), fits);
                    if fits {
                        begun = Some((bytes.len(), Vec::new()));
                    }
                }
                2 | 3 => {
                    let fits = begun.as_ref().is_some_and(|(max, b)| b.len() + bytes.len() <= *max);
                    prop_assert_eq!(ring.push(&bytes), fits);
                    if let Some((_, b)) = begun.as_mut().filter(|_| fits) {
                        b.extend(&bytes);
                    }
                }
                4 => {
                    ring.commit();
                    model.extend(begun.take().map(|(_, b)| b));
                }
                5 => {
                    ring.abort();
                    begun = None;
                }
                6 => {
                    let fits = begun.is_none() && used + 2 + bytes.len() <= size;
                    prop_assert_eq!(ring.append(&bytes), fits);
                    if fits {
                        model.push_back(bytes);
                    }
                }
                7 => prop_assert_eq!(ring.pop(), model.pop_front().is_some()),
                _ => {
                    prop_assert_eq!(ring.front_contiguous(), model.front().map(|d| &d[..]));
                }
            }
            let used: usize = model.iter().map(|d| d.len() + 2).sum();
            let reserved = begun.as_ref().map_or(0, |(max, _)| max + 2);
            prop_assert_eq!((ring.len(), ring.free()), (model.len(), size - used - reserved));
            prop_assert_eq!(ring.bytes(), model.iter().map(Vec::len).sum::<usize>());
            prop_assert_eq!(ring.written(), begun.as_ref().map(|(_, b)| b.len()));
            let mut mark = ring.first();
            for datagram in &model {
                let at = mark.unwrap();
                let mut read = vec![0; 20];
                let count = ring.read_at(at, 0, &mut read);
                read.truncate(count);
                prop_assert_eq!(&read, datagram);
                mark = ring.next(at);
            }
        }
    }
}
