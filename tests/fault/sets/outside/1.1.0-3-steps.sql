-- dbalt: before-up
insert into done values ('before up');
copy done from stdin;
before up, copied
\.
-- dbalt: up
insert into done values ('up');
-- dbalt: before-down
insert into done values ('before down');
-- dbalt: down
insert into done values ('down');
