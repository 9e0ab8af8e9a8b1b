//! A bond stores every subscription, or the table is refused.

use bindrune::{Characteristic, Config, ConfigError, Host, Service, TableError, Uuid};
use bindrune_pair::{Memory, Scene, new_host};

use super::{NOTHING, STREAM, VAULT, between, ended, reader};
use crate::table::{find, subscribed};

static FIRST: [Characteristic; 62] =
    [const { Characteristic::new(Uuid::new_16(0xfff8)).notify() }; 62];
static LAST: Characteristic = Characteristic::new(Uuid::new_16(0xfff9)).notify();
/// With Service Changed as many as a bond can store.
static ALL: [&Characteristic; 63] = {
    let mut all = [&LAST; 63];
    let mut at = 0;
    while at < FIRST.len() {
        all[at] = &FIRST[at];
        at += 1;
    }
    all
};
static MOST: &[Service] = &[Service::primary(VAULT, &ALL)];
static TOO_MANY: &[Service] =
    &[Service::primary(VAULT, &ALL), Service::primary(Uuid::new_16(0xfff6), &[&STREAM])];

const fn server(services: &'static [Service]) -> Config {
    Config::new("server").services(services).pairing(NOTHING)
}

#[test]
fn a_table_with_more_subscriptions_than_a_bond_stores_is_refused() {
    let short = ConfigError::Subscriptions { have: 64, need: 65 };
    let memory = || Box::leak(Box::new(Memory::new()));
    assert_eq!(Host::new(memory(), server(TOO_MANY)).err(), Some(short));
    assert!(short.to_string().contains("65 values to subscribe to"), "{short}");
    // Without bonds no subscription is stored, and none can be lost.
    let _made = Host::new(memory(), server(TOO_MANY).bonds(0)).unwrap();
    let mut host = new_host(server(MOST));
    let refused = Err(TableError::Subscriptions { needed: 65, available: 64 });
    assert_eq!(host.gatt().replace(TOO_MANY), refused);
    assert_eq!(host.gatt().replace(MOST), Ok(()));
    assert_eq!(host.reset(server(TOO_MANY)), Err(short));
}

#[test]
fn the_last_subscription_of_the_longest_table_is_remembered() {
    let scene = Scene::new(970);
    between(&scene, [server(MOST), reader(NOTHING)], async |lock, phone| {
        let (mut there, here) = scene.connect(lock, phone).await;
        here.pair().await.unwrap();
        let last = find(&here, VAULT, &LAST).await;
        drop(here.subscribe(&last).await.unwrap());
        subscribed(&mut there, &LAST).await;
        ended(there, here).await;
        let (there, here) = scene.connect(lock, phone).await;
        here.encrypt().await.unwrap();
        // No client subscribed on this link: the bond has the subscription.
        there.notify(&LAST, &[1]).await.unwrap();
    });
}
