//! L2CAP: fixed channels, signalling, and channels with a PSM. [Vol 3] Part A

mod channel;
mod classic;
mod credit;
mod enhanced;
mod frame;
mod le;
mod signalling;

use bindrune_l2cap::{Cid, Header};

use crate::{
    att::Names,
    entry::{Entry, Layer},
    link::Link,
    question::Unanswered,
    words,
};

pub(crate) use channel::Channels;
pub(crate) use signalling::Signalling;

/// Fixed channel of the Security Manager on BR/EDR.
const CLASSIC_SMP: Cid = Cid(0x0007);

/// Decodes a whole PDU.
pub(crate) fn pdu(
    link: &mut Link,
    (names, unanswered): (&mut Names, &mut Unanswered),
    entry: &mut Entry,
    pdu: &[u8],
) {
    let Some((cid, payload)) = Header::of_whole(pdu) else { return };
    entry.enter(Layer::L2cap, format!("{} on CID 0x{:04x}", words::value(payload), cid.0));
    entry.put("cid", cid.0);
    entry.put("pdu_length", payload.len());
    match cid {
        Cid::ATT => link.att.pdu(names, &link.table, entry, payload),
        Cid::SMP | CLASSIC_SMP => link.smp.pdu(entry, payload),
        Cid::SIGNALLING => link.signalling.le(&mut link.channels, unanswered, entry, payload),
        Cid::CLASSIC_SIGNALLING => {
            link.signalling.classic(&mut link.channels, unanswered, entry, payload)
        }
        Cid::CONNECTIONLESS => {
            entry.enter(Layer::L2cap, format!("connectionless data, {}", words::value(payload)));
            entry.put("data", payload);
        }
        cid if cid.is_classic_dynamic() => {
            let is_known = link.kind.is_some();
            link.channels.frame((names, &link.table), is_known, entry, (cid, payload));
        }
        _ => {
            entry.put("data", payload);
            entry.violate("Vol 3, Part A, 2.1", format!("CID 0x{:04x} is reserved", cid.0));
        }
    }
}
