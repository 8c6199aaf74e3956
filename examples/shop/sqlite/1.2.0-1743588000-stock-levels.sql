-- dbalt: up
create table stock_levels (
    product_id integer primary key references products (id) on delete cascade,
    quantity integer not null check (quantity >= 0)
);
insert into stock_levels (product_id, quantity)
select
    products.id,
    100 - coalesce(sum(order_lines.quantity) filter (where orders.status <> 'cancelled'), 0)
from products
left join order_lines on order_lines.product_id = products.id
left join orders on orders.id = order_lines.order_id
group by products.id;

create trigger order_lines_take_from_stock after insert on order_lines
begin
    update stock_levels set quantity = quantity - new.quantity where product_id = new.product_id;
end;

-- dbalt: down
drop trigger order_lines_take_from_stock;
drop table stock_levels;
