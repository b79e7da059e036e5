//! The page of docs/reference about problems, made of their catalogue.

use super::problem::CATALOGUE;

/// Every kind of problem in a line.
pub fn problems() -> String {
    let rows: String =
        CATALOGUE.iter().map(|(kind, status, title)| format!("| `{kind}` | {status} | {title} |\n")).collect();
    format!(
        "# Problems\n\nWhat goes wrong is answered as `application/problem+json` (RFC 9457). `type` ends in one of these \
         words; `detail` says it of this request, `errors` names every field that is wrong, and `request_id` is the one in \
         the log and in the header `X-Request-Id`.\n\n| type | status | title |\n| --- | --- | --- |\n{rows}"
    )
}
