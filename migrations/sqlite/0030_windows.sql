-- An import takes the rows of a file some ten thousand at a time in the order of its keys, so that a page of an index is
-- written once for many rows: how many, from where in the file, and behind which person those begin who are known and have
-- no subscription yet. The twin for the other engine has the same file name, tables, columns and order.

alter table import_batches add column at_once integer not null default 0;
alter table import_batches add column at_once_from integer not null default 0;
alter table import_batches add column ahead integer;
