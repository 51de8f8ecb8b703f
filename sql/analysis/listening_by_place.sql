-- Where do people listen?
select p.location, count(*) as plays, count(distinct p.user_id) as users
from songplays p
group by p.location
order by plays desc, p.location
limit 20;
