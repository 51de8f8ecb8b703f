-- What became of the song files: each is the one row of its song, or is left out for one reason.
select 'in' as side, 'song files staged' as what, count(*) as "rows" from staging_songs
union all
select 'kept', 'songs', count(*) from songs
union all
select 'left out', 'no id, no title or no artist', count(*)
from staging_songs where song_id is null or title is null or artist_id is null
union all
select 'left out', 'another file of the same song', coalesce(sum(n - 1), 0)
from (
    select song_id, count(*) as n from staging_songs
    where song_id is not null and title is not null and artist_id is not null group by song_id
) as songs_with_variants
where n > 1;
