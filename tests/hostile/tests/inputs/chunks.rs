//! The worst fragmentation of the byte stream: each octet by itself. [Vol 4] Part A, 2

use bindrune::Stats;
use bindrune_corpus::{Row, rows};
use bindrune_hostile::Sent;

use crate::scene::linked;

/// Rows that repeat a packet more often than this are shortened here.
const REPEATS: usize = 8;

#[test]
fn each_packet_of_the_table_has_the_same_result_octet_by_octet() {
    for row in rows() {
        assert_eq!(results(&row, usize::MAX), results(&row, 1), "{}", row.id);
    }
}

fn results(row: &Row, chunk: usize) -> (Vec<Sent>, Stats, Vec<String>) {
    let mut s = linked();
    s.b.chunk(chunk);
    s.b.inject(&row.packets(REPEATS).concat());
    let log = s.log.borrow().clone();
    (s.b.sent(), s.b.host.stats(), log)
}
