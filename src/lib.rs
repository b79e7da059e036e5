//! The map of postduif: one room per folder, arrows point down only (see ARCHITECTURE.md).

pub mod answers;
pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod content;
pub mod domain;
pub mod flows;
pub mod jobs;
pub mod mail;
pub mod pages;
pub mod store;
pub mod web;
