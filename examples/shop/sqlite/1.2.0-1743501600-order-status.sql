-- Only known states from now on. Order lines refer to orders, and stay while the table is made anew.

-- dbalt: up
create table order_statuses (
    name text primary key,
    position integer not null unique
);
insert into order_statuses (name, position) values
    ('open', 1), ('paid', 2), ('shipped', 3), ('cancelled', 4);

create table orders_new (
    id integer primary key,
    customer_id integer not null references customers (id) on delete cascade,
    status text not null default 'open' references order_statuses (name),
    placed_at text not null default current_timestamp
);
insert into orders_new (id, customer_id, status, placed_at)
select id, customer_id, status, placed_at from orders;
drop table orders;
alter table orders_new rename to orders;
create index orders_customer on orders (customer_id, placed_at);

-- dbalt: down
create table orders_old (
    id integer primary key,
    customer_id integer not null references customers (id) on delete cascade,
    status text not null default 'open',
    placed_at text not null default current_timestamp
);
insert into orders_old (id, customer_id, status, placed_at)
select id, customer_id, status, placed_at from orders;
drop table orders;
alter table orders_old rename to orders;
create index orders_customer on orders (customer_id, placed_at);

drop table order_statuses;
