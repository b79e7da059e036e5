//! `postduif consent`: the evidence that people asked for the newsletter.

use anyhow::bail;
use clap::Subcommand;

use super::output::Output;
use super::{misused, progress};
use crate::answers::ConsentProofAnswer;
use crate::domain::address::EmailAddress;
use crate::flows::{House, consent_proof};
use crate::pages::proof::{Record, proof};
use crate::web::proof_record;

#[derive(Subcommand)]
pub enum Command {
    /// Write one person's proof to standard output, as JSON or as a page
    Export {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
        /// A page to read and print
        #[arg(long)]
        html: bool,
    },
    /// Recompute the chain of all records: finds what was changed, taken out or moved
    Verify,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Export { html: true, .. } if output.is_json() => {
            Err(misused("--json is the proof for programs, --html the page: choose one"))
        }
        Command::Export { address, html } => {
            let records = consent_proof::records(house, &address).await?;
            if records.is_empty() {
                bail!("nothing is recorded about this address; look at the spelling");
            }
            let answer = ConsentProofAnswer::new(address.as_str(), records);
            if html {
                let records: Vec<Record> = answer.records.iter().map(proof_record).collect();
                let page = proof(&answer.email, &records, house.clock.now());
                return Ok(output.raw(page.into_string().as_bytes())?);
            }
            Ok(output.json(&answer)?)
        }
        Command::Verify => {
            let verdict = progress::during("reading all records", consent_proof::verify(house)).await?;
            output.one(&verdict, || {
                let end = verdict.end.as_deref().unwrap_or("none");
                let mut lines = vec![format!("{} records, the newest is {end}", verdict.records)];
                lines.extend(verdict.faults.iter().map(|fault| fault.message.clone()));
                lines.join("\n")
            })?;
            if !verdict.ok {
                let faults = verdict.faults.len() as u64 + verdict.more_faults;
                bail!("the chain of consent records is broken in {faults} places; compare it with a backup");
            }
            Ok(())
        }
    }
}
