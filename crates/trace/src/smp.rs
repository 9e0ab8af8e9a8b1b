//! The Security Manager Protocol. [Vol 3] Part H, 3

use bindrune_smp::pdu::{AuthReq, Code, Features, KeyDistribution, Pdu, PduError};

use crate::{
    entry::{Entry, Layer, Value},
    question::{Both, Question, Unanswered},
    reflect, words,
};

/// Pairing on one link.
#[derive(Debug, Default)]
pub(crate) struct Smp {
    asked: Both<Option<Question>>,
    has_request: bool,
}

impl Smp {
    /// Decodes a PDU.
    pub(crate) fn pdu(&mut self, entry: &mut Entry, octets: &[u8]) {
        let Some(&code) = octets.first() else {
            entry.enter(Layer::Smp, "empty PDU");
            entry.violate("Vol 3, Part H, 3.3", "the PDU has no code");
            return;
        };
        let code = Code(code);
        let name = code.name().map_or_else(|| format!("code 0x{:02x}", code.0), words::title);
        entry.enter(Layer::Smp, name.as_str());
        entry.put("code", code.0);
        entry.put("name", name.as_str());
        match Pdu::parse(octets) {
            Ok(pdu) => describe(entry, &pdu),
            Err(error) => {
                let is_key = matches!(
                    code,
                    Code::ENCRYPTION_INFORMATION
                        | Code::IDENTITY_INFORMATION
                        | Code::SIGNING_INFORMATION
                );
                entry.put(
                    "octets",
                    if is_key { reflect::HIDDEN.into() } else { Value::from(octets) },
                );
                let text = match error {
                    PduError::Empty => "the PDU has no code".into(),
                    PduError::Unknown(code) => format!("code 0x{:02x} is reserved", code.0),
                    PduError::Malformed(_, malformed) => malformed.to_string(),
                };
                entry.violate("Vol 3, Part H, 3", text);
            }
        }
        self.pair(entry, code);
    }

    fn pair(&mut self, entry: &mut Entry, code: Code) {
        let direction = entry.direction;
        let pending = self.asked.get(crate::question::other(direction)).as_ref().map(|q| q.code);
        let answers = match code {
            Code::PAIRING_RESPONSE => pending == Some(Code::PAIRING_REQUEST.0.into()),
            Code::PAIRING_PUBLIC_KEY | Code::PAIRING_DHKEY_CHECK => pending == Some(code.0.into()),
            Code::PAIRING_REQUEST => pending == Some(Code::SECURITY_REQUEST.0.into()),
            Code::PAIRING_FAILED => pending.is_some(),
            _ => false,
        };
        if answers && let Some(question) = self.asked.to(direction).take() {
            question.answered_by(entry);
        } else if code == Code::PAIRING_RESPONSE && self.has_request {
            entry.violate("Vol 3, Part H, 3.5.2", "no Pairing Request came before");
        }
        let asks = match code {
            Code::PAIRING_REQUEST | Code::SECURITY_REQUEST => true,
            Code::PAIRING_PUBLIC_KEY | Code::PAIRING_DHKEY_CHECK => !answers,
            _ => false,
        };
        if asks {
            *self.asked.of(direction) = Some(Question::of(entry, code.0.into()));
        }
        match code {
            Code::PAIRING_REQUEST => self.has_request = true,
            Code::PAIRING_FAILED => self.asked = Both::default(),
            _ => {}
        }
    }

    pub(crate) fn end(self, unanswered: &mut Unanswered) {
        let pending = self.asked.into_both().into_iter().flatten();
        // Encryption also answers a Security Request. [Vol 3] Part H, 2.4.6
        let pending = pending.filter(|question| question.code != Code::SECURITY_REQUEST.0.into());
        pending.for_each(|question| unanswered.add(question));
    }
}

/// Adds the fields. Keys stay hidden, because conversations are shown to others.
fn describe(entry: &mut Entry, pdu: &Pdu) {
    match pdu {
        Pdu::PairingRequest(features) | Pdu::PairingResponse(features) => pairing(entry, features),
        Pdu::Confirm(value) | Pdu::Random(value) | Pdu::DhKeyCheck(value) => {
            entry.put("value", value.as_slice())
        }
        Pdu::Failed(reason) => {
            entry.put("reason", format!("{reason:?}"));
            let text =
                reason.name().map_or_else(|| format!("reason 0x{:02x}", reason.0), words::lower);
            entry.say(": ", &text);
            if reason.name().is_none() {
                entry.violate(
                    "Vol 3, Part H, 3.5.5",
                    format!("reason 0x{:02x} is reserved", reason.0),
                );
            }
        }
        Pdu::EncryptionInformation(_)
        | Pdu::IdentityInformation(_)
        | Pdu::SigningInformation(_) => {
            entry.put("key", reflect::HIDDEN);
        }
        Pdu::CentralIdentification(ediv, _) => entry.put("ediv", *ediv),
        Pdu::IdentityAddress(address) => {
            entry.put("address", address.to_string());
            entry.say(": ", &address.to_string());
        }
        Pdu::SecurityRequest(auth) => {
            entry.put("authentication", reflect::value(&format!("{auth:?}")));
            entry.say(": ", &requirements(*auth));
        }
        Pdu::PublicKey(key) => entry.put("public_key", reflect::value(&format!("{key:?}"))),
        Pdu::Keypress(keypress) => {
            entry.put("keypress", format!("{keypress:?}"));
            entry.say(
                ": ",
                &keypress.name().map_or_else(|| format!("type 0x{:02x}", keypress.0), words::lower),
            );
        }
    }
}

fn pairing(entry: &mut Entry, features: &Features) {
    let io = match features.io {
        0 => "DisplayOnly",
        1 => "DisplayYesNo",
        2 => "KeyboardOnly",
        3 => "NoInputNoOutput",
        _ => "KeyboardDisplay",
    };
    let keys =
        |bits: u8| reflect::value(&format!("{:?}", KeyDistribution::from_bits_truncate(bits)));
    entry.put("io_capability", io);
    entry.put("oob", features.oob);
    entry.put("authentication", reflect::value(&format!("{:?}", features.auth())));
    entry.put("key_size", features.key_size);
    entry.put("initiator_keys", keys(features.initiator_keys));
    entry.put("responder_keys", keys(features.responder_keys));
    entry.say(
        ": ",
        &format!(
            "{io}, {}, key of {}",
            requirements(features.auth()),
            words::bytes(features.key_size.into())
        ),
    );
    if features.key_size < 7 {
        entry.violate("Vol 3, Part H, 3.5.1", "an encryption key has 7 to 16 bytes");
    }
}

fn requirements(auth: AuthReq) -> String {
    let names = [
        (AuthReq::BONDING, "bonding"),
        (AuthReq::MITM, "MITM"),
        (AuthReq::SECURE_CONNECTIONS, "Secure Connections"),
        (AuthReq::KEYPRESS, "keypress"),
        (AuthReq::CT2, "CT2"),
    ];
    let names: Vec<_> =
        names.iter().filter(|(flag, _)| auth.contains(*flag)).map(|(_, name)| *name).collect();
    if names.is_empty() { "no requirements".into() } else { names.join(" ") }
}
