//! Settings: names, scans, timeouts, inquiry, pairing. [Vol 4] Part E, 7.3

use bindrune_hci::Status;

use super::{ANY, Answer, DONE, Entry, Needs, Outcome, Parameters};
use crate::{classic::Settings, controller::Call};

const fn returns(more: usize) -> Answer {
    Answer::Complete { echo: 0, more }
}

/// A command that reads or writes a setting.
const fn setting(
    opcode: u16,
    place: (usize, u8),
    length: usize,
    more: usize,
    run: fn(&mut Call<'_>, &mut Parameters<'_>) -> Outcome,
) -> Entry {
    Entry { opcode, place, length, answer: returns(more), needs: Needs::Nothing, run }
}

fn set(call: &mut Call<'_>, change: impl FnOnce(&mut Settings)) -> Outcome {
    change(&mut call.controller().classic.settings);
    Ok(vec![])
}

fn get<const N: usize>(call: &mut Call<'_>, read: impl FnOnce(&Settings) -> [u8; N]) -> Outcome {
    Ok(read(&call.controller().classic.settings).to_vec())
}

fn pair((a, b): (u16, u16)) -> [u8; 4] {
    let ([a, b], [c, d]) = (a.to_le_bytes(), b.to_le_bytes());
    [a, b, c, d]
}

fn scan_activity(p: &mut Parameters<'_>) -> Result<(u16, u16), Status> {
    let interval = p.u16_in(0x0012..=0x1000)?;
    let window = p.u16_in(0x0011..=0x1000)?;
    let valid = interval % 2 == 0 && window <= interval;
    if valid { Ok((interval, window)) } else { Err(Status::INVALID_PARAMETERS) }
}

pub(super) const TABLE: &[Entry] = &[
    setting(0x0c05, (6, 0), ANY, 0, |_, p| match p.u8() {
        0 => Ok(vec![]),
        1 | 2 => Err(Status::UNSUPPORTED_FEATURE),
        _ => Err(Status::INVALID_PARAMETERS),
    }),
    setting(0x0c12, (6, 7), 7, 2, |_, p| {
        let _peer: [u8; 6] = p.array();
        p.u8_up_to(1)?;
        Ok(vec![0, 0])
    }),
    setting(0x0c13, (7, 0), 248, 0, |call, p| {
        let name = p.array();
        set(call, |s| s.name = name)
    }),
    setting(0x0c14, (7, 1), 0, 248, |call, _| get(call, |s| s.name)),
    setting(0x0c15, (7, 2), 0, 2, |call, _| get(call, |s| s.accept_timeout.to_le_bytes())),
    setting(0x0c16, (7, 3), 2, 0, |call, p| {
        let timeout = p.u16_in(1..=0xb540)?;
        set(call, |s| s.accept_timeout = timeout)
    }),
    setting(0x0c17, (7, 4), 0, 2, |call, _| get(call, |s| s.page_timeout.to_le_bytes())),
    setting(0x0c18, (7, 5), 2, 0, |call, p| {
        let timeout = p.u16_in(1..=0xffff)?;
        set(call, |s| s.page_timeout = timeout)
    }),
    setting(0x0c19, (7, 6), 0, 1, |call, _| get(call, |s| [s.scan_enable])),
    setting(0x0c1a, (7, 7), 1, 0, |call, p| {
        let enable = p.u8_up_to(3)?;
        set(call, |s| s.scan_enable = enable)
    }),
    setting(0x0c1b, (8, 0), 0, 4, |call, _| get(call, |s| pair(s.page_scan))),
    setting(0x0c1c, (8, 1), 4, 0, |call, p| {
        let activity = scan_activity(p)?;
        set(call, |s| s.page_scan = activity)
    }),
    setting(0x0c1d, (8, 2), 0, 4, |call, _| get(call, |s| pair(s.inquiry_scan))),
    setting(0x0c1e, (8, 3), 4, 0, |call, p| {
        let activity = scan_activity(p)?;
        set(call, |s| s.inquiry_scan = activity)
    }),
    setting(0x0c1f, (8, 4), 0, 1, |call, _| get(call, |s| [s.authentication])),
    setting(0x0c20, (8, 5), 1, 0, |call, p| {
        let enable = p.u8_up_to(1)?;
        set(call, |s| s.authentication = enable)
    }),
    setting(0x0c23, (9, 0), 0, 3, |call, _| get(call, |s| s.class)),
    setting(0x0c24, (9, 1), 3, 0, |call, p| {
        let class = p.array();
        set(call, |s| s.class = class)
    }),
    setting(0x0c25, (9, 2), 0, 2, |call, _| get(call, |s| s.voice.to_le_bytes())),
    setting(0x0c26, (9, 3), 2, 0, |call, p| {
        let voice = p.u16_in(0..=0x03ff)?;
        set(call, |s| s.voice = voice)
    }),
    setting(0x0c38, (11, 2), 0, 1, |_, _| Ok(vec![MOST_ACCESS_CODES])),
    setting(0x0c39, (11, 3), 0, 1, read_access_codes),
    setting(0x0c3a, (11, 4), ANY, 0, write_access_codes),
    setting(0x0c42, (12, 4), 0, 1, |call, _| get(call, |s| [s.inquiry_scan_type])),
    setting(0x0c43, (12, 5), 1, 0, |call, p| {
        let kind = p.u8_up_to(1)?;
        set(call, |s| s.inquiry_scan_type = kind)
    }),
    setting(0x0c44, (12, 6), 0, 1, |call, _| get(call, |s| [s.inquiry_mode])),
    setting(0x0c45, (12, 7), 1, 0, |call, p| {
        let mode = p.u8_up_to(2)?;
        set(call, |s| s.inquiry_mode = mode)
    }),
    setting(0x0c46, (13, 0), 0, 1, |call, _| get(call, |s| [s.page_scan_type])),
    setting(0x0c47, (13, 1), 1, 0, |call, p| {
        let kind = p.u8_up_to(1)?;
        set(call, |s| s.page_scan_type = kind)
    }),
    setting(0x0c51, (17, 0), 0, 241, |call, _| {
        let settings = &call.controller().classic.settings;
        Ok([&[settings.fec][..], &settings.extended_response].concat())
    }),
    setting(0x0c52, (17, 1), 241, 0, |call, p| {
        let (fec, response) = (p.u8_up_to(1)?, p.array());
        set(call, |s| (s.fec, s.extended_response) = (fec, response))
    }),
    setting(0x0c58, (18, 0), 0, 1, |call, _| get(call, |s| s.power.to_le_bytes())),
    setting(0x0c59, (18, 1), 1, 0, |call, p| {
        let power = i8::from_le_bytes([p.u8()]);
        if !(-70..=20).contains(&power) {
            return Err(Status::INVALID_PARAMETERS);
        }
        set(call, |s| s.power = power)
    }),
    setting(0x0c6c, (24, 5), 0, 2, |call, _| get(call, |s| [s.le_host, 0])),
    setting(0x0c6d, (24, 6), 2, 0, |call, p| {
        let (on, _simultaneous) = (p.u8_up_to(1)?, p.u8());
        set(call, |s| s.le_host = on)
    }),
    Entry {
        needs: Needs::SimplePairing,
        ..setting(0x0c55, (17, 5), 0, 1, |call, _| get(call, |s| [s.simple_pairing.into()]))
    },
    Entry {
        needs: Needs::SimplePairing,
        ..setting(0x0c56, (17, 6), 1, 0, |call, p| {
            let on = p.u8_up_to(1)? == 1;
            set(call, |s| s.simple_pairing = on)
        })
    },
    Entry {
        needs: Needs::SecureConnections,
        ..setting(0x0c79, (32, 2), 0, 1, |call, _| get(call, |s| [s.secure_connections.into()]))
    },
    Entry {
        needs: Needs::SecureConnections,
        ..setting(0x0c7a, (32, 3), 1, 0, |call, p| {
            let on = p.u8_up_to(1)? == 1;
            if !call.controller().classic.links.is_empty() {
                return Err(Status::COMMAND_DISALLOWED);
            }
            set(call, |s| s.secure_connections = on)
        })
    },
    setting(0x0c84, (45, 7), 1, 0, |call, p| {
        let octets = p.u8();
        if !(1..=16).contains(&octets) {
            return Err(Status::INVALID_PARAMETERS);
        }
        set(call, |s| s.least_key_size = octets)
    }),
    setting(0x080e, (5, 3), 0, 2, |call, _| get(call, |s| s.policy.to_le_bytes())),
    Entry {
        answer: DONE,
        ..setting(0x080f, (5, 4), 2, 0, |call, p| {
            let policy = p.u16_in(0..=0x0f)?;
            set(call, |s| s.policy = policy)
        })
    },
];

fn read_access_codes(call: &mut Call<'_>, _: &mut Parameters<'_>) -> Outcome {
    let codes = &call.controller().classic.settings.access_codes;
    let mut octets = vec![u8::try_from(codes.len()).unwrap_or(0)];
    octets.extend(codes.iter().flatten());
    Ok(octets)
}

fn write_access_codes(call: &mut Call<'_>, p: &mut Parameters<'_>) -> Outcome {
    let count = p.u8();
    let (codes, rest) = p.0.rest().as_chunks::<3>();
    let whole = rest.is_empty() && codes.len() == usize::from(count) && count > 0;
    if !whole || !codes.iter().all(|code| super::connect::is_access_code(*code)) {
        return Err(Status::INVALID_PARAMETERS);
    }
    let most = usize::from(MOST_ACCESS_CODES);
    let codes = codes.iter().copied().take(most).collect();
    set(call, |s| s.access_codes = codes)
}

const MOST_ACCESS_CODES: u8 = 2;
