-- One row: one song file. The keys are the names of the columns.
-- source: songs
copy staging_songs
from :'from'
iam_role :'iam_role'
format as json 'auto'
:options;
