-- Indexes for what the desk counts, and for what is forgotten: neither walks through everybody any more.

-- Who asked and confirmed of late; the records of an import are not among them.
create index consent_records_asked on consent_records (newsletter_id, event, at) where event in ('requested', 'confirmed');

-- Who joined and who left, week by week; and whose time to be forgotten has come.
create index subscriptions_by_beginning on subscriptions (newsletter_id, confirmed_at, status) where confirmed_at is not null;
create index subscriptions_by_end on subscriptions (newsletter_id, ended_at, status, confirmed_at) where ended_at is not null;

-- Changes of address that are not confirmed, among all that waits for a confirmation.
create index confirmations_of_moves on confirmations (expires_at) where new_email is not null;
