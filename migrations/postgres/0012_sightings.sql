-- What each source has shown, so that an article is known by whichever way it comes, and one that was taken away stays away.

create table article_sightings (
  source_id bigint not null references sources (id) on delete cascade,
  guid text not null,
  canonical text not null,
  article_id bigint references articles (id) on delete set null,
  seen_at bigint not null,
  primary key (source_id, guid)
);
create index article_sightings_by_guid on article_sightings (guid);
create index article_sightings_by_canonical on article_sightings (canonical);
create index article_sightings_by_article on article_sightings (article_id);

insert into article_sightings (source_id, guid, canonical, article_id, seen_at)
select source_id, guid, canonical, max(id), max(created_at) from articles where source_id is not null
group by source_id, guid, canonical on conflict do nothing;

-- Since when the source shows it to nobody any more.
alter table articles add column withdrawn_at bigint;
-- Why older pages of a source could not be read.
alter table sources add column gap text;
