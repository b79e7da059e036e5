-- What preflight looks back at (checks of the installation, test mails), and what a newsletter may look like.

create table doctor_runs (
  at integer not null,
  check_name text not null,
  status text not null check (status in ('ok', 'warn', 'fail', 'unknown')),
  message text not null,
  primary key (at, check_name)
) strict;

alter table newsletters add column logo text;
alter table newsletters add column accent text;
alter table newsletters add column test_required integer not null default 0;

alter table editions add column reminders integer not null default 0;
alter table editions add column reminded_at integer;

alter table sources add column told_at integer;
