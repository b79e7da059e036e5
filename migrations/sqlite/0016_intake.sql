-- Mailboxes that we look into, mail about us that nobody can read, and letters that may still come back. The twin has the
-- same tables and columns.

create table mailboxes (
  -- A keyed hash of server, user and folder.
  account text primary key,
  uid_validity integer not null default 0,
  last_uid integer not null default 0,
  -- Messages that were not ours, and were left as they were.
  left_alone integer not null default 0,
  looked_at integer,
  trouble text,
  next_at integer not null default 0,
  held_until integer not null default 0
) strict;

create table unclassified_mail (
  id integer primary key autoincrement,
  at integer not null,
  edition_id integer not null references editions (id) on delete cascade,
  seq integer not null,
  subscription_id integer not null,
  channel text not null,
  subject text not null,
  words text not null
) strict;
create index unclassified_mail_by_subscription on unclassified_mail (subscription_id);
create index unclassified_mail_by_edition on unclassified_mail (edition_id);

create table sent_letters (
  uid blob primary key,
  subscription_id integer not null,
  address_hash blob not null,
  sent_at integer not null
) strict, without rowid;
create index sent_letters_by_age on sent_letters (sent_at);
create index sent_letters_by_subscription on sent_letters (subscription_id);

-- The list that was chosen, of a file that holds several.
alter table import_batches add column list text;
