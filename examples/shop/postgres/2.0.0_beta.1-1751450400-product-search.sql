-- dbalt: up
alter table products add column search tsvector generated always as (to_tsvector('simple', name)) stored;
create index products_search on products using gin (search);

-- dbalt: down
alter table products drop column search;
