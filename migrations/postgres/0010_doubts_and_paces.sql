-- What tells whether quick commits were lost, what a doubt of each kind has cost, and the pace that each domain takes.

-- The server empties it by itself when it starts after a crash, or when another one takes its place: the commits that it
-- had not waited for are lost then, and whoever relied on them learns it from a mark that is new.
create unlogged table server_marks (
  id bigint primary key check (id = 1),
  mark text not null
);

-- The mark under which a process works: once it differs, starts of its claims may have been lost.
alter table workers add column boot text not null default '';

-- Repeats that a crash of ours has cost, apart from those that a lost reply has cost.
alter table deliveries add column cuts bigint not null default 0;

-- Since when it is put off without having been tried.
alter table deliveries add column put_off_at bigint;

-- Domains that asked us to slow down; the others are not kept.
create table domain_paces (
  domain text primary key,
  allowed bigint not null,
  complaints bigint not null,
  resume_at bigint not null,
  updated_at bigint not null
);
create index domain_paces_by_age on domain_paces (updated_at);
