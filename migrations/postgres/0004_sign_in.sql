-- Signing in to the desk: what sessions, second steps and links by mail need besides the tables that were there.

alter table users add column last_seen_at bigint;
-- The random number of a second step that has been begun and not confirmed by a first code.
alter table users add column totp_begun text;
-- Who this user is to the OpenID provider, once they have come that way.
alter table users add column oidc_subject text;

-- The password was right; the second step is still owed.
alter table sessions add column awaits_code boolean not null default false;
-- What a passkey is asked to sign in this session.
alter table sessions add column challenge bytea;

-- Invitations and resets. The row holds what the link carries, never the link.
create table user_links (
  link bytea primary key,
  user_id bigint not null references users (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint not null
);
create index user_links_by_user on user_links (user_id);

create table recovery_codes (
  user_id bigint not null references users (id) on delete cascade,
  hash bytea not null,
  primary key (user_id, hash)
);

create table passkeys (
  id bytea primary key,
  user_id bigint not null references users (id) on delete cascade,
  name text not null,
  public_key bytea not null,
  sign_count bigint not null,
  created_at bigint not null,
  last_used_at bigint
);
create index passkeys_by_user on passkeys (user_id);
