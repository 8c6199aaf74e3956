-- dbalt: up
create view monthly_revenue as
select
    strftime('%Y-%m', orders.placed_at) as month,
    count(distinct orders.id) as orders,
    sum(order_lines.quantity * order_lines.unit_price_cents) as revenue_cents
from orders
join order_lines on order_lines.order_id = orders.id
where orders.status in ('paid', 'shipped')
group by month;

-- dbalt: down
drop view monthly_revenue;
