-- The records that COPY rejected, each as the text that COPY reads: those of the next lines behind one, as many lines as
-- it takes for so many records or bytes. Built into the program.
with texts as (
    select run, file, line, column_name, reason,
        case when json_typeof(record) = 'string' then cast(record as varchar(65535)) else json_serialize(record) end as content
    from :rejected
    where file > :'file' or (file = :'file' and line > :line)
),
places as (
    select file, line, count(*) as records, sum(coalesce(octet_length(content), 0)) as bytes
    from texts
    group by file, line
),
sums as (
    select file, line,
        sum(records) over (order by file, line rows unbounded preceding) - records as records_before,
        sum(bytes) over (order by file, line rows unbounded preceding) - bytes as bytes_before
    from places
)
select texts.run, texts.file, texts.line, texts.column_name, texts.reason, texts.content
from texts
join sums on texts.file = sums.file and texts.line = sums.line
where sums.records_before < :records and sums.bytes_before < :bytes
order by texts.file, texts.line;
