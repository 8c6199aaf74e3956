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

create function take_from_stock() returns trigger
language plpgsql
as $function$
begin
    update stock_levels set quantity = quantity - new.quantity where product_id = new.product_id;
    if not found then
        raise exception 'product % has no stock level', new.product_id
            using hint = $$Add it: insert into stock_levels (product_id, quantity) values (…);$$;
    end if;
    return new;
end
$function$;

create trigger order_lines_take_from_stock after insert on order_lines
for each row execute function take_from_stock();

-- dbalt: down
drop trigger order_lines_take_from_stock on order_lines;
drop function take_from_stock();
drop table stock_levels;
