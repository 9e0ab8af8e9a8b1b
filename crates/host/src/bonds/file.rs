//! Bonds in a file of the operating system.

mod book;
#[cfg(test)]
mod crash;
mod disk;
mod error;
mod format;
mod fuzz;
#[cfg(test)]
mod tests;
mod worker;

use std::{
    boxed::Box,
    fmt,
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use bindrune_smp::{Bond, Method};
use bindrune_wire::{Address, Level};

pub use error::FileStoreError;
#[doc(hidden)]
pub use fuzz::{bond_file, bond_file_seeds};

use super::{BondStore, Loaded, RecordId};
use book::Book;
use disk::{Folder, Name};
use error::Trouble;
use worker::Worker;

/// Keeps bonds in a file that only its owner can read, and in a copy beside it.
///
/// The copy of `bonds` is `bonds~`. `bonds.lock` locks the files against other processes, and `bonds.new` exists while
/// one of the two is written. Every change rewrites both files, and is complete only when it would survive a loss of
/// power. If one file is damaged or was replaced by an older state, the other one is used.
///
/// The file contains the keys in the clear, and a removed bond may remain on the disk until it is overwritten: whoever
/// can read the disk has the keys. A file holds the bonds of one controller; use another file for another controller.
///
/// Files are written on a thread, so that the host continues meanwhile.
///
/// ```no_run
/// use bindrune::{FileStore, Host, Platform};
///
/// # async fn example<R, W>(host: &Host, rx: R, tx: W) -> Result<(), Box<dyn std::error::Error>>
/// # where
/// #     R: embedded_io_async::Read<Error = std::io::Error>,
/// #     W: embedded_io_async::Write<Error = std::io::Error>,
/// # {
/// let store = FileStore::open("/var/lib/lamp/bonds")?;
/// let end = host.run_with(rx, tx, Platform::new().store(store)).await;
/// # Err(end.into())
/// # }
/// ```
pub struct FileStore {
    files: Files,
    book: Shared,
    worker: Worker,
    /// Abandoned with the store.
    _lock: File,
}

type Shared = Arc<Mutex<Book<Folder>>>;

/// A bond in a file, without its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileBond {
    /// The peer's identity address, or the address that it paired with if it gave none.
    pub identity: Address,
    /// The identity address of this device that the peer bonded with.
    pub local: Address,
    /// When the keys were made, in seconds since 1970.
    pub created: u64,
    /// How it paired.
    pub method: Method,
    /// LE Secure Connections.
    pub secure_connections: bool,
    /// Protected against a man in the middle.
    pub authenticated: bool,
    /// Level of a link encrypted with this bond.
    pub level: Level,
    /// Length of the key in bytes, 7 to 16.
    pub key_size: u8,
}

impl FileStore {
    /// Opens the file of bonds, or starts a new one if it is missing or empty: its folder is created now, the file with
    /// the first bond, both for their owner only.
    ///
    /// # Errors
    ///
    /// If another process uses the file, others can read it or replace it, a newer version wrote it, or nothing of it
    /// can be read. Nothing is changed then.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileStoreError> {
        let folder = Folder::new(path.as_ref());
        let files = Files::new(&folder);
        folder.make().map_err(|error| files.name(error.into()))?;
        let lock = match folder.lock() {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(FileStoreError::InUse { path: files.main }),
            Err(error) => return Err(FileStoreError::Io { path: files.main, error }),
        };
        files.check(&folder)?;
        let book = Book::open(folder).map_err(|trouble| files.name(trouble))?;
        let book = Arc::new(Mutex::new(book));
        let worker = Worker::new(Arc::clone(&book)).map_err(|error| files.name(error.into()))?;
        Ok(Self { files, book, worker, _lock: lock })
    }

    /// Reads the bonds in a file that another process may have open, without changing it. A missing file has no bonds.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], except that the file may be in use.
    pub fn list(path: impl AsRef<Path>) -> Result<Vec<FileBond>, FileStoreError> {
        Ok(bonds_of(&Self::read(path.as_ref())?))
    }

    /// Passes each record of a file to `each`, as [`BondStore::load`] does, without locking or changing it: another
    /// process may have it open. A missing file has no records.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub fn read_records(
        path: impl AsRef<Path>,
        mut each: impl FnMut(RecordId, &[u8]),
    ) -> Result<Loaded, FileStoreError> {
        let book = Self::read(path.as_ref())?;
        for (id, entry) in book.entries() {
            each(*id, &entry.octets);
        }
        Ok(Loaded { records: book.entries().len(), ..book.found() })
    }

    /// Returns what `read` makes of each record in a file, its ID and the time of its creation. [`Self::list`]
    pub(crate) fn list_records<T>(
        path: &Path,
        read: impl Fn(RecordId, u64, &[u8]) -> Option<T>,
    ) -> Result<Vec<T>, FileStoreError> {
        let book = Self::read(path)?;
        let entries = book.entries().iter();
        Ok(entries.filter_map(|(id, entry)| read(*id, entry.created, &entry.octets)).collect())
    }

    fn read(path: &Path) -> Result<Book<Folder>, FileStoreError> {
        let folder = Folder::new(path);
        let files = Files::new(&folder);
        files.check(&folder)?;
        Book::read(folder).map_err(|trouble| files.name(trouble))
    }

    /// Returns the bonds, without records that cannot be read.
    #[must_use]
    pub fn bonds(&self) -> Vec<FileBond> {
        bonds_of(&self.lock())
    }

    /// Returns the result of loading the file.
    #[must_use]
    pub fn found(&self) -> Loaded {
        self.lock().found()
    }

    /// Removes a bond, waits until that is complete, and returns whether it existed. Do not use this beside a running
    /// host: remove the bond through the host.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`] if the file cannot be read or written; it then keeps its contents.
    pub fn remove(&mut self, peer: Address) -> Result<bool, FileStoreError> {
        self.remove_record(RecordId::Peer(peer))
    }

    pub(crate) fn remove_record(&mut self, id: RecordId) -> Result<bool, FileStoreError> {
        let mut book = self.lock();
        let was_there = book.entries().contains_key(&id);
        book.delete(id).map_err(|trouble| self.files.name(trouble))?;
        Ok(was_there)
    }

    /// Removes every bond and this device's own keys, and waits until that is complete.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`] if the file cannot be written; it then keeps its contents.
    pub fn clear(&mut self) -> Result<(), FileStoreError> {
        self.lock().clear().map_err(|trouble| self.files.name(trouble))
    }

    fn lock(&self) -> MutexGuard<'_, Book<Folder>> {
        lock(&self.book)
    }

    async fn change(
        &self,
        change: impl FnOnce(&mut Book<Folder>) -> Result<(), Trouble> + Send + 'static,
    ) -> Result<(), FileStoreError> {
        match self.worker.change(Box::new(change)).await {
            Some(result) => result.map_err(|trouble| self.files.name(trouble)),
            None => Err(FileStoreError::Stopped),
        }
    }
}

impl BondStore for FileStore {
    type Error = FileStoreError;

    async fn load(
        &mut self,
        mut each: impl FnMut(RecordId, &[u8]),
    ) -> Result<Loaded, FileStoreError> {
        // A cancelled change may still be in progress.
        self.change(|_| Ok(())).await?;
        let book = self.lock();
        for (id, entry) in book.entries() {
            each(*id, &entry.octets);
        }
        Ok(Loaded { records: book.entries().len(), ..book.found() })
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), FileStoreError> {
        let record = zeroize::Zeroizing::new(record.to_vec());
        let now = worker::seconds();
        self.change(move |book| book.store(id, &record, now)).await
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), FileStoreError> {
        self.change(move |book| book.delete(id)).await
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("path", &self.files.main).finish_non_exhaustive()
    }
}

/// A panic while the lock was held cannot leave its contents half changed: they are replaced as a whole.
fn lock(book: &Shared) -> MutexGuard<'_, Book<Folder>> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bonds_of(book: &Book<Folder>) -> Vec<FileBond> {
    let bonds = book.entries().iter().filter(|(id, _)| matches!(id, RecordId::Peer(_)));
    bonds
        .filter_map(|(_, entry)| {
            let bond = Bond::read(&entry.octets).ok()?;
            Some(FileBond {
                identity: bond.peer,
                local: bond.local,
                created: entry.created,
                method: bond.method,
                secure_connections: bond.secure,
                authenticated: bond.authenticated,
                level: bond.level(),
                key_size: bond.key_size,
            })
        })
        .collect()
}

/// Names of the files.
struct Files {
    main: PathBuf,
    copy: PathBuf,
}

impl Files {
    fn new(folder: &Folder) -> Self {
        Self { main: folder.path(Name::Main), copy: folder.path(Name::Copy) }
    }

    fn check(&self, folder: &Folder) -> Result<(), FileStoreError> {
        match folder.open_to_all() {
            Ok(None) => {}
            Ok(Some(mode)) => {
                return Err(FileStoreError::OpenFolder { path: folder.folder().to_owned(), mode });
            }
            Err(error) => return Err(FileStoreError::Io { path: self.main.clone(), error }),
        }
        for (name, path) in [(Name::Main, &self.main), (Name::Copy, &self.copy)] {
            let path = path.clone();
            if folder.is_no_file(name) {
                return Err(FileStoreError::NotAFile { path });
            }
            match folder.exposed(name) {
                Ok(None) => {}
                Ok(Some(mode)) => return Err(FileStoreError::Exposed { path, mode }),
                Err(error) => return Err(FileStoreError::Io { path, error }),
            }
        }
        Ok(())
    }

    fn name(&self, trouble: Trouble) -> FileStoreError {
        trouble.at(&self.main, &self.copy)
    }
}
