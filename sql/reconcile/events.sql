-- What became of the events: each is a play, or is left out for exactly one reason.
select 'in' as side, 'events staged' as what, count(*) as "rows" from staging_events
union all
select 'kept', 'plays', count(*) from songplays
union all
select 'left out', 'not a NextSong event', count(*) from staging_events where page <> 'NextSong' or page is null
union all
select 'left out', 'no user', count(*)
from staging_events where page = 'NextSong' and (user_id = '' or user_id is null)
union all
select 'left out', 'no song of this title', count(*)
from staging_events e
where page = 'NextSong' and user_id <> '' and not exists (select 1 from staging_songs s where s.title = e.song)
union all
select 'left out', 'song of this title by another artist', count(*)
from staging_events e
where page = 'NextSong' and user_id <> ''
  and exists (select 1 from staging_songs s where s.title = e.song)
  and not exists (select 1 from staging_songs s where s.title = e.song and s.artist_name = e.artist)
union all
select 'left out', 'logged more than once', count(*) - count(distinct cast(session_id as varchar(16)) || '/' || cast(item_in_session as varchar(16)))
from staging_events e
where page = 'NextSong' and user_id <> ''
  and exists (select 1 from staging_songs s where s.title = e.song and s.artist_name = e.artist);
