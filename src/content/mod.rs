//! Articles in: fetched with a guarded client, parsed from feeds, cleaned to safe text.
