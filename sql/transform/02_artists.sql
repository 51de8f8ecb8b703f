-- One row: one artist, under the name and place that most songs bear; among equals the first in order.
-- key: artist_id
insert into artists (artist_id, name, location, latitude, longitude)
select artist_id, artist_name, artist_location, artist_latitude, artist_longitude
from (
    select artist_id, artist_name, artist_location, artist_latitude, artist_longitude,
           row_number() over (
               partition by artist_id
               order by count(*) desc, artist_name, artist_location, artist_latitude, artist_longitude
           ) as rank
    from staging_songs
    where artist_id is not null and artist_name is not null
    group by artist_id, artist_name, artist_location, artist_latitude, artist_longitude
) as variants
where rank = 1;
