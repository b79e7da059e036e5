-- What the editor's desk keeps of an edition: who changed it last, who let it go and from when, and its test mails.

alter table editions add column edited_by text;
alter table editions add column edited_at integer;
-- Somebody pressed Send: until send_at it can be taken back.
alter table editions add column hold integer not null default 0;
alter table editions add column ordered_by text;
-- So many uncertain deliveries did a person decide to leave as they are.
alter table editions add column unknown_left integer not null default 0;
alter table newsletters add column four_eyes integer not null default 0;

create table edition_tests (
  id integer primary key autoincrement,
  edition_id integer not null references editions (id) on delete cascade,
  at integer not null,
  actor text not null,
  recipients text not null,
  content text not null,
  content_hash text not null
) strict;
create index edition_tests_by_edition on edition_tests (edition_id, id);
create index audit_log_by_target on audit_log (target, id);
