//! The demo's readers: who they are, and what becomes of each.

use crate::domain::language::Language;
use crate::domain::subscription::MailFormat;

/// A reader of the demo's newsletter.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub address: &'static str,
    pub language: Language,
    pub format: MailFormat,
    pub fate: Fate,
}

/// What becomes of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Got the past edition and stays.
    Reads,
    /// Left while the past edition went out.
    LeftDuring,
    /// Left after it.
    LeftAfter,
    /// Called it spam.
    Complained,
    /// The mail server knows nobody of this name any more.
    Gone,
    /// The mailbox is full.
    Full,
    /// The mail server said “later” until it was too late.
    Expired,
    /// The connection was lost at the final dot.
    Uncertain,
    /// Came after the past edition.
    Newer,
    /// Has not confirmed yet.
    Pending,
}

impl Fate {
    /// Whether the past edition was for them.
    pub const fn was_there(self) -> bool {
        !matches!(self, Self::Newer | Self::Pending)
    }
}

use Fate::{Complained, Expired, Full, Gone, LeftAfter, LeftDuring, Newer, Pending, Reads, Uncertain};

/// Everybody, in the order in which they came.
pub const PEOPLE: [Person; 40] = [
    nl("anna@gemeente-voorbeeld.example", Reads),
    nl("bram.de.boer@gemeente-voorbeeld.example", Reads),
    en("carol@council.example", Reads),
    nl("daan@waterschap.example", Reads),
    text("els@griffie.example", Reads),
    nl("f.aydin@gemeente-voorbeeld.example", Gone),
    nl("gerda@provincie.example", Reads),
    nl("hassan@archief.example", LeftAfter),
    nl("ilse@gemeente-voorbeeld.example", Reads),
    en("james@university.example", Reads),
    nl("karin@veiligheidsregio.example", LeftDuring),
    nl("lotte@gemeente-voorbeeld.example", Reads),
    text("marco@beheer.example", Reads),
    nl("nadia@onderwijs.example", Full),
    nl("o.dijkstra@waterschap.example", Reads),
    nl("pien@gemeente-voorbeeld.example", Reads),
    nl("quinten@adviesbureau.example", Complained),
    nl("roos@griffie.example", Reads),
    en("sarah+news@council.example", Reads),
    nl("teun@provincie.example", Expired),
    nl("ursula@gemeente-voorbeeld.example", Reads),
    nl("vera@archief.example", LeftAfter),
    nl("wouter@beheer.example", Reads),
    nl("xander@gemeente-voorbeeld.example", Gone),
    nl("yasmin@onderwijs.example", Uncertain),
    nl("zoe@veiligheidsregio.example", Reads),
    text("arend@adviesbureau.example", Reads),
    nl("britt@gemeente-voorbeeld.example", LeftDuring),
    nl("coen@waterschap.example", Reads),
    en("dev@startup.example", Reads),
    nl("eva@gemeente-voorbeeld.example", Newer),
    nl("frank@provincie.example", Newer),
    nl("gijs@griffie.example", Pending),
    nl("hanna@archief.example", Newer),
    en("ian@council.example", Pending),
    nl("joost@beheer.example", Newer),
    nl("kim@onderwijs.example", Pending),
    nl("laura@gemeente-voorbeeld.example", Newer),
    nl("milan@veiligheidsregio.example", Pending),
    nl("noor@gemeente-voorbeeld.example", Pending),
];

const fn nl(address: &'static str, fate: Fate) -> Person {
    Person { address, language: Language::Nl, format: MailFormat::Html, fate }
}

const fn en(address: &'static str, fate: Fate) -> Person {
    Person { address, language: Language::En, format: MailFormat::Html, fate }
}

const fn text(address: &'static str, fate: Fate) -> Person {
    Person { address, language: Language::Nl, format: MailFormat::Text, fate }
}
