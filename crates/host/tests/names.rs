//! Types in public signatures and fields can be spelled from the root of the crate, and `?` works with every error.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, reason = "what these tests are for")]

use std::error::Error;

use bindrune::{
    Address, Advertisement, BringUpError, Channels, CloseReason, Config, ConfigError,
    ConnectionParameters, ControllerInfo, Duration, FilterPolicy, Handle, InitError, Instant,
    InvalidParameters, LeFeatures, Malformed, Method, NoRoom, OwnAddressType, PairingFailure,
    PairingFeatures, RawHandle, Reader, Resources, RunError, SupportedCommands, SyncLost, Target,
    Violation, Writer, Written,
};

/// Signatures and fields of the crate, and the types as a user writes them.
#[test]
fn types_have_a_name_at_the_root() {
    let channels: fn(Advertisement<'static>, Channels) -> Advertisement<'static> =
        Advertisement::channels;
    let filter: fn(Advertisement<'static>, FilterPolicy) -> Advertisement<'static> =
        Advertisement::filter;
    let _both = filter(channels(Advertisement::connectable(), Channels::all()), FilterPolicy::ALL);
    let _of_controller: fn(&ControllerInfo) -> (SupportedCommands, LeFeatures, OwnAddressType) =
        |info| (info.commands, info.le_features, info.own_address_type());
    let _checked: fn(&ConnectionParameters) -> Result<(), InvalidParameters> =
        ConnectionParameters::validate;
    let _written: fn(Written) -> Target = |written| written.target;
    let _broken: fn(Violation) -> CloseReason = CloseReason::Violation;
    let _command: fn(&mut Writer<'_>) -> Result<(), NoRoom> = |w| w.u8(1);
    let _answer: fn(&mut Reader<'_>) -> Result<u8, Malformed> = |r| r.u8();
    let _handle: fn(u16) -> Option<Handle> = Handle::new;
    let _method: fn(&PairingFeatures, &PairingFeatures) -> Method = Method::select;
    let _peer: fn(RawHandle) = |_| {};
    let _time: fn(Instant) -> Option<Instant> = |now| now.checked_add(Duration::from_secs(1));
}

/// The bound of `?`: an error of the standard library's kind, with a message.
#[test]
fn every_error_works_with_the_question_mark() {
    fn works<E: Error + Send + Sync + 'static>() {}
    works::<bindrune::Error>();
    works::<ConfigError>();
    works::<RunError<std::io::Error>>();
    works::<BringUpError<std::io::Error>>();
    works::<InitError>();
    works::<InvalidParameters>();
    works::<Malformed>();
    works::<NoRoom>();
    works::<SyncLost>();
    works::<PairingFailure>();
    works::<bindrune::TableError>();
    works::<bindrune::ParseAddressError>();
    works::<bindrune::ParseUuidError>();
    works::<bindrune::adv_data::TooLong>();
    #[cfg(feature = "security")]
    works::<bindrune::FileStoreError>();
    #[cfg(feature = "flash")]
    works::<bindrune::FlashStoreError<std::io::Error>>();
}

#[test]
fn a_configuration_that_no_host_can_have_is_named() {
    let made = |config| {
        let resources = Box::leak(Box::new(Resources::<1>::new()));
        bindrune::Host::new(resources, config).map(drop)
    };
    let config = Config::new("Lamp");
    for mtu in [0, 22, 518, u16::MAX] {
        let error = made(config.mtu(mtu)).unwrap_err();
        assert_eq!(error, ConfigError::Mtu { have: mtu, min: 23, max: 517 });
        assert_eq!(error.to_string(), format!("Config::mtu is {mtu}; an ATT MTU is 23 to 517"));
    }
    assert_eq!(made(config.mtu(23)), Ok(()));
    for address in [Address::public([1; 6]), Address::random([0x40, 0, 0, 0, 0, 1])] {
        let error = made(config.address(address)).unwrap_err();
        assert_eq!(error, ConfigError::Address(address));
        assert!(error.to_string().contains("random static address"), "{error}");
    }
    assert_eq!(made(config.address(Address::random([0xc0, 0, 0, 0, 0, 1]))), Ok(()));
    let name = Box::leak("n".repeat(300).into_boxed_str());
    let error = made(Config::new(name)).unwrap_err();
    assert!(matches!(error, ConfigError::Name { have: 300, .. }), "{error}");
    assert!(error.to_string().starts_with("the device name has 300 bytes; at most "), "{error}");
    let error = made(config.mtu(517)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Resources has 264 SIZE bytes in each packet for ATT and for pairing; 530 are needed, 266 more"
    );

    // A host that is reset has the same limits.
    let resources = Box::leak(Box::new(Resources::<1>::new()));
    let mut host = bindrune::Host::new(resources, config).unwrap();
    let refused = host.reset(config.mtu(600));
    assert_eq!(refused, Err(ConfigError::Mtu { have: 600, min: 23, max: 517 }));
}

/// The compiler's message, at run time.
#[test]
fn sizes_are_compared_with_a_configuration() {
    type Memory = Resources<2, 0, 10, 4>;
    Memory::assert_fits(&Config::new("Lamp"));
    let long = std::panic::catch_unwind(|| Memory::assert_fits(&Config::new("Lamp").mtu(517)));
    let said = long.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("530 are needed, 266 more"), "{said}");
    let wide = std::panic::catch_unwind(|| {
        Memory::assert_fits(&Config::new("Lamp").scan_bytes(10_000));
    });
    let said = wide.unwrap_err().downcast::<String>().unwrap();
    assert!(said.starts_with("Resources has 1536 ARENA bytes; "), "{said}");
}
