-- The objects whose records are in the staging table. Built into the program.
select key, etag from :objects;
