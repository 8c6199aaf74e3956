-- Whole cents, as on SQLite and in the application. The view reads a column that changes, so it goes first.

-- dbalt: up
drop view order_totals;

alter table products rename column price to price_cents;
alter table products alter column price_cents type integer using (price_cents * 100)::integer;
alter table products rename constraint products_price_check to products_price_cents_check;

alter table order_lines rename column unit_price to unit_price_cents;
alter table order_lines alter column unit_price_cents type integer using (unit_price_cents * 100)::integer;
alter table order_lines rename constraint order_lines_unit_price_check to order_lines_unit_price_cents_check;

create view order_totals as
select order_id, sum(quantity * unit_price_cents) as total_cents
from order_lines
group by order_id;

-- dbalt: down
drop view order_totals;

alter table order_lines rename constraint order_lines_unit_price_cents_check to order_lines_unit_price_check;
alter table order_lines alter column unit_price_cents type numeric(10, 2) using unit_price_cents / 100.0;
alter table order_lines rename column unit_price_cents to unit_price;

alter table products rename constraint products_price_cents_check to products_price_check;
alter table products alter column price_cents type numeric(10, 2) using price_cents / 100.0;
alter table products rename column price_cents to price;

create view order_totals as
select order_id, sum(quantity * unit_price) as total
from order_lines
group by order_id;
