use std::vec::Vec;

use hex_literal::hex;

use super::*;

fn octets(command: &Command<'_>) -> Vec<u8> {
    let mut buffer = [0; 64];
    let mut w = Writer::new(&mut buffer);
    command.write(7, &mut w).unwrap();
    w.written().to_vec()
}

#[test]
fn each_command_is_read_as_it_was_written() {
    let (local, remote) = (Cid(0x0040), Cid(0x0050));
    let refusal = ConnectionResponse::refusal(remote, ConnectionResult::NO_RESOURCES);
    let cids = Disconnection::new(local, remote);
    let commands = [
        Command::Reject(Reject::NotUnderstood),
        Command::Reject(Reject::MtuExceeded(48)),
        Command::Reject(Reject::InvalidCid(1, 2)),
        Command::ConnectionRequest { psm: 1, scid: local },
        Command::ConnectionResponse(refusal),
        Command::ConfigurationRequest { dcid: local, flags: CONTINUATION, options: &[1, 0] },
        Command::ConfigurationResponse {
            scid: remote,
            flags: 0,
            result: ConfigurationResult::PENDING,
            options: &[],
        },
        Command::DisconnectionRequest(cids),
        Command::DisconnectionResponse(cids),
        Command::EchoRequest(b"a"),
        Command::EchoResponse(b""),
        Command::InformationRequest(InformationKind::FIXED_CHANNELS),
        Command::InformationResponse {
            kind: InformationKind::EXTENDED_FEATURES,
            result: InformationResult::SUCCESS,
            data: &[1, 2, 3, 4],
        },
    ];
    let frame: Vec<u8> = commands.iter().flat_map(octets).collect();
    let read: Vec<_> = CFrame::new(&frame).map(Result::unwrap).collect();
    assert!(read.iter().all(|(identifier, _)| *identifier == 7));
    assert!(read.iter().map(|(_, command)| command).eq(&commands));
    for command in &commands {
        let octets = octets(command);
        let mut short = [0; 3];
        assert!(command.write(7, &mut Writer::new(&mut short)).is_err());
        let cut = octets.get(..octets.len() - 1).unwrap();
        assert!(CFrame::new(cut).next().unwrap().is_err() || cut.is_empty());
    }
}

#[test]
fn options_are_read_as_they_were_written() {
    let options = Options {
        mtu: Some(1),
        flush_timeout: Some(2),
        qos: Some(Qos::BEST_EFFORT),
        retransmission: Some(Retransmission { mode: Mode::STREAMING, ..Retransmission::BASIC }),
        fcs: Some(1),
        ..Options::default()
    };
    let mut buffer = [0; 64];
    let mut w = Writer::new(&mut buffer);
    options.write(&mut w).unwrap();
    let (mut read, mut rejected) = (Options::default(), Rejected::NONE);
    assert_eq!(read.read(w.written(), &mut rejected), Ok(()));
    assert!(read == options && rejected.is_empty());
    for len in 0..w.len() {
        let part = w.written().get(..len).unwrap();
        let outcome = Options::default().read(part, &mut rejected);
        assert!(matches!(outcome, Ok(()) | Err(BadOptions::Truncated)));
    }
}

#[test]
fn features_name_modes() {
    assert_eq!(Features::OWN.0, 0xb8);
    for mode in [Mode::BASIC, Mode::ENHANCED_RETRANSMISSION, Mode::STREAMING] {
        assert!(Features::OWN.has_mode(mode));
        assert_eq!(Features(0).has_mode(mode), mode == Mode::BASIC);
    }
    assert!(!Features(u32::MAX).has_mode(Mode::RETRANSMISSION));
    assert_eq!(CFrame::new(&hex!("09030000 0804ff00")).first_request(), Some(4));
}
