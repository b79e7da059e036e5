//! One file per thing that happens. A flow takes domain values, runs its transaction, and says what came of it.

pub mod approve;
pub mod articles;
pub mod assemble;
pub mod at_the_desk;
pub mod backup;
pub mod collect_articles;
pub mod confirm;
pub mod consent_proof;
pub mod deeds;
pub mod deliver;
pub mod demo;
pub mod edit_edition;
pub mod edition_content;
pub mod erase;
pub mod export;
pub mod feedback;
pub mod first_start;
pub mod health;
pub mod import;
pub mod keep_schedule;
pub mod move_address;
pub mod newsletters;
pub mod notices;
pub mod own_account;
pub mod password_links;
pub mod passwords;
pub mod people;
pub mod preferences;
pub mod preflight;
pub mod publish;
pub mod restore;
pub mod retention;
mod safety;
pub mod second_step;
pub mod sign_in;
pub mod subscribe;
pub mod suppress;
pub mod test_letter;
pub mod tokens;
pub mod try_out;
pub mod uncertain;
pub mod unsubscribe;
pub mod users;

mod house;

pub use house::{FlowError, FurnishError, House, Wake};
