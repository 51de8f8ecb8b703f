-- One row: one NextSong event whose song the song data knows by title and artist. An event that fits several songs
-- is one play, of the first of them: a play must not count twice.
-- key: session_id, item_in_session
insert into songplays (start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location, user_agent)
select ts, user_id, level, song_id, artist_id, session_id, item_in_session, location, user_agent
from (
    select e.ts, e.user_id, e.level, s.song_id, s.artist_id, e.session_id, e.item_in_session, e.location, e.user_agent,
           row_number() over (partition by e.session_id, e.item_in_session order by s.song_id) as rank
    from staging_events e
    join staging_songs s on s.title = e.song and s.artist_name = e.artist
    where e.page = 'NextSong' and e.user_id <> ''
) as matches
where rank = 1
order by ts;
