use super::*;

#[test]
fn frames_need_no_acknowledgement() {
    let mut transfer = open(STREAMING, 200);
    for tx in 0..150u16 {
        transfer.send(b"x").unwrap();
        assert_eq!(transfer.due().unwrap(), i(tx % 64, 0, UNSEGMENTED, b"x"));
        assert!(transfer.is_flushed());
    }
    assert_eq!(transfer.poll_timeout(), None);
}

#[test]
fn a_missing_frame_costs_its_sdu() {
    let mut transfer = open(STREAMING, 200);
    assert_eq!(transfer.frame(&start(0, 0, 48, &[1; 18])), Outcome::Nothing);
    assert_eq!(transfer.frame(&i(2, 0, SDU_END, &[2; 10])), Outcome::Discarded);
    assert_eq!(transfer.frame(&i(5, 0, UNSEGMENTED, b"x")), READABLE);
    let drops = transfer.drops();
    assert_eq!((drops.missing, drops.incomplete, drops.out_of_sequence), (3, 1, 1));
    assert_eq!((transfer.taken().unwrap(), transfer.taken()), (b"x".to_vec(), None));
}

#[test]
fn a_new_sdu_ends_an_incomplete_one() {
    let mut transfer = open(STREAMING, 200);
    assert_eq!(transfer.frame(&start(0, 0, 48, &[1; 18])), Outcome::Nothing);
    assert_eq!(transfer.frame(&start(1, 0, 19, &[2; 18])), Outcome::Nothing);
    assert_eq!(transfer.frame(&i(2, 0, SDU_END, &[2; 1])), READABLE);
    assert_eq!((transfer.taken().unwrap(), transfer.drops().incomplete), (vec![2; 19], 1));
}

#[test]
fn a_repeated_frame_is_discarded() {
    let mut transfer = open(STREAMING, 200);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"a")), READABLE);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"a")), Outcome::Discarded);
    assert_eq!(transfer.frame(&start(1, 0, 19, &[2; 18])), Outcome::Nothing);
    assert_eq!(transfer.frame(&start(1, 0, 19, &[2; 18])), Outcome::Discarded);
    assert_eq!(transfer.frame(&i(2, 0, SDU_END, &[2; 1])), READABLE);
    assert_eq!((transfer.received(), transfer.drops().duplicate), (2, 2));
}

#[test]
fn a_stream_may_begin_with_any_number() {
    let mut transfer = open(STREAMING, 200);
    assert_eq!(transfer.frame(&i(63, 0, UNSEGMENTED, b"a")), READABLE);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, b"b")), READABLE);
    assert_eq!(transfer.drops().missing, 63);
}

#[test]
fn without_room_the_sdu_is_lost_whole() {
    let mut transfer = open(STREAMING, 50);
    assert_eq!(transfer.frame(&i(0, 0, UNSEGMENTED, &[1; 10])), READABLE);
    assert_eq!(transfer.frame(&start(1, 0, 40, &[2; 18])), Outcome::Discarded);
    assert_eq!(transfer.frame(&i(2, 0, SDU_CONTINUES, &[2; 20])), Outcome::Discarded);
    assert_eq!(transfer.frame(&i(3, 0, SDU_END, &[2; 2])), Outcome::Discarded);
    assert_eq!(transfer.frame(&i(4, 0, UNSEGMENTED, &[3; 10])), READABLE);
    assert_eq!((transfer.received(), transfer.drops().no_room), (2, 1));
}

#[test]
fn flushed_pdus_are_counted_where_they_are_lost() {
    for (agreed, lost) in [(STREAMING, 1), (BASIC, 1), (ENHANCED, 0)] {
        let mut transfer = open(agreed, 200);
        transfer.count_flushed();
        assert_eq!(transfer.drops().flushed, lost);
    }
}
