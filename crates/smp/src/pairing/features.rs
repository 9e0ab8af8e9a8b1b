//! Phase 1: the features of both sides, and the resulting method. [Vol 3] Part H, 2.3

use super::{Config, parts::Agreement};
use crate::{
    capability::{LEGACY, OOB},
    method::{self, Method, Role},
    pdu::{AuthReq, Features, KeyDistribution, Reason},
};

/// Returns the initiator's request. [Vol 3] Part H, 3.5.1
pub(super) fn request(config: &Config) -> Features {
    let (own, peer) = keys(config);
    Features { initiator_keys: own.bits(), responder_keys: peer.bits(), ..common(config) }
}

/// Returns the responder's response. [Vol 3] Part H, 3.5.2
pub(super) fn response(config: &Config, request: &Features) -> Features {
    let (own, peer) = if request.auth().contains(AuthReq::BONDING) {
        keys(config)
    } else {
        (KeyDistribution::empty(), KeyDistribution::empty())
    };
    Features {
        initiator_keys: peer.bits() & request.initiator_keys,
        responder_keys: own.bits() & request.responder_keys,
        ..common(config)
    }
}

/// Returns the method, key size and level, or the reason why both sides cannot agree on one.
pub(super) fn agree(
    config: &Config,
    role: Role,
    request: Features,
    response: Features,
    has_local_oob: bool,
) -> Result<Agreement, Reason> {
    let secure = method::is_secure(&request, &response);
    if !secure && (LEGACY.is_none() || !config.legacy) {
        return Err(Reason::AUTHENTICATION_REQUIREMENTS);
    }
    let key_size = request.key_size.min(response.key_size);
    if key_size < config.min_key_size.clamp(7, 16) {
        return Err(Reason::ENCRYPTION_KEY_SIZE);
    }
    let more = |of: fn(&Features) -> u8| of(&response) & !of(&request) != 0;
    if more(|f| f.initiator_keys) || more(|f| f.responder_keys) {
        return Err(Reason::INVALID_PARAMETERS);
    }
    let method = Method::select(&request, &response);
    let authenticated = method.is_authenticated(secure);
    if method::level(secure, authenticated, key_size) < config.require {
        return Err(Reason::AUTHENTICATION_REQUIREMENTS);
    }
    let bonded = request.auth().intersection(response.auth()).contains(AuthReq::BONDING);
    let agreed = Agreement { request, response, method, secure, authenticated, key_size, bonded };
    if secure && agreed.peer(role).oob != 0 && !has_local_oob {
        return Err(Reason::OOB_NOT_AVAILABLE);
    }
    Ok(agreed)
}

fn common(config: &Config) -> Features {
    let mut auth = AuthReq::empty();
    auth.set(AuthReq::BONDING, config.bonding);
    auth.set(AuthReq::MITM, config.mitm);
    auth.set(AuthReq::SECURE_CONNECTIONS, config.secure_connections);
    auth.set(AuthReq::KEYPRESS, config.keypress);
    Features {
        io: config.io.to_wire(),
        oob: u8::from(OOB && config.oob),
        auth: auth.bits(),
        key_size: config.max_key_size.clamp(7, 16),
        ..Features::default()
    }
}

/// Returns the keys that this side distributes and accepts.
fn keys(config: &Config) -> (KeyDistribution, KeyDistribution) {
    if config.bonding {
        (config.send, config.accept)
    } else {
        (KeyDistribution::empty(), KeyDistribution::empty())
    }
}
