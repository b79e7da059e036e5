//! One file per thing that happens. A flow takes domain values, runs its transaction, and says what came of it.

pub mod assemble;
pub mod confirm;
pub mod newsletters;
pub mod publish;
pub mod subscribe;
pub mod tokens;
pub mod unsubscribe;

mod house;

pub use house::{FlowError, House, Wake};
