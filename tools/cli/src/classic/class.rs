//! Classes of devices in words. [Assigned Numbers, 2.8]

use bindrune::ClassOfDevice;

/// Returns what a device is.
pub(super) fn words(class: ClassOfDevice) -> String {
    let major = major(class.major());
    match minor(class) {
        Some(minor) => minor.to_owned(),
        None => major.map_or_else(|| format!("class {:06x}", class.get()), str::to_owned),
    }
}

/// Returns the names of its service classes.
pub(super) fn services(class: ClassOfDevice) -> Vec<String> {
    let names = class.services().iter_names();
    names.map(|(name, _)| name.to_lowercase().replace('_', " ")).collect()
}

const fn major(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "miscellaneous",
        1 => "computer",
        2 => "phone",
        3 => "network access point",
        4 => "audio and video",
        5 => "peripheral",
        6 => "imaging",
        7 => "wearable",
        8 => "toy",
        9 => "health",
        0x1f => "uncategorized",
        _ => return None,
    })
}

/// Returns the name of the minor class, if it says more than the major one.
fn minor(class: ClassOfDevice) -> Option<&'static str> {
    let names: &[&str] = match class.major() {
        1 => &[
            "",
            "desktop computer",
            "server",
            "laptop",
            "handheld computer",
            "palm-size computer",
            "wearable computer",
            "tablet",
        ],
        2 => &["", "mobile phone", "cordless phone", "smartphone", "modem", "ISDN access"],
        4 => &[
            "",
            "headset",
            "hands-free device",
            "",
            "microphone",
            "loudspeaker",
            "headphones",
            "portable audio",
            "car audio",
            "set-top box",
            "hi-fi audio",
            "video recorder",
            "video camera",
            "camcorder",
            "video monitor",
            "video display with loudspeaker",
            "video conferencing",
            "",
            "gaming device",
        ],
        5 => return peripheral(class.minor()),
        6 => return imaging(class.minor()),
        7 => &["", "wrist watch", "pager", "jacket", "helmet", "glasses", "pin"],
        8 => &["", "toy robot", "toy vehicle", "doll", "game controller", "toy"],
        9 => &[
            "",
            "blood pressure monitor",
            "thermometer",
            "scale",
            "glucose meter",
            "pulse oximeter",
            "heart rate monitor",
            "health data display",
            "step counter",
        ],
        _ => &[],
    };
    names.get(usize::from(class.minor())).copied().filter(|name| !name.is_empty())
}

fn peripheral(minor: u8) -> Option<&'static str> {
    let kind = match minor & 0x0f {
        1 => Some("joystick"),
        2 => Some("gamepad"),
        3 => Some("remote control"),
        4 => Some("sensor"),
        5 => Some("graphics tablet"),
        6 => Some("card reader"),
        _ => None,
    };
    kind.or(match minor >> 4 {
        1 => Some("keyboard"),
        2 => Some("mouse"),
        3 => Some("keyboard and mouse"),
        _ => None,
    })
}

/// Returns the first that the device is; it may be several.
const fn imaging(minor: u8) -> Option<&'static str> {
    if minor & 0x20 != 0 {
        Some("printer")
    } else if minor & 0x10 != 0 {
        Some("scanner")
    } else if minor & 0x08 != 0 {
        Some("camera")
    } else if minor & 0x04 != 0 {
        Some("display")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_words() {
        for (class, text) in [
            (0x00_0000, "miscellaneous"),
            (0x00_0104, "desktop computer"),
            (0x5a_020c, "smartphone"),
            (0x24_0404, "headset"),
            (0x00_040c, "audio and video"),
            (0x00_0540, "keyboard"),
            (0x00_0508, "gamepad"),
            (0x00_0680, "printer"),
            (0x00_1f00, "uncategorized"),
            (0x00_1e00, "class 001e00"),
        ] {
            assert_eq!(words(ClassOfDevice::new(class)), text);
        }
        assert_eq!(services(ClassOfDevice::new(0x24_0404)), ["rendering", "audio"]);
    }
}
