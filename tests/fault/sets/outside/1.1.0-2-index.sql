-- dbalt: before-up
create index concurrently item_name on item (name);
create unique index concurrently if not exists item_id_price on item (id, price);
-- dbalt: up
alter table item add constraint item_id_price unique using index item_id_price;
insert into done values ('index');
-- dbalt: before-down
drop index concurrently item_name;
-- dbalt: down
alter table item drop constraint item_id_price;
insert into done values ('index down');
