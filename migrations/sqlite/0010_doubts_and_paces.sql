-- What tells whether quick commits were lost, what a doubt of each kind has cost, and the pace that each domain takes.

-- Empty here: on SQLite quick commits are lost with the power alone, which the machine's own start tells.
create table server_marks (
  id integer primary key check (id = 1),
  mark text not null
) strict;

-- The mark under which a process works: once it differs, starts of its claims may have been lost.
alter table workers add column boot text not null default '';

-- Repeats that a crash of ours has cost, apart from those that a lost reply has cost.
alter table deliveries add column cuts integer not null default 0;

-- Since when it is put off without having been tried.
alter table deliveries add column put_off_at integer;

-- Domains that asked us to slow down; the others are not kept.
create table domain_paces (
  domain text primary key,
  allowed integer not null,
  complaints integer not null,
  resume_at integer not null,
  updated_at integer not null
) strict;
create index domain_paces_by_age on domain_paces (updated_at);
