//! Complaints: the abuse reporting format (RFC 5965, 6591, 6650), and what came before it.

use super::fields::{Fields, address, addresses};
use super::original::Original;
use super::parts::Mail;

/// Most addresses that one complaint may name.
const MAX_ADDRESSES: usize = 10;

pub(super) enum Verdict {
    /// Somebody complains; whoever it is may be left out of the report.
    Complaint(Vec<String>),
    /// A report in this format that blames nobody: mail that was no spam, authentication that failed.
    Harmless,
}

/// What a feedback report says; `None` for everything that is none.
pub(super) fn read(mail: &Mail, original: &Original) -> Option<Verdict> {
    let Some(report) = fields(mail) else {
        return is_old_style(mail).then(|| Verdict::Complaint(complainers(&Fields::default(), original)));
    };
    let kind = report.get("feedback-type").unwrap_or("abuse").trim().to_ascii_lowercase();
    // Types that nobody registered say nothing that could be acted upon.
    match kind.as_str() {
        "abuse" | "fraud" | "virus" | "opt-out" | "opt-out-list" | "complaint" | "miscategorized" => {
            Some(Verdict::Complaint(complainers(&report, original)))
        }
        _ => Some(Verdict::Harmless),
    }
}

/// The fields of the report itself.
pub(super) fn fields(mail: &Mail) -> Option<Fields> {
    let report = mail.of_kind("message/feedback-report").map(|leaf| Fields::parse(leaf.text.trim_start())).next();
    if report.is_some() || mail.report_type != "feedback-report" {
        return report;
    }
    let has_type = |fields: &Fields| fields.has("feedback-type");
    let other = mail.leaves.iter().map(|leaf| Fields::parse(leaf.text.trim_start())).find(has_type);
    other
        .or_else(|| mail.body.split("\n\n").take(50).map(Fields::parse).find(has_type))
        .or_else(|| Some(Fields::default()))
}

fn complainers(report: &Fields, original: &Original) -> Vec<String> {
    let named = report.any(&["original-rcpt-to", "removal-recipient", "original-recipient"]).filter_map(address);
    let mut found: Vec<String> = Vec::new();
    for who in named.map(str::to_owned) {
        if found.len() < MAX_ADDRESSES && !found.iter().any(|known| known.eq_ignore_ascii_case(&who)) {
            found.push(who);
        }
    }
    if found.is_empty() {
        let to = original.header.any(&["x-hmxmroriginalrecipient", "to"]).flat_map(addresses);
        found.extend(to.map(|(_, who)| who.to_owned()).take(1));
    }
    found
}

/// Hotmail's reports before there was a format: the message attached to a letter from its staff.
fn is_old_style(mail: &Mail) -> bool {
    mail.subject.trim_start().to_lowercase().starts_with("complaint about message from ")
        && mail.leaves.iter().any(super::parts::Leaf::is_returned)
}
