-- Which plays name a user, song, artist or moment that is not in its dimension?
-- severity: error
select p.songplay_id, p.user_id, p.song_id, p.artist_id, p.start_time
from songplays p
left join users u on u.user_id = p.user_id
left join songs s on s.song_id = p.song_id
left join artists a on a.artist_id = p.artist_id
left join time t on t.start_time = p.start_time
where u.user_id is null or s.song_id is null or a.artist_id is null or t.start_time is null;
