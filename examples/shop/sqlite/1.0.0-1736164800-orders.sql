-- dbalt: up
create table orders (
    id integer primary key,
    customer_id integer not null references customers (id) on delete cascade,
    status text not null default 'open',
    placed_at text not null default current_timestamp
);

create table order_lines (
    order_id integer not null references orders (id) on delete cascade,
    product_id integer not null references products (id),
    quantity integer not null check (quantity > 0),
    unit_price real not null check (unit_price >= 0),
    primary key (order_id, product_id)
);

-- dbalt: down
drop table order_lines;
drop table orders;
