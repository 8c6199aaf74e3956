-- dbalt: before-up
create index concurrently i on a (i);
-- dbalt: up
select 1;
-- dbalt: down
-- dbalt: before-down
drop index concurrently i;