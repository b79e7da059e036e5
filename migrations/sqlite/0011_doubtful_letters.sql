-- How often a letter was taken by a server that never said whether it kept it: the third copy is one too many.

alter table outbox add column doubts integer not null default 0;
