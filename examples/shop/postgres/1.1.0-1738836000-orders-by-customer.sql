-- Built while the shop takes orders.

-- dbalt: before-up
create index concurrently orders_customer on orders (customer_id, placed_at);

-- dbalt: up
comment on index orders_customer is 'For the page "My orders"';

-- dbalt: down

-- dbalt: before-down
drop index concurrently if exists orders_customer;
