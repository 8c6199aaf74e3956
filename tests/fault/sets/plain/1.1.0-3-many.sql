-- dbalt: up
create table item (id integer primary key, name text not null, price numeric(10, 2) not null default 0);
create index item_name on item (name);
create view cheap as select * from item where price < 10;
create function raise_prices(by numeric) returns void language plpgsql as $$
begin
    update item set price = price + by; -- a semicolon inside
end
$$;
insert into done values ('many');
-- dbalt: down
drop function raise_prices(numeric);
drop view cheap;
drop table item;
insert into done values ('many down');
