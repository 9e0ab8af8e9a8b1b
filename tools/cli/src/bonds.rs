//! Keeps bonds between two runs of the program.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bindrune::{BondStore, FileStore, FileStoreError, Loaded, RecordId};
use etcetera::BaseStrategy as _;

use crate::{cli::Globals, failure::Failure, transport::Transport};

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

/// A file of bonds, which may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct BondFile {
    path: PathBuf,
    simulated: bool,
}

impl BondFile {
    /// Returns the file from the command line, or one in the user's data directory. The virtual devices have a separate one,
    /// because only they have its keys.
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        let simulated = matches!(globals.transport, Transport::Sim);
        let path = match &globals.bond_file {
            Some(path) => path.clone(),
            None => data_directory()?.join(if simulated { "sim-bonds" } else { "bonds" }),
        };
        Ok(Self { path, simulated })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for the host of a command.
    pub(crate) fn open(&self, keep: Keep) -> Result<Store, Failure> {
        let is_there = self.path.exists();
        match keep {
            Keep::Nothing => return Ok(Store::Nothing),
            Keep::Known if !is_there => return Ok(Store::Nothing),
            Keep::Known | Keep::All => {}
        }
        make_folder_of(&self.path)?;
        match FileStore::open(&self.path) {
            Ok(store) => Ok(Store::File(store)),
            Err(error @ FileStoreError::InUse { .. }) if keep == Keep::Known => {
                log::warn!("continuing without bonds: {error}");
                Ok(Store::Nothing)
            }
            Err(error) => Err(failure(&error)),
        }
    }

    /// Returns the folder where a virtual device keeps its bonds, beside ours.
    pub(crate) fn of_neighbour(&self, name: &str) -> Option<Self> {
        let mut folder = self.path.clone().into_os_string();
        folder.push(".d");
        self.simulated.then(|| Self { path: PathBuf::from(folder).join(name), simulated: true })
    }
}

/// Returns the user's folder for data of this program: on Linux `$XDG_DATA_HOME/bindrune`.
fn data_directory() -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Failure::failed(format!("cannot find the user's data directory: {error}"))
            .advise("Name a file for the bonds: --bond-file FILE.")
    })?;
    Ok(base.data_dir().join("bindrune"))
}

/// Creates the folder if it is missing, for its owner only.
fn make_folder_of(path: &Path) -> Result<(), Failure> {
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
    match text.split_once("; ") {
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
    Nothing,
    File(FileStore),
}

impl BondStore for Store {
    type Error = FileStoreError;

    async fn load(&mut self, each: impl FnMut(RecordId, &[u8])) -> Result<Loaded, FileStoreError> {
        match self {
            Self::Nothing => Ok(Loaded::default()),
            Self::File(store) => store.load(each).await,
        }
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), FileStoreError> {
        match self {
            Self::Nothing => Ok(()),
            Self::File(store) => store.store(id, record).await,
        }
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), FileStoreError> {
        match self {
            Self::Nothing => Ok(()),
            Self::File(store) => store.delete(id).await,
        }
    }
}
