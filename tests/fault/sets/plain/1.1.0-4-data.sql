-- dbalt: up
insert into item select n, 'item ' || n, n from generate_series(1, 200) as n;
select raise_prices(0.5);
delete from item where id > 150;
-- dbalt: down
delete from item;
insert into done values ('data down');
