-- What happened, counted over all nodes and restarts; and the signing secret of a webhook that is being replaced.

create table counters (
  series text primary key,
  total integer not null
) strict, without rowid;

alter table webhooks add column former_link blob;
alter table webhooks add column former_until integer;
