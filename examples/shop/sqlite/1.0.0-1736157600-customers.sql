-- dbalt: up
create table customers (
    id integer primary key,
    full_name text not null,
    email text not null,
    street text not null,
    city text not null,
    postcode text not null,
    created_at text not null default current_timestamp
);

-- dbalt: down
drop table customers;
