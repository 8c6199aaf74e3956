-- dbalt: up
create view order_totals as
select order_id, sum(quantity * unit_price) as total
from order_lines
group by order_id;

-- dbalt: down
drop view order_totals;
