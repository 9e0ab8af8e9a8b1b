//! Bodies of the fuzz targets: any octets, as records, PDUs, answers of the user, results of jobs, and time.

use bindrune_wire::{Address, Level, Reader, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Answer, Bond, Config, DhKey, Event, Identity, IoCapability, Job, JobDone, Key, Local, LocalKey,
    Pairing, PublicKey, Role,
    pdu::{Keypress, Pdu, Reason},
};

/// A PDU of any octets.
pub fn pdu(data: &[u8]) {
    let _ = Pdu::parse(data);
}

/// A record of any octets: a record that is read is written back unchanged, except for claims that its method cannot
/// provide.
pub fn bond(data: &[u8]) {
    let _ = Local::read(data);
    let Ok(bond) = Bond::read(data) else { return };
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    assert!(bond.write(&mut w).is_ok());
    assert!(Bond::read(w.written()).as_ref() == Ok(&bond));
}

/// PDUs, jobs, answers and time in any order: no pairing completes on a link that was not encrypted, or with keys that
/// were not accepted.
pub fn pairing(data: &[u8]) {
    let mut r = Reader::new(data);
    let Ok([role, io, flags]) = r.array() else { return };
    let mut machine = machine(role, io, flags);
    let mut now = Instant::from_secs(1);
    let vets = flags & 64 != 0;
    machine.set_vetting(vets);
    let (mut encrypted, mut accepted) = (false, !vets);
    while let Ok(op) = r.u8() {
        match op % 10 {
            0..=3 => {
                let len = r.u8().unwrap_or_default() % 70;
                let pdu = r.bytes(usize::from(len).min(r.remaining())).unwrap_or_default();
                machine.handle_pdu(now, pdu);
            }
            4 | 5 => do_job(&mut machine, now, &mut r),
            6 => machine.handle_answer(now, answer(&mut r)),
            7 => {
                encrypted |= op & 0x10 != 0;
                let _ = machine.long_term_key(0, 0);
                machine.handle_encryption(now, op & 0x10 != 0);
            }
            8 => {
                now += Duration::from_secs(u64::from(op));
                machine.handle_timeout(now);
            }
            _ => match op & 0xf0 {
                0x00..=0x40 => drop(machine.start(now)),
                0x50..=0x70 => machine.send_keypress(Keypress::DIGIT_ENTERED),
                0x80 => {
                    accepted |= machine.outcome_to_vet().is_some();
                    machine.accept_keys(now);
                }
                _ => machine.cancel(Reason::UNSPECIFIED_REASON),
            },
        }
        let _ = machine.poll_request();
        let mut buffer = [0; 65];
        if op & 0x80 == 0 {
            machine.poll_transmit(&mut Writer::new(&mut buffer));
        }
        while let Some(event) = machine.poll_event() {
            assert!(encrypted && accepted || !matches!(event, Event::Complete(_)));
            accepted &= !vets || !matches!(event, Event::Complete(_) | Event::Failed(_));
        }
    }
}

fn machine(role: u8, io: u8, flags: u8) -> Pairing {
    let config = Config {
        io: IoCapability::from_wire(io % 5),
        legacy: flags & 1 != 0,
        mitm: flags & 2 != 0,
        secure_connections: flags & 4 != 0,
        oob: flags & 8 != 0,
        keypress: flags & 16 != 0,
        consent: flags & 32 != 0,
        require: Level::Open,
        min_key_size: 7,
        ..Config::default()
    };
    let role = if role & 1 == 0 { Role::Initiator } else { Role::Responder };
    let own = Address::public([0, 0, 0, 0, 0, 1]);
    let identity = Identity { address: own, irk: Key::new([1; 16]) };
    Pairing::new(role, config, identity, own, Address::public([0, 0, 0, 0, 0, 2]))
}

fn do_job(machine: &mut Pairing, now: Instant, r: &mut Reader<'_>) {
    let Some((ticket, job)) = machine.poll_job() else { return };
    let octet = r.u8().unwrap_or_default();
    let done = match job {
        _ if octet == 0xff => JobDone::Failed,
        Job::KeyPair => {
            let public = PublicKey { x: [octet; 32], y: [octet; 32] };
            JobDone::KeyPair(LocalKey { public, private: None })
        }
        Job::DhKey { .. } => JobDone::DhKey((octet != 0).then(|| DhKey::new([octet; 32]))),
        Job::Random => JobDone::Random([octet; 16]),
    };
    machine.handle_job(now, ticket, &done);
}

fn answer(r: &mut Reader<'_>) -> Answer {
    match r.u8().unwrap_or_default() % 5 {
        0 => Answer::No,
        1 => Answer::Passkey(r.u24().unwrap_or_default()),
        2 => Answer::TemporaryKey(Key::new(r.array().unwrap_or_default())),
        3 => Answer::Oob { random: Key::new([0; 16]), confirm: r.array().unwrap_or_default() },
        _ => Answer::Yes,
    }
}
