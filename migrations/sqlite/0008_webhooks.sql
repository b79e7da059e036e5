-- Whom to tell of what happens here, and what is still to be told.

create table webhooks (
  id integer primary key autoincrement,
  url text not null unique,
  events text not null default '',
  link blob not null,
  created_at integer not null,
  disabled_at integer,
  disabled_reason text
) strict;

create table webhook_deliveries (
  id integer primary key autoincrement,
  webhook_id integer not null references webhooks (id) on delete cascade,
  uid text not null unique,
  event text not null,
  body text not null,
  state text not null default 'queued' check (state in ('queued', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_at integer not null,
  last_answer text,
  created_at integer not null,
  finished_at integer
) strict;
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'queued';
create index webhook_deliveries_of on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_by_age on webhook_deliveries (finished_at) where state <> 'queued';
