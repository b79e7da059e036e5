-- Lists taken over that can be gone on with and taken back, new addresses that wait for their owner, and how many were
-- forgotten when. The twin for the other engine has the same file name, tables, columns and order.

alter table confirmations add column new_email text;

create table import_batches (
  id integer primary key autoincrement,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  state text not null check (state in ('waiting', 'running', 'done', 'undone')),
  actor text not null,
  origin text not null,
  statement text not null,
  digest blob not null,
  read integer not null default 0,
  imported integer not null default 0,
  unchanged integer not null default 0,
  suppressed integer not null default 0,
  rejected integer not null default 0,
  created_at integer not null,
  finished_at integer
) strict;
create index import_batches_by_digest on import_batches (newsletter_id, digest);
create index subscriptions_by_batch on subscriptions (batch_id) where batch_id is not null;
create index suppressions_by_batch on suppressions (batch_id) where batch_id is not null;

create table import_parts (
  batch_id integer not null references import_batches (id) on delete cascade,
  part integer not null,
  bytes blob not null,
  primary key (batch_id, part)
) strict;

create table forgotten (
  day integer not null,
  what text not null,
  count integer not null,
  primary key (day, what)
) strict;
