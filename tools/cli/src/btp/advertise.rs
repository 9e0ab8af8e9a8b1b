//! Advertising.

use std::{rc::Rc, time::Duration};

use bindrune::{Address, Advertisement, Discoverable, Error};
use bindrune_btp::{
    Status,
    gap::{AdvertisingData, OwnAddress, directed},
};
use tokio::time;

use super::{
    gap::failed,
    tester::{Task, Tester},
};

/// AD type of the flags, and those flags. [Core Specification Supplement] Part A, 1.3
const FLAGS: u8 = 0x01;
const LIMITED: u8 = 0x01;
const GENERAL: u8 = 0x02;
const NO_BR_EDR: u8 = 0x04;

/// Time in which the host refuses an advertisement that it cannot start.
const SETTLE: Duration = Duration::from_millis(20);

/// An advertisement that lives as long as its task.
struct Order {
    data: Vec<u8>,
    scan_response: Vec<u8>,
    discoverable: Discoverable,
    connectable: bool,
    extended: bool,
    duration: Option<Duration>,
    directed: Option<(Address, bool)>,
}

impl Order {
    fn advertisement(&self) -> Advertisement<'_> {
        let advertisement = match self.directed {
            Some((peer, true)) => return Advertisement::directed_high_duty(peer),
            Some((peer, false)) => return Advertisement::directed(peer),
            None if self.connectable => Advertisement::connectable(),
            None if self.scan_response.is_empty() => Advertisement::non_connectable(),
            None => Advertisement::scannable(),
        };
        let mut advertisement = advertisement.discoverable(self.discoverable).exactly(&self.data);
        if !self.scan_response.is_empty() {
            advertisement = advertisement.scan_response(&self.scan_response);
        }
        if self.extended {
            advertisement = advertisement.extended();
        }
        match self.duration.and_then(|time| u64::try_from(time.as_millis()).ok()) {
            Some(millis) => advertisement.timeout(bindrune::Duration::from_millis(millis)),
            None => advertisement,
        }
    }
}

impl Tester {
    pub(super) async fn start_advertising(
        self: &Rc<Self>,
        data: &AdvertisingData,
        duration: u32,
        own_address: OwnAddress,
    ) -> Result<(), Status> {
        let (order, mode) = {
            let settings = self.settings.borrow();
            let flags = flags(settings.discoverable, settings.connectable);
            let order = Order {
                data: structures(&data.data, flags)?,
                scan_response: structures(&data.scan_response, None)?,
                discoverable: settings.discoverable,
                connectable: settings.connectable,
                extended: settings.extended,
                duration: (duration != u32::MAX && duration > 0)
                    .then(|| Duration::from_millis(duration.into())),
                directed: None,
            };
            (order, settings.mode(own_address))
        };
        self.advertise(order, mode).await
    }

    pub(super) async fn start_directed_advertising(
        self: &Rc<Self>,
        peer: Address,
        options: u16,
    ) -> Result<(), Status> {
        let (extended, mode) = {
            let settings = self.settings.borrow();
            let identity = options & directed::OWN_IDENTITY != 0;
            let private = settings.mode(OwnAddress::IDENTITY);
            (settings.extended, if identity { Some(settings.identity()) } else { private })
        };
        let order = Order {
            data: Vec::new(),
            scan_response: Vec::new(),
            discoverable: Discoverable::No,
            connectable: true,
            extended,
            duration: None,
            directed: Some((peer, options & directed::HIGH_DUTY != 0)),
        };
        self.advertise(order, mode).await
    }

    async fn advertise(
        self: &Rc<Self>,
        order: Order,
        mode: Option<bindrune::AddressMode>,
    ) -> Result<(), Status> {
        self.stop_advertising().await;
        self.use_address(mode).await?;
        self.settings.borrow_mut().advertises = true;
        let tester = Rc::clone(self);
        let task = Task::spawn(async move {
            let end = tester.on_air(&order).await;
            tester.settings.borrow_mut().advertises = false;
            if let Err(error) = end {
                log::info!("advertising ended: {error}");
            }
            tester.new_settings().await;
        });
        // The host starts it in a task of its own, so that a refusal arrives later than this call.
        time::sleep(SETTLE).await;
        let on = self.settings.borrow().advertises || !task.is_over();
        self.settings.borrow_mut().advertising = Some(task);
        if on { Ok(()) } else { Err(failed("advertising", "the host refused it")) }
    }

    /// Advertises until a peer connects, or the time is over.
    async fn on_air(self: &Rc<Self>, order: &Order) -> Result<(), Error> {
        let advertisement = order.advertisement();
        if advertisement.is_connectable() {
            let connection = self.host.advertise(&advertisement).await?;
            self.link_up(connection).await;
            return Ok(());
        }
        Err(self.host.broadcast(&advertisement)?.ended().await)
    }

    pub(super) async fn stop_advertising(&self) {
        let task = {
            let mut settings = self.settings.borrow_mut();
            settings.advertises = false;
            settings.advertising.take()
        };
        if let Some(task) = task {
            task.stop().await;
        }
    }
}

/// Returns the flags that the host adds, if any.
const fn flags(discoverable: Discoverable, connectable: bool) -> Option<u8> {
    match discoverable {
        Discoverable::Limited => Some(LIMITED | NO_BR_EDR),
        Discoverable::General => Some(GENERAL | NO_BR_EDR),
        Discoverable::No if connectable => Some(NO_BR_EDR),
        Discoverable::No => None,
    }
}

/// Puts the tester's structures (type, length, value) into the order of the air (length, type, value), with the flags
/// before them if the tester has none of its own.
fn structures(mut from: &[u8], flags: Option<u8>) -> Result<Vec<u8>, Status> {
    let mut out = Vec::new();
    let mut has_flags = false;
    while let [kind, len, rest @ ..] = from {
        let (value, rest) = rest.split_at_checked((*len).into()).ok_or(Status::FAIL)?;
        out.extend([len.checked_add(1).ok_or(Status::FAIL)?, *kind]);
        out.extend_from_slice(value);
        has_flags |= *kind == FLAGS;
        from = rest;
    }
    if !from.is_empty() {
        return Err(Status::FAIL);
    }
    match flags.filter(|_| !has_flags) {
        Some(flags) => Ok([&[2, FLAGS, flags][..], &out].concat()),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_the_order_of_the_air() {
        let name = [0x09, 2, b'h', b'i', 0x19, 2, 1, 2];
        assert_eq!(structures(&name, None), Ok(vec![3, 9, b'h', b'i', 3, 0x19, 1, 2]));
        assert_eq!(structures(&name[..4], Some(6)), Ok(vec![2, 1, 6, 3, 9, b'h', b'i']));
        let own = [0x01, 1, 5];
        assert_eq!(structures(&own, Some(6)), Ok(vec![2, 1, 5]));
        for wrong in [&name[..3], &[9], &[9, 255]] {
            assert_eq!(structures(wrong, None), Err(Status::FAIL), "{wrong:?}");
        }
    }

    #[test]
    fn flags_follow_the_discoverable_mode() {
        assert_eq!(flags(Discoverable::General, true), Some(6));
        assert_eq!(flags(Discoverable::Limited, false), Some(5));
        assert_eq!(
            (flags(Discoverable::No, true), flags(Discoverable::No, false)),
            (Some(4), None)
        );
    }
}
