//! Conversion of parsed packets back to H4. There is one instance of this file for each version of
//! bt-hci, whose types have the same names.

use bindrune_hci::event::EventCode;

use super::bt_hci::{ControllerToHostPacket, WriteHci, event::EventKind};

/// Writes a packet after its H4 indicator and returns its length; a packet that does not fit is not
/// written.
pub(super) fn emit(packet: &ControllerToHostPacket<'_>, buffer: &mut [u8]) -> usize {
    let len = 1usize.saturating_add(match packet {
        ControllerToHostPacket::Acl(data) => data.size(),
        ControllerToHostPacket::Sync(data) => data.size(),
        ControllerToHostPacket::Iso(data) => data.size(),
        ControllerToHostPacket::Event(event) => event.data.len().saturating_add(2),
    });
    let Some([indicator, rest @ ..]) = buffer.get_mut(..len) else { return len };
    *indicator = packet.kind() as u8;
    // The room is as long as the packet.
    let _fits = match (packet, rest) {
        (ControllerToHostPacket::Acl(data), rest) => data.write_hci(rest),
        (ControllerToHostPacket::Sync(data), rest) => data.write_hci(rest),
        (ControllerToHostPacket::Iso(data), rest) => data.write_hci(rest),
        (ControllerToHostPacket::Event(event), [code, parameters_len, parameters @ ..]) => {
            // bt-hci 0.8 uses another number for it.
            *code = if event.kind == EventKind::Le { EventCode::LE_META.0 } else { event.kind.0 };
            *parameters_len = u8::try_from(event.data.len()).unwrap_or(0);
            parameters.iter_mut().zip(event.data).for_each(|(to, from)| *to = *from);
            Ok(())
        }
        (ControllerToHostPacket::Event(_), _) => Ok(()),
    };
    len
}
