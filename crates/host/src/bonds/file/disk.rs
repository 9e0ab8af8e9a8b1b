//! Operating system calls of a file of bonds, so that a test can cut the power at every step.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    vec::Vec,
};

use zeroize::Zeroizing;

/// The files of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// The bonds.
    Main,
    /// The copy.
    Copy,
    /// A temporary file while one of the two is written.
    New,
}

/// Calls of the operating system.
pub(super) trait Disk {
    type File;

    /// Reads a whole file; `None` if it does not exist.
    fn read(&mut self, name: Name) -> io::Result<Option<Zeroizing<Vec<u8>>>>;
    /// Creates a new file that only its owner can read; fails if the name exists.
    fn create(&mut self, name: Name) -> io::Result<Self::File>;
    fn write(&mut self, file: &mut Self::File, octets: &[u8]) -> io::Result<()>;
    /// Syncs the contents of a file.
    fn sync(&mut self, file: &mut Self::File) -> io::Result<()>;
    /// Renames a file, replacing the target.
    fn rename(&mut self, from: Name, to: Name) -> io::Result<()>;
    /// Removes a file; a missing one is no error.
    fn remove(&mut self, name: Name) -> io::Result<()>;
    /// Syncs the names of a folder.
    fn sync_folder(&mut self) -> io::Result<()>;
}

/// Real files.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    folder: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        // Renaming would replace a link by a file.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self { path, folder }
    }

    pub(super) fn path(&self, name: Name) -> PathBuf {
        self.with(match name {
            Name::Main => "",
            Name::Copy => "~",
            Name::New => ".new",
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates the folder for its owner only, if it does not exist.
    pub(super) fn make(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)
    }

    /// Returns the permissions of a folder in which everybody can replace this file.
    #[cfg(unix)]
    pub(super) fn open_to_all(&self) -> io::Result<Option<u32>> {
        use std::os::unix::fs::PermissionsExt;
        const STICKY: u32 = 0o1000;
        match fs::metadata(&self.folder) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o1777;
                Ok(Some(mode).filter(|mode| mode & 0o002 != 0 && mode & STICKY == 0))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// On other systems the folder's access list decides.
    #[cfg(not(unix))]
    pub(super) fn open_to_all(&self) -> io::Result<Option<u32>> {
        Ok(None)
    }

    /// Keeps other processes away as long as the file lives; `None` if another one has it.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = private(&mut options).open(self.with(".lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Returns whether something else has the name of a file. Reading a pipe would not end.
    pub(super) fn is_no_file(&self, name: Name) -> bool {
        fs::metadata(self.path(name)).is_ok_and(|there| !there.is_file())
    }

    /// Returns the permissions of a file that others can read or write.
    #[cfg(unix)]
    pub(super) fn exposed(&self, name: Name) -> io::Result<Option<u32>> {
        use std::os::unix::fs::PermissionsExt;
        match fs::metadata(self.path(name)) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                Ok(Some(mode).filter(|mode| mode & 0o077 != 0))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// On other systems the folder's access list decides.
    #[cfg(not(unix))]
    pub(super) fn exposed(&self, _name: Name) -> io::Result<Option<u32>> {
        Ok(None)
    }

    fn with(&self, ending: &str) -> PathBuf {
        let mut path: OsString = self.path.clone().into();
        path.push(ending);
        path.into()
    }
}

impl Disk for Folder {
    type File = File;

    fn read(&mut self, name: Name) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        match fs::read(self.path(name)) {
            Ok(octets) => Ok(Some(Zeroizing::new(octets))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&mut self, name: Name) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options).open(self.path(name))
    }

    fn write(&mut self, file: &mut File, octets: &[u8]) -> io::Result<()> {
        file.write_all(octets)
    }

    fn sync(&mut self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: Name, to: Name) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&mut self, name: Name) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    #[cfg(unix)]
    fn sync_folder(&mut self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// Other systems do not open a folder; they write names through.
    #[cfg(not(unix))]
    fn sync_folder(&mut self) -> io::Result<()> {
        fs::metadata(&self.folder).map(drop)
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
