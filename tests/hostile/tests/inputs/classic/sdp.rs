//! The SDP server: requests of peers, and a server that lies to this device. [Vol 3] Part B, 4

use bindrune::{ClassicPsm, Error, Uuid};
use embassy_time::Duration;

use super::scene::{CID, Dual, OTHER, OTHER_LINK, PEER, SIGNALLING, hex, linked, secured};

const SERVER: (u16, u16) = (CID, CID);

/// A link with an open channel of the server.
fn searching() -> Dual {
    let mut s = linked();
    let cid = s.request(ClassicPsm(1));
    assert_eq!(cid, CID);
    s.configure(cid, &[]);
    s.b.sent();
    s
}

answers! {
    searching(), SERVER;
    /// Without a transaction there is nothing to answer.
    an_empty_request: [""] => [],
    no_transaction: ["02 00"] => [],
    half_a_header: ["02 0001"] => ["01 0001 0002 0004"],
    a_reserved_pdu: ["77 0001 0000"] => ["01 0001 0002 0003"],
    /// An answer to a response could be answered again, for ever.
    responses: ["03 0001 0005 0000 0000 00", "01 0002 0002 0003", "07 0003 0005 0002 3500 00"] => [],
    /// The length says 8, and 4 octets arrive.
    a_request_that_is_cut: ["02 0001 0008 35031911"] => ["01 0001 0002 0004"],
    octets_after_a_request: ["02 0001 0008 3503191101 0005 00 ffff"] => ["01 0001 0002 0004"],
    a_pattern_without_a_uuid: ["02 0001 0005 3500 0005 00"] => ["01 0001 0002 0003"],
    a_pattern_that_is_no_sequence: ["02 0001 0006 191101 0005 00"] => ["01 0001 0002 0003"],
    a_pattern_of_numbers: ["02 0001 0008 3503091101 0005 00"] => ["01 0001 0002 0003"],
    /// An element of 255 octets in a request of 8.
    an_element_longer_than_the_request: ["02 0001 0008 35ff191101 0005 00"] => ["01 0001 0002 0003"],
    no_record_at_most: ["02 0001 0008 3503191101 0000 00"] => ["01 0001 0002 0003"],
    /// A continuation that this server did not make.
    a_forged_continuation: ["02 0001 000a 3503191101 0005 02 ffff"] => ["01 0001 0002 0005"],
    a_continuation_longer_than_16: ["02 0001 0019 3503191101 0005 11 0000000000000000000000000000000000"]
        => ["01 0001 0002 0005"],
    a_continuation_that_is_cut: ["02 0001 0009 3503191101 0005 08 00"] => ["01 0001 0002 0003"],
    attributes_of_no_record: ["04 0001 000e 00099999 0100 35050a0000ffff 00"] => ["01 0001 0002 0002"],
    fewer_octets_than_an_attribute: ["04 0001 000e 00010000 0006 35050a0000ffff 00"] => ["01 0001 0002 0003"],
    attributes_in_the_wrong_order: ["04 0001 0013 00010000 0100 350a 0a0005ffff 0a00000004 00"]
        => ["01 0001 0002 0003"],
}

#[test]
fn a_pattern_deeper_than_the_server_follows_is_refused() {
    let mut s = searching();
    let mut pattern = hex("191101");
    for _ in 0..60 {
        pattern = [&[0x35, pattern.len() as u8][..], &pattern].concat();
    }
    let len = (pattern.len() as u16 + 3).to_be_bytes();
    let request = [&[2, 0, 1, len[0], len[1]][..], &pattern, &[0, 5, 0]].concat();
    s.send(CID, &request);
    s.b.expect(CID, &[&hex("01 0001 0002 0003")]);
    s.ends_well();
}

#[test]
fn a_request_while_the_peer_takes_nothing_waits() {
    let mut s = searching();
    s.b.controller().completes = false;
    for _ in 0..100 {
        s.send(CID, &hex("02 0001 0008 3503191101 0005 00"));
    }
    assert!(s.b.frames().len() <= 4, "the controller has 4 buffers");
    s.up(OTHER_LINK, OTHER);
    s.b.controller().completes = true;
    s.b.inject(&super::scene::event(0x13, &[&[1], &super::scene::LINK.to_le_bytes(), &[4, 0]]));
    s.b.sent();
    s.serves(OTHER_LINK);
    s.ends_well();
}

/// Opens the channel of a search of this device; returns its CID.
fn client(s: &mut Dual) -> u16 {
    let sent = s.signals();
    let request = sent.iter().find(|pdu| pdu[0] == 2).unwrap();
    let (id, cid) = (request[1], u16::from_le_bytes([request[6], request[7]]));
    s.send(SIGNALLING, &[3, id, 8, 0, 0x40, 0, request[6], request[7], 0, 0, 0, 0]);
    let sent = s.signals();
    let own = sent.iter().find(|pdu| pdu[0] == 4).unwrap_or_else(|| panic!("{sent:02x?}"));
    s.send(SIGNALLING, &[5, own[1], 6, 0, request[6], request[7], 0, 0, 0, 0]);
    s.send(SIGNALLING, &[4, 9, 4, 0, request[6], request[7], 0, 0]);
    cid
}

/// Each row: the responses of the server to one request. The search fails, and ends in time.
#[test]
fn responses_that_lie_end_the_search() {
    for responses in [
        // An error of the server.
        &["01 TTTT 0002 0003"][..],
        // Another transaction.
        &["07 ffff 0005 0002 3500 00"],
        // Another kind of response.
        &["03 TTTT 0005 0000 0000 00"],
        // The list is longer than the response.
        &["07 TTTT 0005 00ff 3500 00"],
        // A continuation of 255 octets.
        &["07 TTTT 0005 0002 3500 ff"],
        // Octets that are no list of records.
        &["07 TTTT 0005 0002 0801 00"],
        &["07 TTTT 0005 0002 35ff 00"],
        // Cut.
        &["07 TTTT"],
        // Nothing, with a continuation, for ever.
        &["07 TTTT 0005 0000 01 aa"; 200],
        &["07 TTTT 0006 0001 35 01 aa"; 200],
    ] {
        let mut s = secured();
        let host = s.b.host;
        let search = s.b.spawn(async move {
            let mut buffer = [0; 64];
            let uuids = [Uuid::new_16(0x0100)];
            host.classic().services(PEER, &uuids, &mut buffer).await.map(|found| found.count())
        });
        let cid = client(&mut s);
        for response in responses {
            let frames = s.b.frames();
            let Some((_, request)) = frames.iter().find(|(_, f)| f[2..4] == [0x40, 0] && f[4] == 6)
            else {
                break;
            };
            let transaction = format!("{:02x}{:02x}", request[5], request[6]);
            s.send(cid, &hex(&response.replace("TTTT", &transaction)));
        }
        s.b.pass(Duration::from_secs(100));
        let result = search.take();
        assert!(result.is_err(), "{responses:?} is {result:?}");
        assert_ne!(result, Err(Error::BufferTooSmall { needed: 0 }));
        s.ends_well();
    }
}
