use std::vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;

const T0: Instant = Instant::from_secs(1);

fn buffers(len: u16, count: u16) -> Buffers {
    Buffers { len, count }
}

/// bad_inputs H03, H04
#[test]
fn buffers_must_exist_and_hold_27_octets() {
    let none = Buffers::default();
    assert_eq!(Buffers::choose(none, none), Err(BadBuffers::None));
    assert_eq!(Buffers::choose(buffers(251, 0), none), Err(BadBuffers::None));
    assert_eq!(Buffers::choose(none, buffers(1021, 8)), Ok(buffers(1021, 8)));
    assert_eq!(Buffers::choose(buffers(27, 1), buffers(1021, 8)), Ok(buffers(27, 1)));
    assert_eq!(Buffers::choose(buffers(1, 1), none), Err(BadBuffers::TooShort(1)));
    assert_eq!(Buffers::choose(none, buffers(26, 4)), Err(BadBuffers::TooShort(26)));
}

/// bad_inputs H29, H31
#[test]
fn more_completed_than_outstanding_is_clamped_and_counted() {
    let mut credits = AclCredits::new(buffers(27, 2));
    let (mut a, mut b) = (LinkCredits::NONE, LinkCredits::NONE);
    assert!(credits.take(T0, &mut a) && credits.take(T0, &mut b) && !credits.take(T0, &mut a));
    assert_eq!(credits.completed(T0, &mut a, 0xffff), 0xfffe);
    assert_eq!((credits.free(), credits.total(), credits.excess()), (1, 2, 0xfffe));
    assert_eq!((a.waiting_since(), b.waiting_since()), (None, Some(T0)));
    credits.disconnected(&mut b);
    assert_eq!((credits.free(), b.outstanding(), b.waiting_since()), (2, 0, None));
    assert_eq!(credits.completed(T0, &mut b, 1), 1);
    assert_eq!(credits.free(), 2);
}

#[test]
fn a_link_leaves_the_others_their_shares() {
    for (count, links, alone, beside) in
        [(4, 2, 4, 3), (8, 2, 8, 6), (3, 2, 3, 2), (20, 4, 20, 14), (2, 3, 2, 1), (1, 2, 1, 1)]
    {
        let mut credits = AclCredits::new(buffers(27, count));
        let mut all = vec![LinkCredits::NONE; links];
        credits.share_out(all[..1].iter());
        let taken = |credits: &mut AclCredits, link: &mut LinkCredits| {
            (0..100).filter(|_| credits.take(T0, link)).count()
        };
        assert_eq!(taken(&mut credits, &mut all[0]), alone, "alone with {count}");
        credits.completed(T0, &mut all[0], u16::MAX);
        credits.share_out(all.iter());
        assert_eq!(taken(&mut credits, &mut all[0]), beside, "one of {links} with {count}");
        // The other links find their shares, and completed packets go to the links that lack them.
        let share = (usize::from(count) / (2 * links)).max(1);
        for link in &mut all[1..] {
            let found = taken(&mut credits, link);
            assert!(found >= share || credits.free() == 0, "{found} of {count}");
        }
        assert_eq!(credits.free(), 0);
        let last = links - 1;
        credits.completed(T0, &mut all[last], u16::MAX);
        assert!(count < 4 || !credits.take(T0, &mut all[0]));
        all.truncate(1);
        credits.completed(T0, &mut all[0], u16::MAX);
        credits.share_out(all.iter());
        assert!(credits.may_take(&all[0]));
    }
}

#[test]
fn each_completion_restarts_the_waiting_time() {
    let mut credits = AclCredits::new(buffers(27, 4));
    let mut link = LinkCredits::NONE;
    assert!(credits.take(T0, &mut link) && credits.take(Instant::from_secs(2), &mut link));
    assert_eq!(link.waiting_since(), Some(T0));
    credits.completed(Instant::from_secs(3), &mut link, 0);
    assert_eq!(link.waiting_since(), Some(T0));
    credits.completed(Instant::from_secs(3), &mut link, 1);
    assert_eq!(link.waiting_since(), Some(Instant::from_secs(3)));
}

#[test]
fn host_buffers_go_back_in_batches_for_open_links_only() {
    let mut credits = HostCredits::on(8);
    let (a, b) = (Handle::new(0x40).unwrap(), Handle::new(0x41).unwrap());
    let (mut link_a, mut link_b, mut closed) =
        (HostLinkCredits::NONE, HostLinkCredits::NONE, HostLinkCredits::NONE);
    assert_eq!(credits.interest(0), Interest::None);
    credits.consumed(&mut closed);
    assert_eq!(credits.interest(0), Interest::Data);
    credits.disconnected(&mut closed);
    assert_eq!(credits.interest(0), Interest::None);
    credits.consumed(&mut link_a);
    credits.consumed(&mut link_b);
    credits.consumed(&mut link_b);
    assert_eq!(credits.interest(0), Interest::Urgent);

    let mut buffer = [0; 16];
    let mut w = Writer::new(&mut buffer);
    assert!(credits.poll_transmit(0, [(a, &mut link_a), (b, &mut link_b)], &mut w));
    assert_eq!(w.written(), hex!("35 0c 09 02 4000 0100 4100 0200"));
    assert_eq!(credits.interest(0), Interest::None);
    let mut w = Writer::new(&mut buffer);
    assert!(!credits.poll_transmit(0, [(a, &mut link_a), (b, &mut link_b)], &mut w));
    assert!(w.is_empty());
}

#[test]
fn credits_that_do_not_fit_stay_pending() {
    let mut credits = HostCredits::on(4);
    let (a, b) = (Handle::new(1).unwrap(), Handle::new(2).unwrap());
    let (mut link_a, mut link_b) = (HostLinkCredits::NONE, HostLinkCredits::NONE);
    credits.consumed(&mut link_a);
    credits.consumed(&mut link_b);
    for expected in [hex!("35 0c 05 01 0100 0100"), hex!("35 0c 05 01 0200 0100")] {
        let mut buffer = [0; 10];
        let mut w = Writer::new(&mut buffer);
        assert!(credits.poll_transmit(0, [(a, &mut link_a), (b, &mut link_b)], &mut w));
        assert_eq!(w.written(), expected);
    }
    for room in 0..8 {
        credits.consumed(&mut link_a);
        let mut buffer = [0; 8];
        let mut w = Writer::new(&mut buffer[..room]);
        assert!(!credits.poll_transmit(0, [(a, &mut link_a)], &mut w) && w.is_empty());
    }
    let mut off = HostCredits::OFF;
    off.consumed(&mut link_b);
    assert!(!off.is_on() && off.interest(0) == Interest::None);
}

#[test]
fn buffers_are_withheld_whichever_link_had_them() {
    let mut credits = HostCredits::on(8);
    let (a, b) = (Handle::new(1).unwrap(), Handle::new(2).unwrap());
    let (mut link_a, mut link_b) = (HostLinkCredits::NONE, HostLinkCredits::NONE);
    for _ in 0..3 {
        credits.consumed(&mut link_a);
        credits.consumed(&mut link_b);
    }
    assert_eq!((credits.left(), credits.interest(6)), (2, Interest::None));
    assert_eq!(credits.interest(5), Interest::Data);
    let mut buffer = [0; 32];
    let mut w = Writer::new(&mut buffer);
    assert!(!credits.poll_transmit(6, [(a, &mut link_a), (b, &mut link_b)], &mut w));
    assert!(credits.poll_transmit(2, [(a, &mut link_a), (b, &mut link_b)], &mut w));
    assert_eq!(w.written(), hex!("35 0c 09 02 0100 0300 0200 0100"));
    assert_eq!(credits.left(), 6);
    for _ in 0..5 {
        credits.consumed(&mut link_a);
    }
    assert_eq!(
        (credits.left(), credits.interest(6)),
        (1, Interest::Urgent),
        "the controller has hardly any buffer left"
    );
}

proptest! {
    /// Whatever the controller reports, the free and the outstanding buffers add up to the total.
    #[test]
    fn credits_never_exceed_the_total(
        total in 1..20_u16,
        steps in proptest::collection::vec((0..3_usize, 0..4_u8, any::<u16>()), 0..200),
    ) {
        let mut credits = AclCredits::new(buffers(27, total));
        let mut links = [LinkCredits::NONE; 3];
        for (link, step, count) in steps {
            let link = &mut links[link];
            match step {
                0 | 1 => {
                    let free = credits.free() > 0;
                    prop_assert_eq!(credits.take(T0, link), free);
                }
                2 => _ = credits.completed(T0, link, count % 8),
                _ => credits.disconnected(link),
            }
            let outstanding: u16 = links.iter().map(LinkCredits::outstanding).sum();
            prop_assert_eq!(credits.free() + outstanding, total);
            for link in &links {
                prop_assert_eq!(link.outstanding() > 0, link.waiting_since().is_some());
            }
        }
    }
}
