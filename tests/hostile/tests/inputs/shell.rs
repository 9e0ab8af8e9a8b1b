//! What applications do: calls that come twice, handles that are kept for long, futures that are dropped.

use core::convert::Infallible;

use bindrune::{Address, Advertisement, Host, Resources, RunError};
use bindrune_hostile::{Bench, Controller};
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{LINK, PEER, config, connection_complete, link_with, linked, works};

/// A transport from which nothing comes.
struct Silent;

impl embedded_io_async::ErrorType for Silent {
    type Error = Infallible;
}

impl embedded_io_async::Read for Silent {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        core::future::pending().await
    }
}

impl embedded_io_async::Write for Silent {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_second_run_leaves_the_first_alone() {
    let mut s = linked();
    let host = s.b.host;
    let second = s.b.spawn(async move { host.run(Silent, Silent).await });
    assert_eq!(second.take(), RunError::AlreadyRunning);
    assert!(s.conn.is_connected());
    s.b.pass(Duration::from_secs(1));
    works(&mut s.b, LINK);
    assert_eq!(s.b.ended(), None);
}

#[test]
fn a_handle_of_an_ended_link_never_names_another() {
    /// Two for each link: more than 16 bits have.
    const LINKS: usize = 0x8001;
    let other = Address::random([0xc0, 0, 0, 0, 0, 9]);
    let resources = Box::leak(Box::new(Resources::<1, 0, 6, 2, 264, 2048>::new()));
    let host: &'static Host = Box::leak(Box::new(Host::new(resources, config()).unwrap()));
    let mut b = Bench::new(host, Controller::new());
    let ends = hex!("0405 04 00 4000 13");
    let (conn, _) = link_with(&mut b, other, LINK);
    b.inject(&ends);
    for number in 0..LINKS {
        let link = b.spawn(async move { host.advertise(&Advertisement::connectable()).await });
        b.inject(&connection_complete(LINK, 1));
        assert!(!conn.is_connected(), "{number} links later it is that of {PEER}");
        let link = link.take().unwrap();
        b.inject(&ends);
        drop(link);
        b.sent();
    }
}
