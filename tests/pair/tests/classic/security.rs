//! Pairing, levels and bonds.

use core::cell::{Cell, RefCell};

use bindrune::{
    ClassicConfig, ClassicIoCapability, ClassicPsm, ClassicSecurity, Config, Error, Level, Question,
};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

use crate::address;

mod bonds;
mod oob;
mod pairing;

const PSM: ClassicPsm = ClassicPsm(0x1005);
const PIN: &[u8] = b"1234";

/// What the user of a device does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    No,
    Nothing,
}

/// The user of two devices: compares their displays, and copies a passkey from one to the other.
pub(crate) struct User {
    says: [Says; 2],
    shown: Cell<Option<u32>>,
    asked: RefCell<Vec<(usize, Question)>>,
}

impl User {
    pub(crate) fn new(says: [Says; 2]) -> Self {
        Self { says, shown: Cell::new(None), asked: RefCell::default() }
    }

    /// Answers the questions of a device.
    async fn sit(&self, scene: &Scene, at: usize, device: &Device, peer: &Device) {
        if self.says[at] == Says::Nothing {
            return core::future::pending().await;
        }
        let mut requests = device.host().pairing_requests().unwrap();
        loop {
            let mut request = requests.next().await;
            assert_eq!(request.peer(), Some(address(peer.host().classic()).await));
            self.asked.borrow_mut().push((at, request.question()));
            if self.says[at] == Says::No {
                request.reject();
                continue;
            }
            match request.question() {
                Question::Confirm => request.accept(),
                Question::Compare(number) => {
                    assert!(self.shown.replace(Some(number)).is_none_or(|other| other == number));
                    request.accept();
                }
                Question::Display(number) => {
                    self.shown.set(Some(number));
                    request.ended().await;
                }
                Question::Input => {
                    while self.shown.get().is_none() {
                        scene.sleep(50).await;
                    }
                    request.passkey(self.shown.get().unwrap());
                }
                Question::Pin { sixteen } => {
                    request.pin(if sixteen { b"0123456789abcdef" } else { PIN });
                }
                Question::Oob { .. } => request.reject(),
            }
        }
    }

    pub(crate) fn asked(&self, device: usize) -> Vec<Question> {
        let asked = self.asked.borrow();
        asked.iter().filter(|(at, _)| *at == device).map(|(_, question)| *question).collect()
    }
}

/// Runs `app` with the user of the devices.
pub(crate) async fn with_user<T>(
    scene: &Scene,
    user: &User,
    [lamp, phone]: [&Device; 2],
    app: impl Future<Output = T>,
) -> T {
    let users = join(user.sit(scene, 0, lamp, phone), user.sit(scene, 1, phone, lamp));
    match select(app, users).await {
        Either::First(output) => output,
        Either::Second(_) => panic!("a user has left"),
    }
}

const fn io(io: ClassicIoCapability) -> ClassicConfig {
    ClassicConfig::new().io_capability(io).mitm(true)
}

fn devices(scene: &Scene, air: &Air, configs: [ClassicConfig; 2]) -> [Device; 2] {
    let [lamp, phone] = configs;
    [
        scene.dual_on(air.clone(), Config::new("lamp"), lamp),
        scene.dual_on(air.clone(), Config::new("phone"), phone),
    ]
}

/// Lets the phone pair with the lamp; returns the results of both, and the end as the phone sees it.
async fn pair(
    scene: &Scene,
    lamp: &Device,
    phone: &Device,
    level: Level,
) -> (Result<ClassicSecurity, Error>, ClassicSecurity) {
    let (there, here) = (lamp.host().classic(), phone.host().classic());
    let (at, own) = (address(there).await, address(here).await);
    there.set_connectable(true).unwrap();
    let link = here.connect(at).await.unwrap();
    let result = link.secure(level).await;
    // The lamp reads the length of the key, too.
    scene.sleep(100).await;
    let other = match there.connect(own).await {
        Ok(link) => link.security().unwrap_or_default(),
        Err(_) => ClassicSecurity::default(),
    };
    (result, other)
}

/// Pairs two devices by comparison, without a link afterwards.
fn bonded(seed: u64, air: &Air) -> (Scene, [Device; 2]) {
    let scene = Scene::new(seed);
    let devices = devices(&scene, air, [io(ClassicIoCapability::DisplayYesNo); 2]);
    let [lamp, phone] = &devices;
    scene.run(&[lamp, phone], async {
        let user = User::new([Says::Yes; 2]);
        let pairing = pair(&scene, lamp, phone, Level::Authenticated);
        let (result, _) = with_user(&scene, &user, [lamp, phone], pairing).await;
        assert!(result.is_ok(), "{result:?}");
    });
    (scene, devices)
}

/// Connects without a user: only the key of the bond can secure the link.
async fn reconnect(
    scene: &Scene,
    lamp: &Device,
    phone: &Device,
) -> (Result<ClassicSecurity, Error>, Level) {
    let (result, there) = pair(scene, lamp, phone, Level::Authenticated).await;
    (result, there.level)
}
