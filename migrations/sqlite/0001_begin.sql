-- Every table of postduif. The twin for the other engine has the same file name, tables, columns and order.
-- Moments are microseconds since 1970 (UTC); enumerations are text with a check; hashes and random keys are blobs.

create table meta (
  key text primary key,
  value text not null
) strict;

create table newsletters (
  id integer primary key autoincrement,
  slug text not null unique,
  title text not null,
  description text not null default '',
  language text not null check (language in ('nl', 'en')),
  from_name text not null,
  from_address text not null,
  reply_to text,
  organisation text not null default '',
  postal_address text not null default '',
  privacy_url text,
  timezone text not null,
  assemble_rule text not null,
  review_days integer not null check (review_days >= 0),
  approval text not null check (approval in ('required', 'automatic')),
  max_per_year integer not null check (max_per_year >= 1),
  min_articles integer not null default 1 check (min_articles >= 0),
  on_unknown text not null default 'repeat' check (on_unknown in ('repeat', 'leave')),
  promo text,
  notify text not null default '',
  archive_indexed integer not null default 0,
  next_assemble_at integer,
  created_at integer not null,
  updated_at integer not null
) strict;

create table sections (
  newsletter_id integer not null references newsletters (id) on delete cascade,
  key text not null,
  position integer not null,
  style text not null check (style in ('excerpts', 'titles')),
  max_items integer not null check (max_items >= 0),
  title_nl text not null,
  title_en text not null,
  primary key (newsletter_id, key)
) strict;

create table sources (
  id integer primary key autoincrement,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  url text not null,
  feed_url text,
  section text not null,
  category_sections text not null default '{}',
  allow_private integer not null default 0,
  title text,
  etag text,
  last_modified text,
  last_fetch_at integer,
  last_success_at integer,
  next_fetch_at integer not null,
  failures integer not null default 0,
  last_error text,
  created_at integer not null,
  unique (newsletter_id, url)
) strict;
create index sources_due on sources (next_fetch_at);

create table articles (
  id integer primary key autoincrement,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  source_id integer references sources (id) on delete set null,
  guid text not null,
  canonical text not null,
  section text not null,
  title text not null,
  url text not null,
  summary text not null,
  source_url text,
  author text,
  image_url text,
  published_at integer not null,
  hidden integer not null default 0,
  edited integer not null default 0,
  created_at integer not null,
  updated_at integer not null,
  unique (newsletter_id, canonical)
) strict;
create index articles_by_guid on articles (newsletter_id, guid);
create index articles_by_date on articles (newsletter_id, published_at, id);

create table editions (
  id integer primary key autoincrement,
  uid integer not null unique,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  number integer not null,
  status text not null check (status in ('draft', 'approved', 'scheduled', 'sending', 'paused', 'sent', 'cancelled')),
  version integer not null default 1,
  subject text not null,
  preheader text not null,
  intro text not null,
  promo text,
  cutoff_at integer not null,
  occurrence text,
  content text,
  content_hash text,
  approved_by text,
  approved_at integer,
  override_reason text,
  send_at integer,
  started_at integer,
  finished_at integer,
  frozen integer not null default 0,
  frozen_through integer not null default 0,
  pause_reason text,
  withdrawn integer not null default 0,
  audience integer not null default 0,
  queued integer not null default 0,
  sending integer not null default 0,
  accepted integer not null default 0,
  deferred integer not null default 0,
  rejected integer not null default 0,
  expired integer not null default 0,
  skipped integer not null default 0,
  unknown integer not null default 0,
  created_at integer not null,
  updated_at integer not null,
  unique (newsletter_id, occurrence)
) strict;
create unique index editions_number on editions (newsletter_id, number) where status <> 'cancelled' or started_at is not null;
create unique index editions_one_open on editions (newsletter_id) where status in ('draft', 'approved', 'scheduled');
create index editions_busy on editions (status, send_at) where status in ('scheduled', 'sending', 'paused');

create table edition_items (
  edition_id integer not null references editions (id) on delete cascade,
  article_id integer not null references articles (id) on delete cascade,
  section text not null,
  position integer not null,
  title text,
  summary text,
  primary key (edition_id, article_id)
) strict;
create index edition_items_by_article on edition_items (article_id);

create table subscribers (
  id integer primary key autoincrement,
  email text not null,
  email_key text not null unique,
  address_hash blob not null,
  domain text not null,
  language text not null check (language in ('nl', 'en')),
  format text not null default 'html' check (format in ('html', 'text')),
  created_at integer not null,
  updated_at integer not null
) strict;

create table subscriptions (
  id integer primary key autoincrement,
  link blob not null unique,
  subscriber_id integer not null references subscribers (id) on delete cascade,
  newsletter_id integer not null references newsletters (id) on delete cascade,
  status text not null check (status in ('pending', 'confirmed', 'unsubscribed', 'bounced', 'complained')),
  requested_at integer not null,
  confirmed_at integer,
  ended_at integer,
  batch_id integer,
  unique (subscriber_id, newsletter_id)
) strict;
create index subscriptions_by_status on subscriptions (newsletter_id, status, id);

create table confirmations (
  link blob primary key,
  subscription_id integer not null references subscriptions (id) on delete cascade,
  created_at integer not null,
  expires_at integer not null
) strict;
create index confirmations_by_subscription on confirmations (subscription_id, created_at);

create table consent_records (
  id integer primary key,
  at integer not null,
  newsletter_id integer not null,
  subject blob not null,
  event text not null,
  body text,
  body_hash blob not null,
  previous blob not null,
  hash blob not null
) strict;
create index consent_records_by_subject on consent_records (subject, id);

create table suppressions (
  id integer primary key autoincrement,
  address_hash blob not null unique,
  email text,
  reason text not null check (reason in ('bounced', 'complained', 'unsubscribed', 'erased', 'manual', 'imported')),
  note text,
  batch_id integer,
  created_at integer not null
) strict;

create table outbox (
  id integer primary key autoincrement,
  uid blob not null unique,
  kind text not null,
  newsletter_id integer references newsletters (id) on delete cascade,
  subscription_id integer references subscriptions (id) on delete cascade,
  recipient text not null,
  body text not null,
  state text not null default 'queued' check (state in ('queued', 'sending', 'deferred', 'failed', 'unknown')),
  attempts integer not null default 0,
  next_at integer not null,
  expires_at integer not null,
  owner text,
  last_reply text,
  created_at integer not null
) strict;
create index outbox_due on outbox (state, next_at, id);

create table deliveries (
  edition_id integer not null references editions (id) on delete cascade,
  seq integer not null,
  subscription_id integer not null,
  email text,
  domain text not null,
  state text not null check (state in ('queued', 'sending', 'accepted', 'deferred', 'rejected', 'expired', 'skipped', 'unknown')),
  attempts integer not null default 0,
  repeats integer not null default 0,
  next_at integer not null,
  owner text,
  claimed_at integer,
  started_at integer,
  finished_at integer,
  code integer,
  status text,
  reply text,
  reason text,
  primary key (edition_id, seq),
  unique (edition_id, subscription_id)
) strict, without rowid;
create index deliveries_due on deliveries (edition_id, state, next_at, seq) where state in ('queued', 'deferred', 'sending', 'unknown');

create table attempts (
  kind text not null,
  key blob not null,
  at integer not null
) strict;
create index attempts_by_key on attempts (kind, key, at);
create index attempts_by_age on attempts (at);

create table moments (
  kind text not null,
  scope text not null,
  due_at integer not null,
  state text not null check (state in ('running', 'done', 'missed', 'failed')),
  node text not null,
  started_at integer not null,
  finished_at integer,
  outcome text,
  primary key (kind, scope, due_at)
) strict;

create table leases (
  name text primary key,
  owner text not null,
  fence integer not null,
  until_at integer not null
) strict;

create table api_tokens (
  id integer primary key autoincrement,
  name text not null,
  role text not null check (role in ('viewer', 'editor', 'admin')),
  hash blob not null unique,
  created_at integer not null,
  expires_at integer,
  last_used_at integer,
  revoked_at integer
) strict;

create table users (
  id integer primary key autoincrement,
  email text not null,
  email_key text not null unique,
  name text not null default '',
  role text not null check (role in ('viewer', 'editor', 'admin')),
  language text not null default 'nl' check (language in ('nl', 'en')),
  password_hash text,
  totp_secret text,
  totp_last_step integer,
  disabled_at integer,
  created_at integer not null,
  updated_at integer not null
) strict;

create table sessions (
  hash blob primary key,
  user_id integer not null references users (id) on delete cascade,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null
) strict;
create index sessions_by_user on sessions (user_id);

create table audit_log (
  id integer primary key autoincrement,
  at integer not null,
  actor text not null,
  action text not null,
  target text not null,
  detail text not null default ''
) strict;

create table idempotency_keys (
  key blob primary key,
  request_hash blob not null,
  status integer not null,
  response text not null,
  created_at integer not null
) strict;
