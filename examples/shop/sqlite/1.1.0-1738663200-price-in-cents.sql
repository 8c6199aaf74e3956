-- 0.1 + 0.2 is not 0.3 in floating point: money becomes whole cents. The view reads the columns that change, so it goes first.

-- dbalt: up
drop view order_totals;

alter table products add column price_cents integer not null default 0 check (price_cents >= 0);
update products set price_cents = cast(round(price * 100) as integer);
alter table products drop column price;

alter table order_lines add column unit_price_cents integer not null default 0 check (unit_price_cents >= 0);
update order_lines set unit_price_cents = cast(round(unit_price * 100) as integer);
alter table order_lines drop column unit_price;

create view order_totals as
select order_id, sum(quantity * unit_price_cents) as total_cents
from order_lines
group by order_id;

-- dbalt: down
drop view order_totals;

alter table order_lines add column unit_price real not null default 0 check (unit_price >= 0);
update order_lines set unit_price = unit_price_cents / 100.0;
alter table order_lines drop column unit_price_cents;

alter table products add column price real not null default 0 check (price >= 0);
update products set price = price_cents / 100.0;
alter table products drop column price_cents;

create view order_totals as
select order_id, sum(quantity * unit_price) as total
from order_lines
group by order_id;
