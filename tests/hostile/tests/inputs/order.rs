//! An application that reads late gets everything, in the order of arrival, and no indication is confirmed without
//! being kept.

use std::{cell::RefCell, rc::Rc};

use bindrune::{Advertisement, Connection, Event, Opcode};
use bindrune_hostile::{Opcodes, Outcome, Store, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    bond::{ENCRYPTED, KEY_REQUEST, bond, stored},
    scene::{ASKED, ATT, B, LEVEL, LINK, config, connection_complete, idle, idle_with, linked},
};

/// Disconnection Complete: the peer's user ended the link.
const ENDED: [u8; 7] = hex!("040504 00 4000 13");

/// Brings up a link as peripheral, and leaves its events unread.
fn unread(b: &mut B) -> Connection<'static> {
    let slot = Rc::new(RefCell::new(None));
    let (keep, host) = (slot.clone(), b.host);
    b.spawn(async move {
        *keep.borrow_mut() = host.advertise(&Advertisement::connectable()).await.ok();
    });
    b.inject(&connection_complete(LINK, 1));
    slot.take().unwrap()
}

/// Returns the first events of a link, by kind.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other events are recorded")]
fn kinds(b: &mut B, mut link: Connection<'static>, count: usize) -> Outcome<Vec<String>> {
    b.spawn(async move {
        let mut kinds = Vec::new();
        while kinds.len() < count {
            kinds.push(match link.next().await {
                Event::Write(write) => {
                    let value = format!("Write {:?}", write.value());
                    write.accept();
                    value
                }
                event => format!("{event:?}").split(['(', ' ']).next().unwrap().to_string(),
            });
        }
        kinds
    })
}

fn att(b: &mut B, pdu: &[u8]) {
    b.inject(&acl(LINK, &l2cap(ATT, pdu)));
}

#[test]
fn events_come_in_the_order_of_arrival() {
    let mut b = idle_with(config(), Store::memory(&[stored(&bond())]));
    let link = unread(&mut b);
    b.inject(&KEY_REQUEST);
    b.inject(&ENCRYPTED);
    att(&mut b, &hex!("02 0502"));
    let [low, high] = (b.host.gatt().handle(&LEVEL).unwrap() + 1).to_le_bytes();
    att(&mut b, &[0x12, low, high, 1, 0]);
    let [low, high] = b.host.gatt().handle(&ASKED).unwrap().to_le_bytes();
    att(&mut b, &[0x12, low, high, 1]);
    let kinds = kinds(&mut b, link, 4);
    assert_eq!(kinds.take(), ["Encrypted", "Mtu", "Subscribed", "Write [1]"]);
}

#[test]
fn writes_around_a_second_request_for_the_key_come_in_order() {
    let mut b = idle_with(config(), Store::memory(&[stored(&bond())]));
    let link = unread(&mut b);
    b.controller().mute = Opcodes::Only(vec![Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY.0]);
    let [low, high] = b.host.gatt().handle(&ASKED).unwrap().to_le_bytes();
    for value in [1, 2] {
        b.inject(&KEY_REQUEST);
        att(&mut b, &[0x12, low, high, value]);
    }
    let kinds = kinds(&mut b, link, 2);
    b.pass(Duration::from_millis(200));
    assert_eq!(kinds.take(), ["Write [1]", "Write [2]"]);
}

#[test]
fn a_write_is_reported_after_its_link_has_ended() {
    let mut b = idle();
    let link = unread(&mut b);
    att(&mut b, &hex!("02 0502"));
    let [low, high] = b.host.gatt().handle(&ASKED).unwrap().to_le_bytes();
    att(&mut b, &[0x12, low, high, 7]);
    b.inject(&ENDED);
    let kinds = kinds(&mut b, link, 4);
    assert_eq!(kinds.take(), ["Mtu", "Write [7]", "Disconnected", "Disconnected"]);
}

#[test]
fn an_indication_without_room_is_confirmed_once_there_is_room() {
    let mut s = linked();
    let mut values = s.conn.listen(0x20).unwrap();
    let mut confirmed = 0;
    loop {
        s.b.sent();
        s.att(&[0x1d, 0x20, 0, confirmed]);
        if s.b.frames().is_empty() {
            break;
        }
        confirmed += 1;
        assert!(confirmed < 40, "there is always room");
    }
    // The peer breaks the rule to wait for the confirmation of each indication.
    s.att(&[0x1d, 0x20, 0, 0xff]);
    s.b.expect_silence();
    for round in 0..=confirmed {
        let read = s.b.spawn(async move {
            let mut value = [0; 1];
            let len = values.next(&mut value).await;
            (values, len, value)
        });
        let (len, value);
        (values, len, value) = read.take();
        assert_eq!((len, value), (Ok(1), [round]));
        if round == 0 {
            s.b.expect(ATT, &[&hex!("1e")]);
        } else {
            s.b.expect_silence();
        }
    }
    assert_eq!(values.lost(), 1);
    assert_eq!(s.b.host.stats().dropped_pushes, 1);
    drop(values);
    s.is_as_before();
}
