-- What became of the variants of artists: each is the one row of its artist, or was folded into it.
select 'in' as side, 'distinct artists in the songs' as what, count(*) as "rows"
from (
    select distinct artist_id, artist_name, artist_location, artist_latitude, artist_longitude from staging_songs
) as variants
union all
select 'kept', 'artists', count(*) from artists
union all
select 'left out', 'no id or no name', count(*)
from (
    select distinct artist_id, artist_name, artist_location, artist_latitude, artist_longitude from staging_songs
    where artist_id is null or artist_name is null
) as nameless
union all
select 'left out', 'folded into the row of the same artist', coalesce(sum(n - 1), 0)
from (
    select artist_id, count(*) as n
    from (
        select distinct artist_id, artist_name, artist_location, artist_latitude, artist_longitude
        from staging_songs where artist_id is not null and artist_name is not null
    ) as variants
    group by artist_id
) as artists_with_variants
where n > 1;
