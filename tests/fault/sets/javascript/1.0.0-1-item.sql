-- dbalt: up
create table done (what text not null);
create table item (id integer primary key, name text not null);
-- dbalt: down
drop table item;
drop table done;
