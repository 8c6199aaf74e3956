-- dbalt: up
create table part (id integer primary key, item integer not null references item deferrable initially deferred);
insert into part values (1, 1001), (2, 1001);
insert into item (id, name) values (1001, 'assembled');
-- dbalt: down
drop table part;
delete from item where id = 1001;
