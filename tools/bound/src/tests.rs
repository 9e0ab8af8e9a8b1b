//! Rows that docs/performance.md calculates by hand.

use super::*;

const NOTIFICATION: Row = Row {
    flow: Flow::Notification,
    two_mbit: false,
    interval: 24,
    bytes: 251,
    buffers: 8,
    encrypted: false,
    baud: None,
};

fn assert_near(bound: f64, expected: f64) {
    assert!((bound - expected).abs() < 1.0, "{bound}, not {expected}");
}

#[test]
fn notifications_on_1m_every_30_ms() {
    assert_eq!(NOTIFICATION.exchange(251), 2088 + 150 + 80 + 150);
    // Twelve exchanges of 2,468 µs, each with 244 bytes.
    assert_near(NOTIFICATION.bound(), 12.0 * 244.0 * 8.0 / 0.030);
}

#[test]
fn an_encrypted_channel_on_2m_every_7_5_ms() {
    let row = Row {
        flow: Flow::Channel(32),
        two_mbit: true,
        interval: 6,
        encrypted: true,
        ..NOTIFICATION
    };
    assert_eq!(row.exchange(251), 1064 + 150 + 44 + 150);
    // Five exchanges of 1,408 µs, each with an eighth of an SDU of 1,974 bytes.
    assert_near(row.bound(), 5.0 * 246.75 * 8.0 / 0.0075);
}

#[test]
fn fragments_of_27_bytes_on_1m_every_100_ms() {
    let row = Row { flow: Flow::WriteCommand, interval: 80, bytes: 27, ..NOTIFICATION };
    assert_eq!(row.fragments(), [27, 27, 27, 27, 27, 27, 27, 27, 27, 8]);
    assert_eq!([row.exchange(27), row.exchange(8)], [676, 524]);
    // A PDU takes 6,608 µs; fourteen leave 7,488 µs, in which eight more exchanges begin with room for the longest,
    // 2,468 µs.
    assert_near(row.bound(), 14.8 * 244.0 * 8.0 / 0.100);
}

#[test]
fn a_slow_line_is_the_bound() {
    let row = Row { baud: Some(115_200), ..NOTIFICATION };
    // 256 bytes of ten bits for each value of 244.
    assert_near(row.bound(), 244.0 * 8.0 * 115_200.0 / 2560.0);
    assert_near(Row { baud: Some(3_000_000), ..row }.bound(), NOTIFICATION.bound());
}

#[test]
fn credits_take_room_where_an_event_has_none_to_spare() {
    let row = Row { flow: Flow::Channel(32), interval: 6, encrypted: true, ..NOTIFICATION };
    assert_eq!(3 * row.exchange(251), 7500);
    assert_eq!(row.packet(12) - row.packet(0), 128);
    // The 31 credits after an indication last for ten events of three K-frames; the next has two and the indication.
    assert_near(row.bound(), 32.0 / 11.0 * 246.75 * 8.0 / 0.0075);
    // Without encryption, 96 µs are spare: 3 × 2,468 + 96.
    assert_near(Row { encrypted: false, ..row }.bound(), 3.0 * 246.75 * 8.0 / 0.0075);
    // A window of 8 does not fill an event of 12: every event has an indication, and 11 K-frames.
    let row = Row { flow: Flow::Channel(8), interval: 24, ..row };
    assert_near(row.bound(), 11.0 * 246.75 * 8.0 / 0.030);
}

#[test]
fn a_window_is_in_use_for_two_events_behind_a_line() {
    let row = Row { flow: Flow::Channel(8), two_mbit: true, baud: Some(460_800), ..NOTIFICATION };
    // The first K-frame of an event is read 1,048 + 5,556 µs after its anchor, when four exchanges are over: 4 ×
    // 1,392 µs.
    assert_near(row.bound(), 4.0 * 246.75 * 8.0 / 0.030);
    let wide = Row { flow: Flow::Channel(32), ..row };
    assert_near(wide.bound(), wide.payload() * 8.0 * 460_800.0 / 2560.0);
}
