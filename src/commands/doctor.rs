//! `postduif doctor`: looks whether mail will arrive and the house is in order, and says what to do where not.

use std::process::ExitCode;

use super::output::{Output, printable, table};
use super::progress;
use crate::domain::checkup::CheckStatus;
use crate::flows::House;
use crate::flows::doctor::{self, Check};

/// Exit code 1 when something is broken; warnings alone are 0.
pub async fn run(house: &House, output: &Output) -> anyhow::Result<ExitCode> {
    let checks = progress::during("looking", doctor::run(house)).await?;
    if output.is_json() {
        checks.iter().try_for_each(|check| output.json(check))?;
    } else {
        output.one(&(), || text(&checks))?;
    }
    let broken = checks.iter().any(|check| check.status == CheckStatus::Fail);
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn text(checks: &[Check]) -> String {
    let word = |status| match status {
        CheckStatus::Ok => "ok",
        CheckStatus::Warn => "WARNING",
        CheckStatus::Fail => "BROKEN",
        CheckStatus::Unknown => "unknown",
    };
    let row = |check: &Check| vec![word(check.status).to_owned(), printable(&check.name), printable(&check.message)];
    let rows: Vec<Vec<String>> = checks.iter().map(row).collect();
    let mut lines = Vec::new();
    for (line, check) in table(&rows).into_iter().zip(checks) {
        lines.push(line);
        lines.extend(check.advice.iter().map(|advice| format!("         {}", printable(advice))));
    }
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    lines.push(String::new());
    lines.push(format!(
        "{} broken, {} warnings, {} in order, {} not known",
        count(CheckStatus::Fail),
        count(CheckStatus::Warn),
        count(CheckStatus::Ok),
        count(CheckStatus::Unknown)
    ));
    lines.join("\n")
}
