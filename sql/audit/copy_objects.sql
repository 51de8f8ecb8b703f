-- The objects whose records come into the staging table in the same transaction. Built into the program.
copy :objects
from :'from'
iam_role :'iam_role'
format as json 'auto'
zstd;
