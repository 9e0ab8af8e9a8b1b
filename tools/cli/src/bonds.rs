//! Keeps bonds between two runs of the program.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bindrune::{Address, BondStore, FileStore, FileStoreError, Loaded, RecordId};
use etcetera::BaseStrategy as _;

use crate::{cli::Globals, failure::Failure, parse::hex, transport::Transport};

/// Maximum number of bonds of a host of the program.
pub(crate) const MOST: usize = 16;

/// How a command uses the bonds of earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Does not use them.
    Nothing,
    /// Uses existing bonds.
    Known,
    /// Uses them and adds new ones.
    All,
}

/// Where the bonds are kept.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In the file of the command line.
    File(PathBuf),
    /// In a file of the virtual controller, because only the virtual devices have its keys.
    Simulator(PathBuf),
    /// In a file for each controller, because a peer bonds with the address of one.
    Folder(PathBuf),
}

/// Beginning of the name of each controller's file.
const PREFIX: &str = "bonds-";

impl Place {
    /// Returns the file of the command line, or a place in the user's data directory.
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        Ok(match (&globals.bond_file, &globals.transport) {
            (Some(path), _) => Self::File(path.clone()),
            (None, Transport::Sim) => Self::Simulator(data_directory()?.join("sim-bonds")),
            (None, Transport::Serial { .. } | Transport::TcpClient { .. }) => {
                Self::Folder(data_directory()?)
            }
        })
    }

    /// Returns the file of a controller: by its address, or by its port if it has none.
    pub(crate) fn file(&self, own: Option<Address>, transport: &Transport) -> BondFile {
        let simulated = matches!(transport, Transport::Sim);
        let path = match self {
            Self::File(path) | Self::Simulator(path) => path.clone(),
            Self::Folder(folder) => {
                let name = own.map_or_else(|| transport.to_string(), |own| hex(&reversed(own)));
                let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
                let name: String = name.trim_start_matches('/').chars().map(letter).collect();
                folder.join(format!("{PREFIX}{name}"))
            }
        };
        BondFile { path, simulated, makes_address: own.is_none() && !simulated }
    }

    /// Returns the files of all controllers.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let folder = match self {
            Self::File(path) | Self::Simulator(path) => return Ok(vec![path.clone()]),
            Self::Folder(folder) => folder,
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::file("read", folder, &error)),
        };
        let is_file =
            |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| !rest.contains(['.', '~']));
        let entries = entries.flatten();
        let files = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_file));
        let mut files: Vec<PathBuf> = files.map(|entry| entry.path()).collect();
        files.sort();
        Ok(files)
    }

    /// Returns the place for users.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Simulator(path) | Self::Folder(path) => path,
        }
    }
}

/// Returns the bytes of an address in the order in which people write them.
fn reversed(address: Address) -> [u8; 6] {
    let [a, b, c, d, e, f] = address.octets();
    [f, e, d, c, b, a]
}

/// A file of bonds, which may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct BondFile {
    path: PathBuf,
    simulated: bool,
    /// The controller has no address, so that the host makes one, which the file keeps.
    makes_address: bool,
}

impl BondFile {
    /// Opens it for the host of a command.
    pub(crate) fn open(&self, keep: Keep) -> Result<Store, Failure> {
        if keep == Keep::All {
            make_folder_of(&self.path)?;
            return FileStore::open(&self.path).map(Store::File).map_err(|error| failure(&error));
        }
        let peers = keep == Keep::Known;
        if peers {
            FileStore::list(&self.path).map_err(|error| failure(&error))?;
        }
        Ok(Store::Reading { path: self.path.clone(), peers, address: self.makes_address })
    }

    /// Returns the folder where a virtual device keeps its bonds, beside ours.
    pub(crate) fn of_neighbour(&self, name: &str) -> Option<Self> {
        let mut folder = self.path.clone().into_os_string();
        folder.push(".d");
        let path = PathBuf::from(folder).join(name);
        self.simulated.then_some(Self { path, simulated: true, makes_address: false })
    }
}

/// Returns the user's folder for data of this program: on Linux `$XDG_DATA_HOME/bindrune`.
pub(crate) fn data_directory() -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Failure::failed(format!("cannot find the user's data directory: {error}"))
            .advise("Name a file for the bonds: --bond-file FILE.")
    })?;
    Ok(base.data_dir().join("bindrune"))
}

/// Creates the folder if it is missing, for its owner only.
pub(crate) fn make_folder_of(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.map_err(|error: io::Error| Failure::file("make the folder", folder, &error))
}

/// Describes a fault of the file, with advice.
pub(crate) fn failure(error: &FileStoreError) -> Failure {
    let text = error.to_string();
    if let FileStoreError::Io { error, .. } = error {
        return Failure::failed(text).about_file(error.kind());
    }
    match text.split_once("; ") {
        Some((what, _)) if matches!(error, FileStoreError::InUse { .. }) => {
            Failure::failed(what).advise("End it, or name another file: --bond-file FILE.")
        }
        Some((what, advice)) => Failure::failed(what).advise(sentence(advice)),
        None => Failure::failed(text),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).chain(['.']).collect()
    })
}

/// The store of a host.
pub(crate) enum Store {
    /// Reads the bonds without a lock, and changes none.
    Reading {
        path: PathBuf,
        /// Whether the bonds of peers are used.
        peers: bool,
        /// Whether the address that this host makes is kept.
        address: bool,
    },
    File(FileStore),
}

impl Store {
    /// Keeps nothing.
    pub(crate) const NOTHING: Self =
        Self::Reading { path: PathBuf::new(), peers: false, address: false };
}

impl BondStore for Store {
    type Error = FileStoreError;

    async fn load(
        &mut self,
        mut each: impl FnMut(RecordId, &[u8]),
    ) -> Result<Loaded, FileStoreError> {
        match self {
            Self::Reading { peers: false, address: false, .. } => Ok(Loaded::default()),
            Self::Reading { path, peers, .. } => FileStore::read_records(path, |id, record| {
                if *peers || id == RecordId::Local {
                    each(id, record);
                }
            }),
            Self::File(store) => store.load(each).await,
        }
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), FileStoreError> {
        match self {
            Self::Reading { path, address: true, .. } if id == RecordId::Local => {
                let mut store = FileStore::open(path)?;
                store.store(id, record).await
            }
            Self::Reading { .. } => {
                log::debug!("not kept, because this command only reads: {id:?}");
                Ok(())
            }
            Self::File(store) => store.store(id, record).await,
        }
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), FileStoreError> {
        match self {
            Self::Reading { .. } => Ok(()),
            Self::File(store) => store.delete(id).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_controller_has_its_file() {
        let place = Place::Folder("/data".into());
        let serial: Transport = "serial:/dev/ttyACM0".parse().unwrap();
        let own = Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]);
        let file = place.file(Some(own), &serial);
        let same = |path: &str| PathBuf::from(path);
        assert_eq!((file.path, file.makes_address), (same("/data/bonds-c45e12000001"), false));
        let file = place.file(None, &serial);
        assert_eq!((file.path, file.makes_address), (same("/data/bonds-dev-ttyACM0"), true));
        let named = Place::File("/own".into()).file(Some(own), &serial);
        assert_eq!(named.path, same("/own"));
    }
}
