-- Which songs are played most?
select s.title, a.name as artist, count(*) as plays
from songplays p
join songs s on s.song_id = p.song_id
join artists a on a.artist_id = p.artist_id
group by s.title, a.name
order by plays desc, s.title, a.name
limit 10;
