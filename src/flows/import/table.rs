//! A list of people as other tools write it: rows of a CSV file, whatever its separator, encoding and headings.

use std::borrow::Cow;
use std::io::Read;

use encoding_rs::WINDOWS_1252;

use super::dialect::{Dialect, Lines};
use super::moments::moment;
use crate::domain::csv_cell::unguarded;
use crate::domain::subscription::MailFormat;
use crate::domain::time::Timestamp;

/// Headings under which the address stands, in lower case with letters and digits alone.
const EMAIL: [&str; 8] =
    ["email", "emailaddress", "emailadres", "mail", "mailadres", "emailadresse", "address", "subscriberemail"];
/// What MailPoet calls its lists, as far as its translations are known.
const LIST: [&str; 3] = ["list", "lijst", "liste"];
const LANGUAGE: [&str; 4] = ["language", "lang", "taal", "locale"];
/// When somebody asked, in the words of the tools of this trade.
const ASKED: [&str; 6] = ["requestedat", "optintime", "subscriptiontime", "createdat", "insertedat", "entered"];
/// When they confirmed it.
const CONFIRMED: [&str; 3] = ["confirmedat", "confirmtime", "confirmationtime"];

/// What a column tells about a person's standing. A person may be well by one column and gone by another.
#[derive(Clone, Copy)]
enum Sign {
    /// A word: subscribed, afgemeld, bounced …
    Word,
    /// The moment of leaving; empty for who stayed.
    Left,
    /// The moment at which the address was struck off; empty for the others.
    StruckOff,
    /// 1 for who is blocked.
    Blocked,
    /// 1 for who does not get mail any more.
    Disabled,
    /// 0 for who never confirmed.
    Confirmed,
    /// A reason of our own for not mailing an address.
    Suppressed,
}

/// The columns of that kind that the tools of this trade write.
const SIGNS: [(&str, Sign); 10] = [
    ("status", Sign::Word),
    ("liststatus", Sign::Word),
    ("globalstatus", Sign::Word),
    ("abonnementstatus", Sign::Word),
    ("unsubtime", Sign::Left),
    ("cleantime", Sign::StruckOff),
    ("isthissubscriberblacklisted", Sign::Blocked),
    ("isthisaccountdisabled", Sign::Disabled),
    ("isthissubscriberconfirmed", Sign::Confirmed),
    ("suppressed", Sign::Suppressed),
];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it begins in the file, from 1.
    pub line: u64,
    pub email: String,
    pub language: Option<String>,
    pub format: Option<MailFormat>,
    pub standing: Standing,
    pub asked_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    /// When they left there, where the file says so.
    pub left_at: Option<Timestamp>,
    /// Why the address must not be mailed, in the words of a list of such addresses.
    pub reason: Option<String>,
    /// The lists that the row speaks of, in files that have several.
    pub lists: Vec<String>,
    /// The sentence that was shown to them, and the evidence for it, in a file of our own.
    pub text: Option<String>,
    pub note: Option<String>,
}

/// Where a person stands in the tool that they come from; the worse comes later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Subscribed,
    /// Never confirmed: there is no consent to take over.
    Unconfirmed,
    /// A word that we do not know.
    Other(String),
    /// On none of the lists there.
    NoList,
    Unsubscribed,
    /// The row speaks of another list than the one that is taken over: what they wanted there says nothing here.
    OtherList(String),
    /// The mailbox is gone.
    Bounced,
    /// Somebody decided that this address is not to be mailed.
    Blocked,
    /// The same, here: only an administrator lifts it.
    Manual,
    /// They called our mail spam.
    Complained,
}

impl Standing {
    /// Reads one sign. Where a file has none, whoever imports it states that everybody in it asked for the newsletter.
    fn read(sign: Sign, cell: &str) -> Self {
        let cell = cell.trim().to_lowercase();
        match (sign, cell.as_str()) {
            (Sign::Word, word) => Self::parse(word),
            (Sign::Left, moment) if !moment.is_empty() => Self::Unsubscribed,
            (Sign::StruckOff, moment) if !moment.is_empty() => Self::Bounced,
            (Sign::Blocked, "1") => Self::Blocked,
            (Sign::Disabled, "1") => Self::Unsubscribed,
            (Sign::Confirmed, "0") => Self::Unconfirmed,
            (Sign::Suppressed, "") => Self::Subscribed,
            (Sign::Suppressed, "bounced") => Self::Bounced,
            (Sign::Suppressed, "unsubscribed") => Self::Unsubscribed,
            (Sign::Suppressed, "complained") => Self::Complained,
            (Sign::Suppressed, "manual") => Self::Manual,
            (Sign::Suppressed, _) => Self::Blocked,
            _ => Self::Subscribed,
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "" | "subscribed" | "active" | "enabled" | "confirmed" | "actief" | "bevestigd" | "ingeschreven" => {
                Self::Subscribed
            }
            // They asked, and have merely not opened anything for a while.
            "inactive" => Self::Subscribed,
            "unconfirmed" | "pending" | "nonsubscribed" | "niet bevestigd" => Self::Unconfirmed,
            "unsubscribed" | "disabled" | "optout" | "opt-out" | "afgemeld" | "uitgeschreven" => Self::Unsubscribed,
            "bounced" | "cleaned" | "unreachable" | "onbezorgbaar" => Self::Bounced,
            "complained" | "spam" => Self::Complained,
            "manual" => Self::Manual,
            "blocklisted" | "blacklisted" | "suppressed" | "imported" | "geblokkeerd" => Self::Blocked,
            other => Self::Other(other.chars().take(60).collect()),
        }
    }
}

/// The file is no list of people.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the file is empty; its first line must name the columns, one of them “email”")]
    Empty,
    #[error("the file has no column “email”; its columns are: {0}")]
    NoEmail(String),
    #[error("this is {0}")]
    NoText(&'static str),
    #[error("the file holds several lists with different people; choose one by its name (--list NAME): {}", listed(.0))]
    SeveralLists(Vec<(String, u64)>),
    #[error("the file has no list “{0}”; its lists are: {list}", list = listed(.1))]
    NoSuchList(String, Vec<(String, u64)>),
    #[error("the file is not well formed, so nothing was changed: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Malformed(Vec<BadLine>),
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] csv::Error),
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Lists by their names, with how many people get mail by each.
fn listed(lists: &[(String, u64)]) -> String {
    if lists.is_empty() {
        return "none".to_owned();
    }
    let list = |(name, people): &(String, u64)| format!("“{name}” ({people} people)");
    lists.iter().take(20).map(list).collect::<Vec<_>>().join(", ")
}

/// A line that breaks the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub line: u64,
    pub fault: String,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

/// The tools whose files are known by their headings.
const TOOLS: [(&str, &[&str]); 5] = [
    ("Mailchimp", &["leid", "euid"]),
    ("listmonk", &["uuid", "attributes"]),
    ("phpList", &["isthissubscriberconfirmed"]),
    ("Keila", &["data", "externalid"]),
    ("postduif", &["consentmeans", "newsletter"]),
];

/// The rows of a file, one after the other, however many there are.
pub struct Table<R: Read> {
    reader: csv::Reader<Lines<R>>,
    columns: Columns,
    /// The list that is taken over, in files that have several; in a file of our own the newsletter.
    list: Option<String>,
    tool: Option<&'static str>,
}

struct Columns {
    /// None where the heading is a word of the operator's own: then it is the cell that is an address.
    email: Option<usize>,
    language: Option<usize>,
    format: Option<usize>,
    asked: Option<usize>,
    confirmed: Option<usize>,
    text: Option<usize>,
    note: Option<usize>,
    signs: Vec<(usize, Sign)>,
    /// The list that a row speaks of, or all that its person is on.
    list: Option<usize>,
    left: Option<usize>,
    reason: Option<usize>,
    /// In a file of people who never subscribed, which nothing but its name tells.
    never_subscribed: bool,
}

impl<R: Read> Table<R> {
    /// Reads the first line and finds the columns. `newsletter` is the one that the rows are for.
    ///
    /// # Errors
    /// When there is no column for the address.
    pub fn open(source: R, dialect: &Dialect, file_name: &str, newsletter: &str) -> Result<Self, TableError> {
        let mut reader = dialect.reader(source)?;
        let headings: Vec<String> = reader.byte_headers()?.iter().map(|cell| simplified(&text(cell))).collect();
        if headings.iter().all(String::is_empty) {
            return Err(TableError::Empty);
        }
        let column = |names: &[&str]| headings.iter().position(|heading| names.contains(&heading.as_str()));
        let tool = TOOLS.iter().find(|(_, names)| names.iter().all(|name| column(&[*name]).is_some()));
        let tool = tool.map(|(tool, _)| *tool).or(dialect.mailpoet.then_some("MailPoet"));
        let email = column(&EMAIL);
        if email.is_none() && !matches!(tool, Some("Mailchimp" | "MailPoet")) {
            let shown: Vec<_> = reader.byte_headers()?.iter().map(text).collect();
            return Err(TableError::NoEmail(shown.join(", ").chars().take(300).collect()));
        }
        let sign = |heading: &String| SIGNS.iter().find(|(name, _)| name == heading).map(|(_, sign)| *sign);
        let signs = headings.iter().enumerate().filter_map(|(at, heading)| Some((at, sign(heading)?))).collect();
        let (list, about) = match tool {
            Some("postduif") => (column(&["newsletter"]), Some(newsletter.to_owned())),
            Some("MailPoet") => (headings.iter().rposition(|heading| LIST.contains(&heading.as_str())), None),
            Some("phpList") => (column(&["listmembership"]), None),
            _ => (None, None),
        };
        let columns = Columns {
            email,
            language: column(&LANGUAGE),
            format: column(&["format"]),
            asked: column(&ASKED),
            confirmed: column(&CONFIRMED),
            text: column(&["consenttext"]),
            note: column(&["consentnote"]),
            signs,
            list,
            left: column(&["unsubtime"]),
            reason: column(&["reason", "type"]),
            never_subscribed: tool == Some("Mailchimp") && file_name.starts_with("nonsubscribed"),
        };
        Ok(Self { reader, columns, list: about, tool })
    }

    /// The tool that wrote the file, where its headings tell.
    pub fn tool(&self) -> Option<&'static str> {
        self.tool
    }

    /// Whether rows speak of lists, one of which must be chosen.
    pub fn has_lists(&self) -> bool {
        self.columns.list.is_some() && self.list.is_none()
    }

    /// Takes over this list alone.
    pub fn choose(&mut self, list: Option<String>) {
        if self.has_lists() {
            self.list = list;
        }
    }

    /// At most so many further rows; none at the end of the file. Empty lines are passed over.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn take(&mut self, limit: usize) -> Result<Vec<Row>, TableError> {
        Ok(self.take_within(limit, u64::MAX)?.0)
    }

    /// The same up to the row with which they are so many bytes, and how many they are.
    ///
    /// # Errors
    /// As [`Table::take`].
    pub fn take_within(&mut self, limit: usize, most: u64) -> Result<(Vec<Row>, u64), TableError> {
        let (mut rows, mut bytes) = (Vec::with_capacity(limit), 0);
        let mut record = csv::ByteRecord::new();
        while rows.len() < limit && bytes < most && self.reader.read_byte_record(&mut record)? {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            bytes += record.as_slice().len() as u64;
            let cell = |column: usize| record.get(column).map(text);
            let email = match self.columns.email {
                Some(column) => cell(column).unwrap_or_default(),
                None => record.iter().map(text).find(|cell| cell.contains('@')).unwrap_or_default(),
            };
            let standing = |(column, sign): &(usize, Sign)| Standing::read(*sign, &cell(*column).unwrap_or_default());
            let mut standing = self.columns.signs.iter().map(standing).max().unwrap_or(Standing::Subscribed);
            if self.columns.never_subscribed {
                standing = Standing::Unconfirmed;
            }
            let lists = self.columns.list.and_then(cell).map(|cell| memberships(&cell)).unwrap_or_default();
            if let Some(wanted) = self.list.as_ref().filter(|_| self.columns.list.is_some()) {
                let is_wanted = lists.iter().any(|name| name.eq_ignore_ascii_case(wanted));
                let other = lists.first().filter(|_| !is_wanted);
                // Who left everything, or whose mailbox is gone, is not mailed by us either.
                if lists.is_empty() && standing == Standing::Subscribed {
                    standing = Standing::NoList;
                } else if let Some(other) = other
                    && (standing < Standing::Unsubscribed || !left_all(&record, &self.columns.signs))
                {
                    standing = Standing::OtherList(other.chars().take(60).collect());
                }
            }
            // The reader notes where it began to look for a row, in front of the empty lines that it passed over.
            let looked_from = record.position().map_or(0, csv::Position::line);
            let inside = record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
            let told = |column: Option<usize>| column.and_then(cell).filter(|cell| !cell.trim().is_empty());
            let said = |column: Option<usize>| told(column).map(|cell| unguarded(&cell).to_owned());
            rows.push(Row {
                line: looked_from.max(self.reader.position().line().saturating_sub(inside + 1)),
                email: bare(&email).to_owned(),
                language: told(self.columns.language).map(Cow::into_owned),
                format: told(self.columns.format).and_then(|cell| cell.trim().parse().ok()),
                standing,
                asked_at: told(self.columns.asked).and_then(|cell| moment(&cell)),
                confirmed_at: told(self.columns.confirmed).and_then(|cell| moment(&cell)),
                left_at: told(self.columns.left).and_then(|cell| moment(&cell)),
                reason: told(self.columns.reason).map(Cow::into_owned),
                lists,
                text: said(self.columns.text),
                note: said(self.columns.note),
            });
        }
        Ok((rows, bytes))
    }
}

/// The lists in a cell: one name, or several behind one another as phpList writes them: `A; B; `.
fn memberships(cell: &str) -> Vec<String> {
    let names = cell.split("; ").map(|name| name.trim().trim_end_matches(';').trim());
    names.filter(|name| !name.is_empty() && *name != "No Lists").map(str::to_owned).collect()
}

/// Whether every word of a row about a list says that the person left: the list's own, and the one for all lists.
fn left_all(record: &csv::ByteRecord, signs: &[(usize, Sign)]) -> bool {
    signs.iter().all(|(column, sign)| {
        Standing::read(*sign, &record.get(*column).map(text).unwrap_or_default()) >= Standing::Unsubscribed
    })
}

/// The address without what keeps spreadsheets from calculating: `'` of our own exports, `' ` of phpList's.
fn bare(cell: &str) -> &str {
    let cell = cell.trim();
    unguarded(cell.strip_prefix("' ").unwrap_or(cell)).trim()
}

/// UTF-8, or what Excel writes in this part of the world.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

fn simplified(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(file: &[u8]) -> Result<Table<&[u8]>, TableError> {
        Table::open(file, &Dialect::of(file)?, "list.csv", "ibp")
    }

    fn rows(file: &[u8]) -> Vec<(u64, String, Standing)> {
        let rows = open(file).unwrap().take(100).unwrap();
        rows.into_iter().map(|row| (row.line, row.email, row.standing)).collect()
    }

    #[test]
    fn a_list_is_read_whatever_its_separator_its_encoding_and_the_name_of_its_column() {
        for file in [
            &b"email\nren\xc3\xa9@example.org\n"[..],
            b"\xef\xbb\xbf\"Email\",\"First name\"\r\n\"ren\xc3\xa9@example.org\",\"Ren\xc3\xa9\"\r\n",
            b"E-mailadres;Voornaam;Status\r\nren\xe9@example.org;Ren\xe9;actief\r\n",
            b"id\tEmail Address\n1\t' ren\xc3\xa9@example.org \n",
            b"naam,taal,e-mail\n\"de Vries, Ren\xc3\xa9\",nl,ren\xc3\xa9@example.org",
        ] {
            assert_eq!(rows(file), [(2, "rené@example.org".to_owned(), Standing::Subscribed)]);
        }
    }

    #[test]
    fn a_row_is_found_again_by_its_line_whatever_ends_the_lines() {
        for line_end in ["\n", "\r\n", "\r"] {
            let file = "email,name\na,\n\nb,\"two\nlines\"\nc,x".replace('\n', line_end);
            let lines: Vec<u64> = rows(file.as_bytes()).into_iter().map(|(line, ..)| line).collect();
            assert_eq!(lines, [2, 4, 6], "{line_end:?}");
        }
    }

    #[test]
    fn who_left_or_never_confirmed_elsewhere_is_told_apart() {
        let read = rows(b"email,status\na,subscribed\nb,afgemeld\n\nc,cleaned\nd,unconfirmed\ne,Vrijdag\nf\n");
        assert_eq!(
            read.into_iter().map(|(line, _, standing)| (line, standing)).collect::<Vec<_>>(),
            [
                (2, Standing::Subscribed),
                (3, Standing::Unsubscribed),
                (5, Standing::Bounced),
                (6, Standing::Unconfirmed),
                (7, Standing::Other("vrijdag".to_owned())),
                (8, Standing::Subscribed),
            ]
        );
    }

    #[test]
    fn what_other_tools_say_in_columns_of_their_own_is_heard() {
        for (file, standing) in [
            ("Email Address,UNSUB_TIME\na,\"2023-06-30 07:30:00\"\n", Standing::Unsubscribed),
            ("Email Address,CLEAN_TIME\na,\"2022-12-01 07:30:00\"\n", Standing::Bounced),
            (
                "id\tEmail\tIs this subscriber confirmed\tIs this subscriber blacklisted\n1\ta\t1\t1\n",
                Standing::Blocked,
            ),
            (
                "id\tEmail\tIs this subscriber confirmed\tIs this subscriber blacklisted\n1\ta\t0\t0\n",
                Standing::Unconfirmed,
            ),
            ("Email\tIs this account disabled?\na\t1\n", Standing::Unsubscribed),
            ("Email,List status,Global status\na,unsubscribed,subscribed\n", Standing::Unsubscribed),
            ("Email,List status,Global status\na,subscribed,bounced\n", Standing::Bounced),
            ("Email,List status,Global status\na,inactive,subscribed\n", Standing::Subscribed),
            ("Email,UNSUB_TIME,CLEAN_TIME\na,,\n", Standing::Subscribed),
        ] {
            assert_eq!(rows(file.as_bytes()), [(2, "a".to_owned(), standing)], "{file}");
        }
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_by_what_it_has() {
        assert!(matches!(open(b""), Err(TableError::Empty)));
        let Err(TableError::NoEmail(columns)) = open(b"naam;telefoon\nAnna;06") else { panic!() };
        assert_eq!(columns, "naam, telefoon");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let file = [b"email,status\n".as_slice(), &bytes].concat();
            let _ = open(&file).and_then(|mut table| table.take(1000));
        }
    }
}
