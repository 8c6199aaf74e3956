-- dbalt: up
insert into done values ('behind');
-- dbalt: down
insert into done values ('behind down');
