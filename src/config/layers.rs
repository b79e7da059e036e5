//! Where values come from: flags over environment over a file named by the environment over the TOML file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::settings::{ALL, FILE_SUFFIX, Fallback, OTLP_ENDPOINT, PREFIX, Setting};

/// By this name every program that traces finds its collector. One that does not trace must not mind it: it is often set
/// for all programs of a machine.
const STANDARD_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The TOML file, where one is named.
    pub file: Option<PathBuf>,
    /// Values for single settings, strongest last.
    pub values: Vec<FlagValue>,
}

/// One setting given on the command line.
#[derive(Clone, Debug)]
pub struct FlagValue {
    /// The flag as it was typed, such as `--listen`.
    pub flag: String,
    /// The setting's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A file that an environment variable names.
    NamedFile { variable: String, path: PathBuf },
    /// The TOML file.
    Toml(PathBuf),
    /// The table of settings.
    Default,
    /// The key file that lies beside the database.
    KeyFile(PathBuf),
    /// Nowhere: it is not set and has no default.
    Unset,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::NamedFile { variable, path } => write!(f, "file {} named by {variable}", path.display()),
            Self::Toml(path) | Self::KeyFile(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
            Self::Unset => f.write_str("not set"),
        }
    }
}

/// The strongest value of each setting.
pub(super) struct Layers {
    found: BTreeMap<&'static str, (String, Origin)>,
}

impl Layers {
    /// Lays all sources over one another. A value of white space alone counts as not given, because container files
    /// write `POSTDUIF_X=` for it.
    pub(super) fn gather(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        usual_files: &[&Path],
    ) -> Result<Self, ConfigError> {
        let mut layers = Self { found: BTreeMap::new() };
        for setting in ALL {
            if let Fallback::Value(value) = setting.default {
                layers.put(setting, value, Origin::Default);
            }
        }
        layers.take_toml(flags.file.as_deref(), usual_files)?;
        layers.take_environment(environment)?;
        for FlagValue { flag, key, value } in &flags.values {
            let unknown =
                || ConfigError::UnknownKey { key: key.clone(), origin: flag.clone(), hint: hint(key, keys()) };
            layers.put(Setting::by_key(key).ok_or_else(unknown)?, value, Origin::Flag(flag.clone()));
        }
        Ok(layers)
    }

    pub(super) fn get(&self, setting: &Setting) -> Option<(&str, &Origin)> {
        self.found.get(setting.key).map(|(value, origin)| (value.as_str(), origin))
    }

    fn put(&mut self, setting: &'static Setting, value: &str, origin: Origin) {
        if !value.trim().is_empty() {
            self.found.insert(setting.key, (value.to_owned(), origin));
        }
    }

    fn take_toml(&mut self, named: Option<&Path>, usual: &[&Path]) -> Result<(), ConfigError> {
        let candidates: Vec<&Path> = named.map_or_else(|| usual.to_vec(), |path| vec![path]);
        for path in candidates {
            match std::fs::read_to_string(path) {
                Ok(text) => return self.take_toml_text(&text, path),
                Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(ConfigError::Unreadable { what: "the settings file", path: path.into(), error });
                }
            }
        }
        Ok(())
    }

    fn take_toml_text(&mut self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Toml {
            path: path.into(),
            line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            // Not its `Display`, which repeats the line with whatever secret stands on it.
            reason: error.message().replace('\n', " "),
        })?;
        for (key, value) in &table {
            let origin = || format!("file {}", path.display());
            let unknown = || ConfigError::UnknownKey { key: key.clone(), origin: origin(), hint: hint(key, keys()) };
            let setting = Setting::by_key(key).ok_or_else(unknown)?;
            let value = plain_text(value).ok_or_else(|| ConfigError::BadValue {
                key: key.clone(),
                origin: origin(),
                reason: "the value must be a text, a whole number, true or false, or a list of these".to_owned(),
            })?;
            self.put(setting, &value, Origin::Toml(path.into()));
        }
        Ok(())
    }

    fn take_environment(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        let mut ours = BTreeMap::new();
        for (name, value) in environment {
            let Ok(name) = name.into_string() else { continue };
            if name.starts_with(PREFIX) {
                let value = value.into_string().map_err(|_| ConfigError::BadValue {
                    key: name.clone(),
                    origin: "environment".to_owned(),
                    reason: "the value is not UTF-8".to_owned(),
                })?;
                ours.insert(name, value);
            } else if cfg!(feature = "otel")
                && name == STANDARD_ENDPOINT
                && let Ok(value) = value.into_string()
            {
                // Weaker than our own name for it, which is taken below.
                self.put(OTLP_ENDPOINT, &value, Origin::Environment(name));
            }
        }
        for setting in ALL {
            let variable = setting.variable();
            let file_variable = format!("{variable}{FILE_SUFFIX}");
            let (value, path) = (ours.remove(&variable), ours.remove(&file_variable));
            if let Some(path) = path.filter(|path| !path.trim().is_empty())
                && value.as_ref().is_none_or(|value| value.trim().is_empty())
            {
                let path = PathBuf::from(path);
                let text = std::fs::read_to_string(&path).map_err(|error| ConfigError::NamedFile {
                    variable: file_variable.clone(),
                    path: path.clone(),
                    error,
                })?;
                let value = text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t));
                self.put(setting, value, Origin::NamedFile { variable: file_variable, path });
            } else if let Some(value) = value {
                self.put(setting, &value, Origin::Environment(variable));
            }
        }
        match ours.into_iter().find(|(name, value)| !is_somebody_elses(name, value)) {
            None => Ok(()),
            Some((key, _)) => {
                let known = ALL.iter().flat_map(|setting| [setting.variable(), setting.variable() + FILE_SUFFIX]);
                let hint = hint(&key, known);
                Err(ConfigError::UnknownKey { key, origin: "environment".to_owned(), hint })
            }
        }
    }
}

/// What others put into our environment: the tests, and Kubernetes and Docker about a service that is called as we are,
/// or begins so (`POSTDUIF_SERVICE_HOST`, `POSTDUIF_WEB_PORT_8080_TCP_ADDR`, `POSTDUIF_PORT=tcp://10.0.0.1:8080`).
fn is_somebody_elses(name: &str, value: &str) -> bool {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let is_link = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let whole = format!("_{name}");
    let numbered = whole.split("_PORT_").skip(1).any(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    name.starts_with("TEST_")
        || numbered
        || whole.ends_with("_SERVICE_HOST")
        || whole.contains("_SERVICE_PORT")
        || (whole.ends_with("_PORT") && is_link)
}

fn keys() -> impl Iterator<Item = String> {
    ALL.iter().map(|setting| setting.key.to_owned())
}

/// The known name that was probably meant: at most two letters off.
fn hint(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|candidate| (strsim::osa_distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A TOML value as an environment variable would carry it.
fn plain_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| if item.is_array() { None } else { plain_text(item) }).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}
