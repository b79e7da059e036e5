//! postduif's behaviour, told in sentences, on both database engines; `tests/run` adds the real servers.

mod kit;

mod accessible;
mod admin_gate;
mod admin_login;
mod admin_second_step;
mod admin_settings;
mod admin_setup;
mod api;
mod backup;
mod cli;
mod cli_people;
mod delivery;
mod demo;
mod feedback;
mod headers;
mod imports;
mod killed;
mod nodes;
mod people;
mod preferences;
mod preflight;
mod rooms;
mod schedule;
mod schema;
mod sender;
mod serving;
mod sign_up;
mod signatures;
mod smtp;
mod sweep;
mod test_kit;
mod try_out;
mod unsubscribe;
mod visitor;
mod years;
