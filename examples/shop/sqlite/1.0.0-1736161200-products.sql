-- dbalt: up
create table products (
    id integer primary key,
    name text not null unique,
    category text not null,
    price real not null check (price >= 0)
);

-- dbalt: down
drop table products;
