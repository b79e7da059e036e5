-- What happened, counted over all nodes and restarts; and the signing secret of a webhook that is being replaced.

create table counters (
  series text primary key,
  total bigint not null
);

alter table webhooks add column former_link bytea;
alter table webhooks add column former_until bigint;
