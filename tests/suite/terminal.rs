//! What long work shows: how far it is to somebody at a terminal, and nothing but its outcome to a program or a log.

use std::process::{Command, Stdio};

use crate::kit::database::Engine;
use crate::kit::program::Outcome;
use crate::kit::{Installation, on};

/// Runs a command as if somebody sat there; what they see. Nothing where there is no `script` (util-linux).
fn seen(installation: &Installation, command: &str) -> Option<String> {
    let ours = installation.command(&[]);
    let mut script = Command::new("script");
    script.env_clear().envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.current_dir(installation.folder()).stdin(Stdio::null());
    script.args(["-qec", &format!("{} {command}", env!("CARGO_BIN_EXE_postduif")), "/dev/null"]);
    match script.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            println!("skipped: there is no `script` here");
            None
        }
    }
}

#[test]
fn how_far_long_work_is_shows_on_a_terminal_and_nowhere_else() {
    on(Engine::Sqlite, |installation: Installation| {
        installation.newsletter();
        let list = |name: &str| {
            let rows: String = (0..5_000).map(|number| format!("{name}-{number}@example.org\n")).collect();
            std::fs::write(installation.folder().join(format!("{name}.csv")), format!("email\n{rows}")).expect("room");
        };
        list("one");
        list("two");
        let import = "subscriber import one.csv --newsletter nieuws --consent paper";
        let Some(seen) = seen(&installation, import) else { return };
        for words in ["█", " of 5000 rows", " a second", "\u{1b}[K"] {
            assert!(seen.contains(words), "{words:?}: {seen:?}");
        }
        let piped: Outcome = installation.run(&import.replace("one.csv", "two.csv").split(' ').collect::<Vec<_>>());
        assert_eq!(piped.code, 0, "{}", piped.err);
        for output in [&piped.out, &piped.err] {
            assert!(!output.contains(['█', '\u{1b}', '\r']), "{output:?}");
        }
    });
}
