-- Who sends, which claim a delivery belongs to, when an edition last moved, and how many doubts are answered.

-- Every process that sends says again and again that it lives; what it has trouble with, the others can read.
create table workers (
  owner text primary key,
  beats integer not null,
  seen_at integer not null,
  trouble text
) strict;

-- The number of a claim stays with the delivery until the next one: a start or a result of an older claim is not ours.
alter table deliveries add column claim integer;

-- When a recipient last came to an end.
alter table editions add column moved_at integer;

alter table newsletters add column repeats integer not null default 5 check (repeats between 1 and 9);
