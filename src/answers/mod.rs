//! What programs are told, by the API and by `--json` alike: facts of the database in the names of the outside.

mod article;
mod checkup;
mod consent;
mod delivery;
mod edition;
mod evidence;
mod export;
mod moment;
mod newsletter;
mod person_export;
mod report;
mod retention;
mod source;
mod subscriber;
mod suppression;
mod test;
mod token;
mod user;

pub use article::ArticleAnswer;
pub use checkup::{CheckAnswer, CheckupAnswer};
pub use consent::{ConsentProofAnswer, ConsentRecordAnswer};
pub use delivery::{DeliveryAnswer, FeedbackAnswer};
pub use edition::{EditionAnswer, EditionItem, EditionSection};
pub use evidence::EvidenceAnswer;
pub use export::{ExportAnswer, csv_of};
pub use moment::MomentAnswer;
pub use newsletter::{NewsletterAnswer, SectionAnswer};
pub use person_export::{ConsentAnswer, PersonExport, ReceivedAnswer};
pub use report::{DomainReport, EditionReport};
pub use retention::RetentionAnswer;
pub use source::SourceAnswer;
pub use subscriber::{SubscriberAnswer, SubscriptionAnswer};
pub use suppression::SuppressionAnswer;
pub use test::TestAnswer;
pub use token::{NewTokenAnswer, TokenAnswer};
pub use user::UserAnswer;
