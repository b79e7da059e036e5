-- Who was asked, after a long silence, whether they stay. The twin for the other engine has the same tables and columns.

alter table newsletters add column reconfirm_after_months bigint not null default 0 check (reconfirm_after_months between 0 and 120);

create table reconfirmations (
  subscription_id bigint primary key references subscriptions (id) on delete cascade,
  asked_at bigint not null,
  -- They pressed the button; until then they get no edition.
  stayed_at bigint
);
create index reconfirmations_open on reconfirmations (asked_at) where stayed_at is null;
