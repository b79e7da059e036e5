//! Our program as a shell runs it: arguments and environment in, exit code and both outputs out.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs of the program in one folder, with nothing in the environment but what is set here.
pub struct Program {
    command: Command,
}

/// What came of one run.
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Program {
    /// The program with these arguments, in this folder: the one just built, or another build of it that
    /// `POSTDUIF_TEST_PROGRAM` names.
    pub fn new(folder: &Path, arguments: &[&str]) -> Self {
        let program = std::env::var("POSTDUIF_TEST_PROGRAM");
        let mut command = Command::new(program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_postduif")));
        command.env_clear().current_dir(folder).args(arguments);
        Self { command }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// For what runs in the background or reads from a pipe.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it with this on its standard input.
    pub fn run_with(mut self, input: &str) -> Outcome {
        let streams = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        // A program that ends without reading everything is no fault of the test's.
        let _ = child.stdin.take().expect("there is a pipe").write_all(input.as_bytes());
        Outcome::of(child.wait_with_output().expect("the program ends"))
    }

    pub fn run(mut self) -> Outcome {
        Outcome::of(self.command.output().expect("the program starts"))
    }
}

impl Outcome {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the program ended by itself"),
            out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// It did what was asked.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// It failed, in one line that is for people.
    #[track_caller]
    pub fn failed(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        let message = self.err.lines().last().unwrap_or_default().to_owned();
        assert!(message.starts_with("postduif: "), "{}", self.err);
        message
    }

    /// Every line of standard output as JSON.
    #[track_caller]
    pub fn json(self) -> Vec<serde_json::Value> {
        self.done().lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }
}
