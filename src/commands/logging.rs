//! The log on standard error: one event a line, whatever is in it.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

use super::output::printable;
use crate::config::{Config, LogFormat};

/// Our own events; those of libraries go under their own names.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// Whose debug output repeats what is said to a mail server: addresses, passwords, letters.
const NEVER: &str = "lettre";

/// Begins to log as the settings want it, and to trace where the program was built for that.
///
/// # Errors
/// When traces are wanted and cannot be sent.
pub fn start(config: &Config) -> anyhow::Result<()> {
    // Without colours, since every control character is escaped on the way out.
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(OneLineEach);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Text => lines.with_target(false).with_filter(filter(&config.log)).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter(&config.log)).boxed(),
    };
    #[cfg(feature = "otel")]
    let lines = super::traces::layer(config)?.into_iter().chain([lines]).collect::<Vec<_>>();
    if tracing_subscriber::registry().with(lines).try_init().is_err() {
        eprintln!("postduif: logging had been started before");
    }
    Ok(())
}

/// Lets go of what the log has not told yet.
pub fn finish() {
    #[cfg(feature = "otel")]
    super::traces::finish();
}

/// A level without a name is meant for us; libraries say no more than warnings unless they are named.
fn filter(wanted: &Targets) -> Targets {
    let level = wanted.default_level().unwrap_or(LevelFilter::OFF);
    let named = wanted.iter().filter(|(target, _)| !target.is_empty());
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(OURS, level)
        .with_targets(named.map(|(target, level)| (target.to_owned(), level)))
        .with_target(NEVER, LevelFilter::OFF)
}

/// Makes every control character of an event visible but the line end behind it.
struct OneLineEach;

impl<'a> MakeWriter<'a> for OneLineEach {
    type Writer = EscapingWriter<io::StderrLock<'a>>;

    fn make_writer(&'a self) -> Self::Writer {
        EscapingWriter(io::stderr().lock())
    }
}

struct EscapingWriter<W>(W);

impl<W: Write> Write for EscapingWriter<W> {
    /// Is handed one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = printable(text.strip_suffix('\n').unwrap_or(&text));
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, event: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer =
            tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || EscapingWriter(writer.clone()));
        if json {
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer.json()), event);
        } else {
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), event);
        }
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let forged = "x\n2026-01-01T00:00:00Z  INFO all is well\r\x1b[2J\u{2028}\u{85}end";
        for json in [false, true] {
            let text = logged(json, || tracing::warn!(field = forged, other = %forged, "{forged}"));
            assert_eq!(text.matches('\n').count(), 1, "{text}");
            assert!(text.ends_with('\n') && text.contains("\\u2028"), "{text}");
            assert!(!text.trim_end_matches('\n').chars().any(char::is_control), "{text:?}");
            assert!(!json || serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_bare_level_is_ours_alone_and_the_dialogue_with_mail_servers_is_never_shown() {
        let loud = filter(&"trace,sqlx=info,lettre=trace".parse().unwrap());
        for (target, level, enabled) in [
            ("postduif::mail", tracing::Level::TRACE, true),
            ("hyper", tracing::Level::INFO, false),
            ("hyper", tracing::Level::WARN, true),
            ("sqlx::query", tracing::Level::INFO, true),
            ("lettre", tracing::Level::ERROR, false),
            ("lettre::transport::smtp", tracing::Level::ERROR, false),
        ] {
            assert_eq!(loud.would_enable(target, &level), enabled, "{target} {level}");
        }
        assert!(!filter(&"off".parse().unwrap()).would_enable("hyper", &tracing::Level::ERROR));
    }
}
