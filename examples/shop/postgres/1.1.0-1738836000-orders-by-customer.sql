-- Built while the shop takes orders. A build that failed leaves an invalid index: it is dropped before the next attempt.

-- dbalt: before-up
drop index concurrently if exists orders_customer;
create index concurrently orders_customer on orders (customer_id, placed_at);

-- dbalt: up
comment on index orders_customer is 'For the page "My orders"';

-- dbalt: down

-- dbalt: before-down
drop index concurrently if exists orders_customer;
