-- One row: one event. The jsonpaths file gives the order of the columns; ts becomes a timestamp on the way.
-- source: events
copy staging_events
from :'from'
iam_role :'iam_role'
format as json :'jsonpaths'
timeformat as 'epochmillisecs'
:options;
