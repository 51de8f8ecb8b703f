-- One row: one song; of several files for one song the first in order.
-- key: song_id
insert into songs (song_id, title, artist_id, year, duration)
select song_id, title, artist_id, year, duration
from (
    select song_id, title, artist_id, year, duration,
           row_number() over (partition by song_id order by title, artist_id, year, duration) as rank
    from staging_songs
    where song_id is not null and title is not null and artist_id is not null
) as variants
where rank = 1;
