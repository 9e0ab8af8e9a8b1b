//! Finds a device by name or address, and connects to it.

use std::time::Duration;

use bindrune::{Address, AddressKind, Classic, ClassicConnection, Inquiry};
use tokio::time;

use super::cli::Target;
use crate::{
    failure::{Doing as _, Failure},
    parse::Device,
};

/// Length of one inquiry; several follow each other.
const ROUND: embassy_time::Duration = embassy_time::Duration::from_millis(5_120);

/// Connects to a device. Looks for it first if only its name is known.
pub(super) async fn connect(
    classic: Classic<'static>,
    target: &Target,
) -> Result<ClassicConnection<'static>, Failure> {
    let peer = find(classic, target).await?;
    classic.connect(peer).await.doing(format_args!("connecting to {peer}"))
}

/// Returns the address of a device.
pub(super) async fn find(classic: Classic<'static>, target: &Target) -> Result<Address, Failure> {
    match &target.device {
        Device::Address(address) if address.kind() == AddressKind::Random => {
            Err(Failure::usage(format!("{address:?} is an address of LE"))
                .advise("Devices of BR/EDR have public addresses; give it without /random."))
        }
        Device::Address(address) => Ok(*address),
        Device::AnyKind(octets) => Ok(Address::new(AddressKind::Public, *octets)),
        Device::Name(name) => {
            log::info!("looking for {name:?}");
            let patience = Duration::from_secs_f64(target.timeout);
            time::timeout(patience, look(classic, name)).await.unwrap_or_else(|_| {
                let seconds = patience.as_secs_f64();
                Err(Failure::timed_out(format!("{name:?} was not found within {seconds} s"))
                    .advise(
                        "`bindrune classic scan` shows what is discoverable here. Many devices are discoverable only after you\n\
                         press a button; by its address, a device that is not discoverable can be reached too.",
                    ))
            })
        }
    }
}

async fn look(classic: Classic<'static>, name: &str) -> Result<Address, Failure> {
    loop {
        let mut nameless = Vec::new();
        let inquiry = Inquiry { length: ROUND, ..Inquiry::GENERAL };
        let mut discovery = classic.discover(inquiry).await.doing("looking for devices")?;
        let mut buffer = [0; 240];
        while let Some(device) = discovery.next(&mut buffer).await.doing("looking for devices")? {
            match device.data.name() {
                Some((found, _)) if found == name.as_bytes() => return Ok(device.address),
                Some((_, true)) => {}
                Some((_, false)) | None if nameless.contains(&device.address) => {}
                Some((_, false)) | None => nameless.push(device.address),
            }
        }
        drop(discovery);
        for address in nameless {
            let mut buffer = [0; 248];
            // A device that does not answer now may answer in the next round.
            if classic.name(address, &mut buffer).await.is_ok_and(|found| found == name) {
                return Ok(address);
            }
        }
    }
}
