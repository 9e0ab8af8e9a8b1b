use std::vec;

use super::*;

/// Takes as many places as a link can.
fn all(shares: &mut Shares, share: &mut Share) -> usize {
    let mut count = 0;
    while shares.take(share) {
        count += 1;
    }
    count
}

#[test]
fn a_link_leaves_every_other_one_its_share() {
    for (places, links) in [(12, 3), (13, 3), (2, 2), (3, 2), (99, 8), (4, 1)] {
        let mut shares = Shares::new(places, links);
        let mut greedy = Share::NONE;
        let taken = all(&mut shares, &mut greedy);
        assert_eq!(taken, usize::from(shares.alone()), "{places} places, {links} links");
        let guaranteed = (places / links).div_ceil(2);
        for _ in 1..links {
            assert_eq!(all(&mut shares, &mut Share::NONE.clone()), guaranteed);
        }
        assert!(!shares.take(&mut greedy));
        shares.give(&mut greedy, 1);
        assert!(shares.take(&mut greedy));
    }
}

#[test]
fn the_last_place_of_a_subscribed_link_is_for_an_indication() {
    let mut shares = Shares::new(3, 1);
    let mut share = Share::NONE;
    shares.listen(&mut share, true);
    assert_eq!(all(&mut shares, &mut share), 2);
    assert!(shares.take_for_indication(&mut share));
    assert!(!shares.take_for_indication(&mut share) && !shares.take(&mut share));
    assert!(!shares.has_room_for_next(&mut share));
    shares.give(&mut share, 1);
    assert!(shares.has_room_for_next(&mut share));
    assert!(!shares.take(&mut share) && shares.take_for_indication(&mut share));
}

#[test]
fn the_only_place_of_a_link_is_for_notifications_too() {
    for (links, gated) in [(1, false), (1, true), (4, false), (4, true)] {
        let mut shares = Shares::new(links, links);
        let mut each = vec![Share::NONE; links];
        for share in &mut each {
            shares.listen(share, true);
            shares.gate(share, gated);
        }
        for share in &mut each {
            assert!(shares.take(share) && !shares.take(share), "{links} links, gated: {gated}");
            assert!(!shares.take_for_indication(share));
            shares.give(share, 1);
            assert!(shares.take_for_indication(share) && !shares.take(share));
        }
    }
}

#[test]
fn others_do_not_take_the_place_of_an_indication() {
    let mut shares = Shares::new(8, 2);
    let (mut listener, mut other) = (Share::NONE, Share::NONE);
    shares.listen(&mut listener, true);
    assert_eq!(all(&mut shares, &mut listener), 5);
    assert_eq!(all(&mut shares, &mut other), 2);
    assert!(shares.take_for_indication(&mut listener));
}

#[test]
fn gated_links_find_room_as_long_as_the_controller_has_buffers() {
    for (places, links) in [(3, 1), (12, 3), (13, 3), (7, 4)] {
        let mut shares = Shares::new(places, links);
        let mut each = vec![Share::NONE; links];
        for share in &mut each {
            shares.gate(share, true);
            shares.listen(share, true);
        }
        // The controller's packets may be for any of the links.
        for turn in 0..usize::from(shares.buffers()) {
            let at = (turn * 7 + turn / 2) % links;
            assert!(shares.take(&mut each[at]), "{places} places, {links} links, {turn}");
        }
        assert_eq!(shares.withheld(), usize::from(shares.buffers()));
    }
}

#[test]
fn answers_that_an_application_keeps_do_not_stop_the_controller() {
    let mut shares = Shares::new(3, 1);
    let mut share = Share::NONE;
    shares.gate(&mut share, true);
    assert_eq!(usize::from(shares.buffers()), 2);
    assert!(shares.take_kept(&mut share) && shares.take_kept(&mut share));
    assert_eq!(shares.withheld(), 1);
    assert!(shares.take(&mut share));
    assert_eq!(shares.withheld(), 3);
    shares.give(&mut share, 1);
    assert!(shares.take_kept(&mut share) && !shares.take(&mut share));
    assert_eq!(shares.withheld(), 1);
    for _ in 0..3 {
        shares.give_kept(&mut share);
    }
    assert_eq!((shares.withheld(), share.taken()), (0, 0));
}

#[test]
fn unclaimed_values_leave_a_place_and_do_not_stop_the_controller() {
    for (places, links) in [(2, 1), (3, 1), (6, 1), (12, 3), (13, 3)] {
        for gated in [false, true] {
            let mut shares = Shares::new(places, links);
            let mut share = Share::NONE;
            shares.gate(&mut share, gated);
            shares.listen(&mut share, true);
            let mut kept = 0;
            while shares.take_kept_spare(&mut share) {
                kept += 1;
            }
            assert_eq!(usize::from(share.taken()), kept, "{places} places, {links} links");
            assert!(!gated || shares.withheld() < usize::from(shares.buffers()));
            assert!(shares.take(&mut share));
            shares.give(&mut share, 1);
            for _ in 0..kept {
                shares.claim(&mut share);
            }
            assert_eq!(shares.withheld(), if gated { kept } else { 0 });
            shares.give(&mut share, kept);
            assert_eq!((share.taken(), shares.withheld()), (0, 0));
        }
    }
}

#[test]
fn packets_of_an_ended_link_belong_to_no_link() {
    let mut shares = Shares::new(4, 2);
    let mut share = Share::NONE;
    shares.gate(&mut share, true);
    assert!(shares.take(&mut share) && shares.take(&mut share));
    shares.leave(&mut share);
    assert_eq!((share.taken(), shares.withheld()), (0, 0));
    assert_eq!(all(&mut shares, &mut share), 1, "the other slot keeps its place");
    shares.give_left();
    shares.give_left();
    assert_eq!(all(&mut shares, &mut share), 2);
}

#[test]
fn packets_kept_of_ended_links_leave_each_link_a_place() {
    for (places, links) in [(1, 1), (2, 1), (3, 1), (5, 1), (2, 2), (6, 3), (13, 3)] {
        let mut shares = Shares::new(places, links);
        for _ in 0..100 {
            // One slot after the other is used again, and its application keeps as many packets as it may.
            let mut share = Share::NONE;
            while shares.may_hand_out() && shares.take(&mut share) {}
            if shares.may_hand_out() {
                shares.take_anyway(&mut share);
            }
            shares.leave(&mut share);
        }
        assert!(
            !shares.may_hand_out() && usize::from(shares.left) <= places + links,
            "{places}, {links}"
        );
        for _ in 0..links {
            assert!(shares.take(&mut Share::NONE.clone()), "{places} places, {links} links");
        }
        let mut listener = Share::NONE;
        shares.listen(&mut listener, true);
        for _ in 0..3 {
            assert!(shares.take_for_indication(&mut listener));
            assert!(!shares.take_for_indication(&mut listener));
            assert!(!shares.has_room_for_next(&mut listener));
            shares.give(&mut listener, 1);
            assert!(shares.has_room_for_next(&mut listener));
        }
        while shares.left > 0 {
            assert!(shares.taken >= shares.left);
            shares.give_left();
        }
        assert!(shares.may_hand_out());
    }
}
