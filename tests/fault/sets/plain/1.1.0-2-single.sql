-- dbalt: up
insert into done values ('single');
-- dbalt: down
insert into done values ('single down');
