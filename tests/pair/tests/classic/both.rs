//! Both ends at once.

use bindrune::Level;
use bindrune_pair::Scene;
use embassy_futures::join::join;

use crate::{address, two};

#[test]
fn both_ends_secure_the_link_at_once() {
    let scene = Scene::new(34);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (a, b) = (lamp.host().classic(), phone.host().classic());
        a.set_connectable(true).unwrap();
        let (at, back) = (address(a).await, address(b).await);
        let here = b.connect(at).await.unwrap();
        let there = a.connect(back).await.unwrap();
        let (one, other) =
            join(here.secure(Level::Encrypted), there.secure(Level::Encrypted)).await;
        assert_eq!(one.unwrap().level, Level::Encrypted);
        assert_eq!(other.unwrap().level, Level::Encrypted);
    });
}
