//! Frames of a hostile peer, and what each does to a channel with three frames that are not acknowledged.

use super::*;

struct Row {
    name: &'static str,
    agreed: Agreed,
    /// Frames without check sequence; the outcome is that of the last one.
    frames: Vec<Vec<u8>>,
    outcome: Outcome,
}

fn row<const N: usize>(
    name: &'static str,
    agreed: Agreed,
    frames: [Vec<u8>; N],
    outcome: Outcome,
) -> Row {
    Row { name, agreed, frames: frames.into(), outcome }
}

const fn bad(violation: Violation) -> Outcome {
    Outcome::Violation(violation)
}

const DROPPED: Outcome = Outcome::Discarded;
const IGNORED: Outcome = Outcome::Nothing;
const WIDE: Agreed = Agreed { rx_window: 63, ..ENHANCED };

fn lengths() -> Vec<Row> {
    vec![
        row("no control field", ENHANCED, [vec![]], DROPPED),
        row("half a control field", ENHANCED, [vec![0]], DROPPED),
        row("S-frame with data", ENHANCED, [i(0, 0, RR, &[0])], DROPPED),
        row("S-frame with much data", ENHANCED, [i(0, 0, RR, &[0; 300])], DROPPED),
        row("REJ with data", ENHANCED, [i(0, 0, REJ, &[0])], DROPPED),
        row("start without length", ENHANCED, [i(0, 0, SDU_START, &[])], DROPPED),
        row("start with half a length", ENHANCED, [i(0, 0, SDU_START, &[9])], DROPPED),
        row("start without data", ENHANCED, [start(0, 0, 10, &[])], IGNORED),
        row(
            "start that holds the SDU",
            ENHANCED,
            [start(0, 0, 3, &[0; 3])],
            bad(Violation::SduLength),
        ),
        row(
            "start longer than the SDU",
            ENHANCED,
            [start(0, 0, 2, &[0; 3])],
            bad(Violation::SduLength),
        ),
        row("start of an empty SDU", ENHANCED, [start(0, 0, 0, &[])], bad(Violation::SduLength)),
        row("SDU of MTU + 1", ENHANCED, [start(0, 0, 49, &[0; 18])], bad(Violation::SduTooLong)),
        row("SDU of 65,535", ENHANCED, [start(0, 0, 65_535, &[0; 18])], bad(Violation::SduTooLong)),
        row("frame of MPS + 1", ENHANCED, [i(0, 0, 0, &[0; 21])], bad(Violation::FrameTooLong)),
        row("old frame of MPS + 1", ENHANCED, [i(9, 0, 0, &[0; 21])], bad(Violation::FrameTooLong)),
        row("frame of 65,000", ENHANCED, [i(0, 0, 0, &[0; 65_000])], bad(Violation::FrameTooLong)),
    ]
}

fn segments() -> Vec<Row> {
    vec![
        row(
            "end longer than the SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_END, &[0; 3])],
            bad(Violation::SduLength),
        ),
        row(
            "end shorter than the SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_END, &[0; 1])],
            bad(Violation::SduLength),
        ),
        row(
            "end without data",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_END, &[])],
            bad(Violation::SduLength),
        ),
        row(
            "continuation that fills the SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_CONTINUES, &[0; 2])],
            bad(Violation::SduLength),
        ),
        row(
            "continuation beyond the SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_CONTINUES, &[0; 9])],
            bad(Violation::SduLength),
        ),
        row(
            "continuation without data",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_CONTINUES, &[])],
            IGNORED,
        ),
    ]
}

fn orders() -> Vec<Row> {
    vec![
        row("end without start", ENHANCED, [i(0, 0, SDU_END, &[1])], bad(Violation::Segmentation)),
        row(
            "continuation without start",
            ENHANCED,
            [i(0, 0, SDU_CONTINUES, &[1])],
            bad(Violation::Segmentation),
        ),
        row(
            "start in an SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), start(1, 0, 20, &[0; 18])],
            bad(Violation::Segmentation),
        ),
        row(
            "unsegmented in an SDU",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), i(1, 0, 0, &[1])],
            bad(Violation::Segmentation),
        ),
        row(
            "end after the end",
            ENHANCED,
            [start(0, 0, 19, &[0; 18]), i(1, 0, SDU_END, &[1]), i(2, 0, SDU_END, &[1])],
            bad(Violation::Segmentation),
        ),
        row("frame twice", ENHANCED, [i(0, 0, 0, b"x"), i(0, 0, 0, b"x")], IGNORED),
        row(
            "start twice",
            ENHANCED,
            [start(0, 0, 20, &[0; 18]), start(0, 0, 20, &[0; 18])],
            IGNORED,
        ),
        row("frame that skips one", ENHANCED, [i(1, 0, 0, b"x")], IGNORED),
        row("frame behind the window", ENHANCED, [i(8, 0, 0, b"x")], IGNORED),
        row("frame before the window", ENHANCED, [i(63, 0, 0, b"x")], IGNORED),
        row("frame behind a large window", WIDE, [i(63, 0, 0, b"x")], bad(Violation::TxSeq)),
    ]
}

fn acknowledgements() -> Vec<Row> {
    vec![
        row("RR of a frame that was not sent", ENHANCED, [s(RR, 4)], bad(Violation::ReqSeq)),
        row("RR before the window", ENHANCED, [s(RR, 63)], bad(Violation::ReqSeq)),
        row("RR that goes back", ENHANCED, [s(RR, 2), s(RR, 1)], bad(Violation::ReqSeq)),
        row("RNR of a frame that was not sent", ENHANCED, [s(RNR, 9)], bad(Violation::ReqSeq)),
        row("REJ of the next frame", ENHANCED, [s(REJ, 3)], bad(Violation::ReqSeq)),
        row("REJ of a frame that was not sent", ENHANCED, [s(REJ, 30)], bad(Violation::ReqSeq)),
        row("SREJ of the next frame", ENHANCED, [s(SREJ, 3)], bad(Violation::ReqSeq)),
        row("SREJ of a frame that was not sent", ENHANCED, [s(SREJ, 4)], bad(Violation::ReqSeq)),
        row(
            "SREJ of an acknowledged frame",
            ENHANCED,
            [s(RR, 2), s(SREJ, 1)],
            bad(Violation::ReqSeq),
        ),
        row(
            "SREJ when all is acknowledged",
            ENHANCED,
            [s(RR, 3), s(SREJ, 3)],
            bad(Violation::ReqSeq),
        ),
        row(
            "I-frame for a frame that was not sent",
            ENHANCED,
            [i(0, 4, 0, b"x")],
            bad(Violation::ReqSeq),
        ),
        row(
            "duplicate for a frame that was not sent",
            ENHANCED,
            [i(0, 0, 0, b"x"), i(0, 4, 0, b"x")],
            bad(Violation::ReqSeq),
        ),
        row("answer without poll", ENHANCED, [s(RR | F, 0)], DROPPED),
        row("busy answer without poll", ENHANCED, [s(RNR | F, 0)], DROPPED),
        row("REJ as answer without poll", ENHANCED, [s(REJ | F, 0)], DROPPED),
        row("SREJ as answer without poll", ENHANCED, [s(SREJ | F, 0)], DROPPED),
        row("I-frame as answer without poll", ENHANCED, [i(0, 0, F, b"x")], DROPPED),
        row("poll and answer", ENHANCED, [s(RR | P | F, 0)], DROPPED),
        row("reserved bits", ENHANCED, [s(RR | 0xc062, 0)], IGNORED),
        row("busy, twice", ENHANCED, [s(RNR, 0), s(RNR, 0)], IGNORED),
        row("REJ while busy", ENHANCED, [s(RNR, 0), s(REJ, 0)], IGNORED),
        row("poll with REJ", ENHANCED, [s(REJ | P, 0)], IGNORED),
    ]
}

fn other_modes() -> Vec<Row> {
    vec![
        row("streaming: S-frame", STREAMING, [s(RR, 0)], DROPPED),
        row("streaming: S-frame with poll", STREAMING, [s(RR | P, 9)], DROPPED),
        row("streaming: REJ", STREAMING, [s(REJ, 1)], DROPPED),
        row("streaming: frame of MPS + 1", STREAMING, [i(0, 0, 0, &[0; 21])], DROPPED),
        row("streaming: SDU of MTU + 1", STREAMING, [start(0, 0, 49, &[0; 18])], DROPPED),
        row("streaming: end without start", STREAMING, [i(0, 0, SDU_END, &[1])], DROPPED),
        row(
            "streaming: end longer than the SDU",
            STREAMING,
            [start(0, 0, 20, &[0; 18]), i(1, 0, SDU_END, &[0; 3])],
            DROPPED,
        ),
        row("streaming: start that holds the SDU", STREAMING, [start(0, 0, 3, &[0; 3])], DROPPED),
        row("streaming: half a control field", STREAMING, [vec![0]], DROPPED),
        row(
            "streaming: an answer and an acknowledgement",
            STREAMING,
            [i(0, 63, F, b"x")],
            READABLE,
        ),
        row("basic: MTU + 1", BASIC, [vec![0; 47]], bad(Violation::SduTooLong)),
        row("basic: 65,535", BASIC, [vec![0; 65_533]], bad(Violation::SduTooLong)),
    ]
}

/// Returns a channel that has sent three I-frames.
fn channel(agreed: Agreed) -> Transfer<'static> {
    let mut transfer = open(agreed, 300);
    for _ in 0..3 {
        transfer.send(b"x").unwrap();
        assert!(transfer.pull(9, START).is_some());
    }
    transfer
}

#[test]
fn each_row_has_the_outcome_of_the_specification() {
    let rows = [lengths(), segments(), orders(), acknowledgements(), other_modes()].concat_rows();
    assert!(rows.len() >= 45);
    for Row { name, agreed, frames, outcome } in rows {
        for piece in [1, 2, 5, 70_000] {
            let mut transfer = channel(agreed);
            let mut last = Outcome::Nothing;
            for frame in &frames {
                assert!(!matches!(last, Outcome::Violation(_)), "{name}");
                last = transfer.take(&sealed(LOCAL, frame), piece, START);
            }
            assert_eq!(last, outcome, "{name}");
            let mut pulled = 0;
            while transfer.pull(9, START).is_some() {
                pulled += 1;
                assert!(pulled < 9, "{name}");
            }
        }
    }
}

#[test]
fn a_frame_with_a_wrong_check_sequence_changes_nothing() {
    for Row { agreed, frames, .. } in
        [lengths(), segments(), orders(), acknowledgements()].concat_rows()
    {
        let mut transfer = channel(agreed);
        for frame in &frames {
            let mut payload = sealed(LOCAL, frame);
            let last = payload.len() - 1;
            payload[last] ^= 0x40;
            assert_eq!(transfer.take(&payload, 4, START), DROPPED);
        }
        assert_eq!(
            transfer.frame(&i(0, 1, 0, b"y")),
            Outcome::Changed { readable: true, acknowledged: true }
        );
        assert_eq!(transfer.taken().unwrap(), b"y");
    }
}

#[test]
fn a_pdu_of_another_length_than_announced_is_discarded() {
    let whole = sealed(LOCAL, &i(0, 0, 0, b"abc"));
    for agreed in [BASIC, ENHANCED, STREAMING] {
        for len in 0..30u16 {
            let mut transfer = open(agreed, 300);
            transfer.begin(len);
            transfer.push(&whole);
            let outcome = transfer.end(START);
            assert_eq!(outcome == READABLE, usize::from(len) == whole.len());
            assert_eq!(transfer.end(START), DROPPED);
            transfer.push(&whole);
        }
    }
}

trait Rows {
    fn concat_rows(self) -> Vec<Row>;
}

impl<const N: usize> Rows for [Vec<Row>; N] {
    fn concat_rows(self) -> Vec<Row> {
        self.into_iter().flatten().collect()
    }
}
