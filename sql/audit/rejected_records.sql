-- The records that COPY rejected, each as the text that COPY reads. Built into the program.
select run, file, line, column_name, reason,
    case when json_typeof(record) = 'string' then cast(record as varchar(65535)) else json_serialize(record) end
from :rejected
order by file, line;
