-- What came back about deliveries, and what makes the sending stop by itself. The twin has the same tables and columns.

create table feedback (
  id integer primary key autoincrement,
  at integer not null,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  edition_id integer references editions (id) on delete cascade,
  seq integer,
  subscription_id integer not null,
  kind text not null check (kind in ('bounce', 'complaint', 'unsubscribe')),
  channel text not null,
  reason text,
  status text,
  words text,
  effect text not null check (effect in ('suppressed', 'unsubscribed', 'counted', 'noted'))
) strict;
-- The same report twice counts once.
create unique index feedback_once on feedback (edition_id, seq, kind) where edition_id is not null;
create index feedback_by_subscription on feedback (subscription_id, edition_id);
create index feedback_by_age on feedback (at) where words is not null;

alter table editions add column bounced integer not null default 0;
alter table editions add column policy_refusals integer not null default 0;
alter table editions add column complained integer not null default 0;
alter table editions add column stopped_for text;
alter table editions add column overruled text not null default '';
alter table editions add column wave_until integer;

alter table newsletters add column safety text not null default '{}';
