-- dbalt: up
create index orders_customer on orders (customer_id, placed_at);

-- dbalt: down
drop index orders_customer;
