-- The records that COPY rejected, in the transaction that fills the staging table. Built into the program.
copy :rejected
from :'from'
iam_role :'iam_role'
format as json 'auto'
zstd;
