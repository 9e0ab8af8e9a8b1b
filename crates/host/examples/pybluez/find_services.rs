//! PyBluez, `sdp-browse.py`: the services of a device, and where to connect.

// ANCHOR: find_services
use bindrune::{Address, Error, Host, Port, sdp::protocol};

pub(crate) async fn find(host: &Host, device: Address) -> Result<Vec<(String, Port)>, Error> {
    let (mut services, mut buffer) = (Vec::new(), vec![0; 16_384]);
    for record in host.classic().services(device, &[protocol::L2CAP], &mut buffer).await? {
        let name = record.name().map(|name| name.to_string()).unwrap_or_default();
        println!("{name}: {:?}", record.port());
        println!("  provider {:?}, {:?}", record.provider(), record.description());
        println!("  classes {:?}", record.classes().collect::<Vec<_>>());
        println!(
            "  profiles {:?}, id {:?}",
            record.profiles().collect::<Vec<_>>(),
            record.service_id()
        );
        services.push((name, record.port()));
    }
    Ok(services)
}
// ANCHOR_END: find_services
