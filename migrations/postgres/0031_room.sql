-- Room on each page for the next versions of its rows: a start, and the counters of an edition, then change no index. Every
-- row of the ledger is written four times, so that the table ends as large as it would without.

alter table deliveries set (fillfactor = 50);
alter table editions set (fillfactor = 40);
