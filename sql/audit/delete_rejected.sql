-- The records of the lines behind one, up to another, which were tried again. Built into the program.
delete from :rejected
where (file > :'file' or (file = :'file' and line > :line))
    and (file < :'last_file' or (file = :'last_file' and line <= :last_line));
