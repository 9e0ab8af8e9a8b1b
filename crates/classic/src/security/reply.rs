//! Answers to requests of the controller.

use bindrune_hci::{
    BdAddress, Opcode, Passkey, PinCode, SecretKey, Status,
    cmd::{
        Command,
        classic::{
            AuthenticationRequirements, IoCapability, IoCapabilityRequestNegativeReply,
            IoCapabilityRequestReply, LinkKeyRequestNegativeReply, LinkKeyRequestReply,
            PinCodeRequestNegativeReply, PinCodeRequestReply, RemoteOobDataRequestNegativeReply,
            RemoteOobDataRequestReply, RemoteOobExtendedDataRequestReply,
            UserConfirmationRequestNegativeReply, UserConfirmationRequestReply,
            UserPasskeyRequestNegativeReply, UserPasskeyRequestReply,
        },
    },
};
use bindrune_wire::Writer;

use super::{
    api::Pin,
    key::Secret,
    oob::{OobData, OobValues},
};

/// The answer to a request of the controller.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    NoKey,
    Key(Secret),
    NoPin,
    Pin(Pin),
    NoIo(Status),
    Io { capability: IoCapability, oob: u8, requirements: AuthenticationRequirements },
    NotConfirmed,
    Confirmed,
    NoPasskey,
    Passkey(u32),
    NoOob,
    Oob192(OobValues),
    OobExtended(OobData),
}

impl Reply {
    /// Writes the command. `None` if there is no room.
    pub(super) fn write(&self, address: BdAddress, w: &mut Writer<'_>) -> Option<Opcode> {
        match self {
            Self::NoKey => put(w, &LinkKeyRequestNegativeReply { address }),
            Self::Key(key) => put(w, &LinkKeyRequestReply { address, key: secret(key) }),
            Self::NoPin => put(w, &PinCodeRequestNegativeReply { address }),
            Self::Pin(pin) => {
                let (len, pin) = (pin.len(), PinCode(pin.octets()));
                put(w, &PinCodeRequestReply { address, len, pin })
            }
            Self::NoIo(reason) => {
                put(w, &IoCapabilityRequestNegativeReply { address, reason: *reason })
            }
            &Self::Io { capability, oob, requirements } => {
                let oob_data_present = oob;
                let reply = IoCapabilityRequestReply {
                    address,
                    capability,
                    oob_data_present,
                    requirements,
                };
                put(w, &reply)
            }
            Self::NotConfirmed => put(w, &UserConfirmationRequestNegativeReply { address }),
            Self::Confirmed => put(w, &UserConfirmationRequestReply { address }),
            Self::NoPasskey => put(w, &UserPasskeyRequestNegativeReply { address }),
            Self::Passkey(passkey) => {
                put(w, &UserPasskeyRequestReply { address, passkey: Passkey::new(*passkey) })
            }
            Self::NoOob => put(w, &RemoteOobDataRequestNegativeReply { address }),
            Self::Oob192(OobValues { commitment, random }) => {
                let (commitment, random_number) = (secret(commitment), secret(random));
                put(w, &RemoteOobDataRequestReply { address, commitment, random_number })
            }
            Self::OobExtended(OobData { p192, p256 }) => {
                let (commitment_192, random_number_192) = values(p192.as_ref());
                let (commitment_256, random_number_256) = values(p256.as_ref());
                put(
                    w,
                    &RemoteOobExtendedDataRequestReply {
                        address,
                        commitment_192,
                        random_number_192,
                        commitment_256,
                        random_number_256,
                    },
                )
            }
        }
    }
}

/// Writes one command.
pub(super) fn put(w: &mut Writer<'_>, command: &impl Command) -> Option<Opcode> {
    fn opcode<C: Command>(_: &C) -> Opcode {
        C::OPCODE
    }
    command.write(w).ok().map(|()| opcode(command))
}

const fn secret(key: &Secret) -> SecretKey {
    SecretKey(*key.octets())
}

/// Returns both values; zeros if there are none.
fn values(values: Option<&OobValues>) -> (SecretKey, SecretKey) {
    values.map_or((SecretKey([0; 16]), SecretKey([0; 16])), |values| {
        (secret(&values.commitment), secret(&values.random))
    })
}
