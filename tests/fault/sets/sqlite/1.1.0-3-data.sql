-- dbalt: up
with recursive n (i) as (select 1 union all select i + 1 from n where i < 400)
insert into item select i, 'item ' || i || hex(zeroblob(40)), i from n;
delete from item where id > 300;
update item set price = price + 0.5;
-- dbalt: down
delete from item;
insert into done values ('data down');
