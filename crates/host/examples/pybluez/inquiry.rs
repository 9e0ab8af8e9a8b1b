//! PyBluez, `inquiry.py`: `discover_devices(lookup_names=True, lookup_class=True)`.

// ANCHOR: inquiry
use bindrune::{Address, Error, Host, Inquiry};

pub(crate) async fn discover(host: &Host) -> Result<Vec<(Address, String)>, Error> {
    let classic = host.classic();
    let (mut devices, mut data) = (Vec::new(), [0; 240]);
    let mut discovery = classic.discover(Inquiry::GENERAL).await?;
    while let Some(device) = discovery.next(&mut data).await? {
        if !devices.contains(&(device.address, device.class)) {
            devices.push((device.address, device.class));
        }
    }
    drop(discovery);
    let (mut named, mut name) = (Vec::new(), [0; 248]);
    for (address, class) in devices {
        let name = classic.name(address, &mut name).await.unwrap_or_default();
        println!("{address:#} {name}, class {:#08x}", class.get());
        named.push((address, name.to_owned()));
    }
    Ok(named)
}
// ANCHOR_END: inquiry
