//! Controllers with the traits of bt-hci 0.11.

#[path = "typed/mod.rs"]
mod typed;

pub use ::bt_hci_0_11 as bt_hci;

pub use typed::*;

use bt_hci::cmd::{
    le::{
        LeGenerateDhkey, LeReadLocalP256PublicKey, LeRemoteConnectionParameterRequestNegativeReply,
        LeRemoteConnectionParameterRequestReply,
    },
    link_control::Disconnect,
};

crate::commands! {
    in self::typed;
    /// Disconnect, which this version treats as a command that Command Status answers.
    pub struct Disconnecting {
        status: [Disconnect],
    }
}

crate::commands! {
    in self::typed;
    /// Answers to the peer's requests for connection parameters; without this set the controller
    /// answers them.
    pub struct ParameterRequests {
        complete: [LeRemoteConnectionParameterRequestReply, LeRemoteConnectionParameterRequestNegativeReply],
    }
}

crate::commands! {
    in self::typed;
    /// P-256 in the controller, for
    /// [`ControllerCrypto`](https://docs.rs/bindrune/latest/bindrune/struct.ControllerCrypto.html).
    pub struct P256 {
        status: [LeReadLocalP256PublicKey, LeGenerateDhkey],
    }
}
