use hex_literal::hex;

use super::*;
use crate::classic::mode::control::{Control, Function, Sar, Seq};

#[test]
fn control_fields_keep_every_bit() {
    for field in 0..=u16::MAX {
        let reserved = if field & 1 == 0 { 0 } else { 0xc062 };
        let octets = field.to_le_bytes();
        assert_eq!(Control::parse(octets).octets(), (field & !reserved).to_le_bytes());
    }
    let control = Control::Information {
        tx: Seq::new(1),
        req: Seq::new(63),
        is_final: true,
        sar: Sar::Continuation,
    };
    assert_eq!(control.octets(), hex!("82 ff"));
    let control = Control::Supervisory {
        function: Function::SelectiveReject,
        req: Seq::new(5),
        is_final: false,
        poll: true,
    };
    assert_eq!(control.octets(), hex!("1d 05"));
}

/// [Vol 3] Part A, 3.3.5
#[test]
fn check_sequences_are_those_of_the_specification() {
    let i_frame = hex!("02 00 00 01 02 03 04 05 06 07 08 09");
    assert_eq!(sealed(LOCAL, &i_frame)[12..], hex!("38 61"));
    assert_eq!(sealed(LOCAL, &hex!("01 01"))[2..], hex!("d4 14"));

    let mut transfer = open(ENHANCED, 200);
    assert_eq!(transfer.take(&hex!("00 00 aa"), 9, START), Outcome::Discarded);
    assert_eq!(transfer.frame(&hex!("00 00 aa")), READABLE);
    assert_eq!(
        transfer.take(&hex!("02 00 00 01 02 03 04 05 06 07 08 09 38 61"), 1, START),
        READABLE
    );
    assert_eq!(transfer.taken().unwrap(), [0xaa]);
    assert_eq!(transfer.taken().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn pieces_of_every_size_make_the_same_frame() {
    for agreed in [BASIC, ENHANCED, STREAMING, Agreed { fcs: false, ..ENHANCED }] {
        for piece in 1..60 {
            let (mut a, mut b) = (open(agreed, 200), open(agreed, 200));
            a.open(agreed, REMOTE, LOCAL);
            a.send(&[7; 45]).unwrap();
            a.send(&[]).unwrap();
            while let Some(payload) = a.pull(piece, START) {
                let outcome = b.take(&payload, 61 - piece, START);
                assert!(matches!(outcome, READABLE | Outcome::Nothing));
            }
            assert_eq!((b.taken().unwrap(), b.taken().unwrap()), (vec![7; 45], vec![]));
        }
    }
}

#[test]
fn sdus_are_split_by_the_mps() {
    let mut transfer = open(ENHANCED, 200);
    transfer.send(&[1; 20]).unwrap();
    transfer.send_parts(&[&[2; 18], &[3; 20], &[4; 2]]).unwrap();
    assert_eq!(transfer.due().unwrap(), i(0, 0, UNSEGMENTED, &[1; 20]));
    assert_eq!(transfer.due().unwrap(), start(1, 0, 40, &[2; 18]));
    assert_eq!(transfer.due().unwrap(), i(2, 0, SDU_CONTINUES, &[3; 20]));
    assert_eq!(transfer.due().unwrap(), i(3, 0, SDU_END, &[4; 2]));
    assert_eq!(transfer.due(), None);
}

#[test]
fn segments_become_an_sdu() {
    for mut transfer in [open(ENHANCED, 50), open(STREAMING, 50)] {
        assert_eq!(transfer.frame(&start(0, 0, 48, &[1; 18])), Outcome::Nothing);
        assert_eq!(transfer.frame(&i(1, 0, SDU_CONTINUES, &[2; 20])), Outcome::Nothing);
        assert!(transfer.front().is_none());
        assert_eq!(transfer.frame(&i(2, 0, SDU_END, &[3; 10])), READABLE);
        assert_eq!(transfer.taken().unwrap(), [vec![1; 18], vec![2; 20], vec![3; 10]].concat());
    }
}

#[test]
fn a_segment_with_a_wrong_check_sequence_leaves_the_sdu() {
    let mut transfer = open(ENHANCED, 50);
    assert_eq!(transfer.frame(&start(0, 0, 30, &[1; 18])), Outcome::Nothing);
    let mut bad = sealed(LOCAL, &i(1, 0, SDU_END, &[9; 12]));
    bad[5] ^= 1;
    assert_eq!(transfer.take(&bad, 4, START), Outcome::Discarded);
    transfer.begin(16);
    transfer.push(&bad[..9]);
    assert_eq!(transfer.frame(&i(1, 0, SDU_END, &[2; 12])), READABLE);
    assert_eq!(transfer.taken().unwrap(), [vec![1; 18], vec![2; 12]].concat());
    assert_eq!((transfer.drops().bad_fcs, transfer.drops().invalid), (1, 1));
}

#[test]
fn basic_mode_has_no_header() {
    let mut transfer = open(BASIC, 59);
    transfer.send(b"out").unwrap();
    assert_eq!(transfer.pull(2, START).unwrap(), b"out");
    assert!(transfer.is_flushed());
    assert_eq!(transfer.take(b"in", 1, START), READABLE);
    assert_eq!(transfer.take(&[], 1, START), READABLE);
    assert_eq!(transfer.take(&[1; 48], 9, START), READABLE);
    assert_eq!(transfer.take(&[2; 3], 9, START), Outcome::Discarded);
    assert_eq!(transfer.take(&[2; 2], 9, START), Outcome::Discarded);
    assert_eq!(transfer.drops().no_room, 2);
    assert_eq!((transfer.taken().unwrap(), transfer.taken().unwrap()), (b"in".to_vec(), vec![]));
    assert_eq!(transfer.take(&[2; 3], 9, START), READABLE);
}

#[test]
fn sending_has_limits() {
    let mut transfer = open(BASIC, 40);
    assert_eq!(transfer.send(&[0; 39]), Err(SendError::TooLong { longest: 38 }));
    assert_eq!(transfer.writable(), Some(38));
    transfer.send(&[1; 20]).unwrap();
    assert_eq!((transfer.send(&[0; 17]), transfer.writable()), (Err(SendError::Full), Some(16)));
    transfer.send(&[2; 16]).unwrap();
    assert_eq!(transfer.writable(), None);
    assert_eq!(transfer.next_pdu(), Some(20));
    assert!(!transfer.is_flushed() && transfer.sent(START));
    transfer.close();
    assert_eq!((transfer.send(&[]), transfer.writable()), (Err(SendError::Closed), None));
    assert_eq!(transfer.next_pdu(), None);
}

#[test]
fn a_closed_channel_ends_its_pdu_and_keeps_received_sdus() {
    let mut transfer = open(BASIC, 40);
    assert_eq!(transfer.take(b"in", 1, START), READABLE);
    transfer.send(b"one").unwrap();
    transfer.send(b"two").unwrap();
    assert_eq!((transfer.next_pdu(), transfer.read(&mut [0; 1])), (Some(3), 1));
    transfer.close();
    assert_eq!(transfer.take(b"late", 1, START), Outcome::Discarded);
    let mut rest = [0; 9];
    assert_eq!((transfer.read(&mut rest), &rest[..2]), (2, &b"ne"[..]));
    assert!(transfer.sent(START) && transfer.is_flushed() && transfer.next_pdu().is_none());
    assert_eq!(transfer.taken().unwrap(), b"in");
    transfer.open(BASIC, LOCAL, REMOTE);
    transfer.send(b"again").unwrap();
    assert_eq!(transfer.pull(9, START).unwrap(), b"again");
}
