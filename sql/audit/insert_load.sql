-- The load that is about to be committed. Built into the program.
insert into sparkify_infra_loads
values (:'run', :'started', :seconds, :'mode', :'version', :'fingerprint', :staged, :rejected, :'report');
