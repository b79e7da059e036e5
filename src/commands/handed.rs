//! A list as it is handed over: a file, standard input, or a ZIP file or text in UTF-16, which are unwrapped first.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::TemporaryFolder;
use crate::flows::House;
use crate::flows::import::unpack::{Wrapping, as_utf8, unpack, wrapping};

/// The lists in what was handed over, in order.
pub struct Parts {
    name: PathBuf,
    parts: Vec<Part>,
    /// What had to be put down lies here until all is done.
    _passing: Option<TemporaryFolder>,
}

/// One list.
#[derive(Clone)]
pub struct Part {
    /// The file's name, for the records.
    pub origin: String,
    /// Its name inside a ZIP file.
    pub inside: Option<String>,
    place: PathBuf,
}

impl Parts {
    /// Looks at a file, or at standard input for `-`, and unwraps it where that is needed.
    ///
    /// # Errors
    /// When it cannot be read, or is a ZIP file without lists.
    pub fn of(path: &Path, house: &House) -> anyhow::Result<Self> {
        let folder = || TemporaryFolder::new("postduif-import", &house.clock).context("there is no room to unwrap it");
        let is_piped = path.as_os_str() == "-";
        let mut passing = is_piped.then(folder).transpose()?;
        let (mut file, name, place) = match &passing {
            // Read twice, so what comes through a pipe is put down first.
            Some(folder) => {
                let place = folder.path().join("list");
                let mut file = put_down(&place).context("standard input cannot be put down")?;
                io::copy(&mut io::stdin().lock(), &mut file).context("standard input cannot be put down")?;
                file.rewind()?;
                (file, PathBuf::from("import"), place)
            }
            None => {
                let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
                (file, path.to_owned(), path.to_owned())
            }
        };
        let origin = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wrapped = wrapping(&mut file)?;
        if wrapped != Wrapping::None && passing.is_none() {
            passing = Some(folder()?);
        }
        let into = |number: usize| passing.as_ref().map(|folder| folder.path().join(format!("unwrapped-{number}")));
        let parts = match wrapped {
            Wrapping::None => vec![Part { origin, inside: None, place }],
            Wrapping::Utf16(encoding) => {
                let place = into(0).unwrap_or(place);
                as_utf8(&mut file, encoding, &mut put_down(&place)?)?;
                vec![Part { origin, inside: None, place }]
            }
            Wrapping::Zip(lists) => {
                let mut parts = Vec::new();
                for (number, list) in lists.into_iter().enumerate() {
                    let place = into(number).unwrap_or_default();
                    unpack(&mut file, &list, &mut put_down(&place)?)
                        .with_context(|| format!("{} in {origin} cannot be unpacked", list.name))?;
                    parts.push(Part { origin: list.name.clone(), inside: Some(list.name), place });
                }
                parts
            }
        };
        Ok(Self { name, parts, _passing: passing })
    }

    /// The name of the whole, beside which a report may lie.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Its lists.
    pub fn each(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().cloned()
    }
}

impl Part {
    /// The list itself, as plain text.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> anyhow::Result<File> {
        File::open(&self.place).with_context(|| format!("{} cannot be opened", self.origin))
    }
}

/// A file for us alone.
fn put_down(place: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(place)
}
