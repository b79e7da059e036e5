//! postduif's behaviour, told in sentences, on both database engines; `tests/run` adds the real servers.

mod kit;

mod cli;
mod rooms;
mod schema;
mod signatures;
mod smtp;
mod test_kit;
