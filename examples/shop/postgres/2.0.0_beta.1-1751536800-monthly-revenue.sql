-- dbalt: up
create function monthly_revenue(year integer)
returns table (month text, orders bigint, revenue_cents bigint)
language sql stable
as $$
    select
        to_char(orders.placed_at at time zone 'UTC', 'YYYY-MM'),
        count(distinct orders.id),
        sum(order_lines.quantity * order_lines.unit_price_cents)
    from orders
    join order_lines on order_lines.order_id = orders.id
    where orders.status in ('paid', 'shipped') and extract(year from orders.placed_at at time zone 'UTC') = monthly_revenue.year
    group by 1;
$$;

-- dbalt: down
drop function monthly_revenue(integer);
