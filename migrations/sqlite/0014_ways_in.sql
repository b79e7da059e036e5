-- Ways in: what each token of the API may be used for, how long a passkey's challenge holds, and who comes from an OpenID provider.

-- Words separated by spaces; null is all that the role may, as tokens were made before there were scopes.
alter table api_tokens add column scopes text;

-- Until when the challenge in this session may be answered.
alter table sessions add column challenge_until integer;

-- Issuer and subject together are one user's.
create unique index users_by_oidc_subject on users (oidc_subject) where oidc_subject is not null;

-- Sign-ins that have been sent to the provider: each comes back once. The row holds a hash, never the state itself.
create table oidc_tries (
  state blob primary key,
  next text not null,
  expires_at integer not null
) strict;
