-- dbalt: up
create table a (i int);
insert into a values (1), (2);

-- dbalt: down
drop table a;
