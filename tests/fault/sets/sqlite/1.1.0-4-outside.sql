-- dbalt: before-up
insert into done values ('before up');
vacuum;
-- dbalt: up
alter table item add column tax real not null default 0;
-- dbalt: before-down
insert into done values ('before down');
-- dbalt: down
alter table item drop column tax;
insert into done values ('outside down');
