-- The table is made anew, as SQLite's manual advises: create, copy, drop, rename. Orders refer to customers, and stay.
-- Everything behind the first space is the family name; who has but one name has no family name.

-- dbalt: up
create table customers_new (
    id integer primary key,
    given_name text not null,
    family_name text not null,
    email text not null,
    street text not null,
    city text not null,
    postcode text not null,
    created_at text not null default current_timestamp
);
insert into customers_new (id, given_name, family_name, email, street, city, postcode, created_at)
select
    id,
    substr(full_name, 1, instr(full_name || ' ', ' ') - 1),
    substr(full_name, instr(full_name || ' ', ' ') + 1),
    email, street, city, postcode, created_at
from customers;
drop table customers;
alter table customers_new rename to customers;
create unique index customers_email on customers (email);

-- dbalt: down
create table customers_old (
    id integer primary key,
    full_name text not null,
    email text not null,
    street text not null,
    city text not null,
    postcode text not null,
    created_at text not null default current_timestamp
);
insert into customers_old (id, full_name, email, street, city, postcode, created_at)
select id, trim(given_name || ' ' || family_name), email, street, city, postcode, created_at
from customers;
drop table customers;
alter table customers_old rename to customers;
create unique index customers_email on customers (email);
