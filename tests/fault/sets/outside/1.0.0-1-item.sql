-- dbalt: up
create table done (what text not null);
create table item (id integer primary key, name text not null, price integer not null);
insert into item select n, 'item ' || n, n % 10 from generate_series(1, 100) as n;
-- dbalt: down
drop table item;
drop table done;
