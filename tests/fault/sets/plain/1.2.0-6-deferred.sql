-- dbalt: up
create table node (id integer primary key, parent integer references node deferrable initially deferred);
insert into node values (2, 1), (3, 2);
insert into node values (1, null);
-- dbalt: down
drop table node;
insert into done values ('deferred down');
