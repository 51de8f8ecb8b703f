-- Which artists are played most, and by how many people?
select a.name as artist, count(*) as plays, count(distinct p.user_id) as users
from songplays p
join artists a on a.artist_id = p.artist_id
group by a.artist_id, a.name
order by plays desc, users desc, a.name
limit 10;
