-- dbalt: up
create table item (id integer primary key, name text not null, price real not null default 0);
create index item_name on item (name);
create view cheap as select * from item where price < 10;
create trigger item_added after insert on item when new.price < 0 begin
    insert into done values ('a price below nothing');
end;
insert into done values ('many');
-- dbalt: down
drop trigger item_added;
drop view cheap;
drop table item;
insert into done values ('many down');
