//! `classic services`: the records of a device's services.

use bindrune::{Port, Uuid, sdp};
use serde::Serialize;

use super::{Use, cli::Target, find, scan::Named, session};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    output::{Output, Record},
    paint::{Paint, printable},
    properties::properties,
};

/// Room for the records of a device, in bytes.
const ROOM: usize = 64 * 1024;

/// The protocol that all services use.
const EVERY: Uuid = sdp::protocol::L2CAP;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    uuid: Option<Uuid>,
) -> Result<(), Failure> {
    session(globals, Use::central(), async |_, classic| {
        let peer = find::find(classic, target).await?;
        let mut buffer = vec![0; ROOM];
        let found = classic.services(peer, &[uuid.unwrap_or(EVERY)], &mut buffer).await;
        let mut none = true;
        for record in found.doing(format_args!("asking {peer} for its services"))? {
            none = false;
            out.record(&Service::new(&record))?;
        }
        if none {
            return out.text(&match uuid {
                Some(uuid) => format!(" {peer} has no service {uuid}"),
                None => format!(" {peer} has no services"),
            });
        }
        Ok(())
    })
    .await
}

/// A service of a device.
#[derive(Debug, Serialize)]
struct Service {
    handle: Option<u32>,
    name: Option<String>,
    classes: Vec<Named>,
    /// Where to connect: an L2CAP PSM, or a channel of RFCOMM.
    psm: Option<u16>,
    rfcomm: Option<u8>,
    provider: Option<String>,
    description: Option<String>,
    profiles: Vec<Profile>,
}

#[derive(Debug, Serialize)]
struct Profile {
    #[serde(flatten)]
    what: Named,
    version: String,
}

impl Service {
    fn new(record: &sdp::Record<'_>) -> Self {
        let (psm, rfcomm) = match record.port() {
            Port::L2cap(psm) => (Some(psm), None),
            Port::Rfcomm(channel) => (None, Some(channel)),
            Port::None => (None, None),
        };
        let text = |text: sdp::Text<'_>| printable(&text.to_string());
        let [major, minor] = [|v: u16| v >> 8, |v: u16| v & 0xff];
        Self {
            handle: record.handle(),
            name: record.name().map(text),
            classes: record.classes().map(Named::new).collect(),
            psm,
            rfcomm,
            provider: record.provider().map(text),
            description: record.description().map(text),
            profiles: record
                .profiles()
                .map(|profile| Profile {
                    what: Named::new(profile.uuid),
                    version: format!("{}.{}", major(profile.version), minor(profile.version)),
                })
                .collect(),
        }
    }

    fn port(&self) -> Option<String> {
        let psm = self.psm.map(|psm| format!("L2CAP PSM {psm:#06x}"));
        psm.or_else(|| self.rfcomm.map(|channel| format!("RFCOMM channel {channel}")))
    }
}

impl Record for Service {
    fn human(&self, paint: Paint) -> String {
        let classes = self.classes.iter().map(Named::text).collect::<Vec<_>>().join(", ");
        let profiles = self.profiles.iter().map(|p| format!("{} {}", p.what.text(), p.version));
        let profiles = profiles.collect::<Vec<_>>().join(", ");
        let title = paint.bold(self.name.as_deref().unwrap_or("(no name)"));
        let lines = [
            ("port", self.port().unwrap_or_default()),
            ("classes", classes),
            ("profiles", profiles),
            ("provider", self.provider.clone().unwrap_or_default()),
            ("description", self.description.clone().unwrap_or_default()),
        ];
        let lines: Vec<_> = lines.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!(" {title}\n{}", properties(paint, 3, &lines))
    }
}

#[cfg(test)]
mod tests {
    use bindrune::ServiceRecord;

    use super::*;

    #[test]
    fn a_record_is_shown_whole() {
        let profiles = [sdp::Profile::new(sdp::class::SERIAL_PORT, 0x0102)];
        let record = ServiceRecord::new(&[sdp::class::SERIAL_PORT], Port::Rfcomm(3))
            .name("Console")
            .provider("A\x07")
            .profiles(&profiles);
        let mut octets = [0; 200];
        let len = record.encode(0x10000, &mut octets).unwrap();
        let service = Service::new(&sdp::Record::parse(&octets[..len]).unwrap());
        assert_eq!(
            service.human(Paint::new(false)),
            " Console\n   port      RFCOMM channel 3\n   classes   Serial Port\n   profiles  Serial Port 1.2\n   provider  A\u{fffd}"
        );
        let json = serde_json::to_value(&service).unwrap();
        assert_eq!((&json["rfcomm"], &json["psm"]), (&3.into(), &serde_json::Value::Null));
        assert_eq!(json["profiles"][0]["version"], "1.2");
    }
}
