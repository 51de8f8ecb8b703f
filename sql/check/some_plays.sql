-- Are there plays at all? None of them matching a song means that songs and events do not belong together.
-- severity: warn
select 'no event matches a song' as finding where not exists (select 1 from songplays);
