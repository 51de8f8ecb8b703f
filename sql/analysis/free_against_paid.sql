-- How much do free and paid users play?
select p.level, count(*) as plays, count(distinct p.user_id) as users, count(distinct p.song_id) as songs
from songplays p
group by p.level
order by p.level;
