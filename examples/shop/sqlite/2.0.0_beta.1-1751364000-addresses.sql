-- A customer may have several addresses. The way back keeps the first of each.

-- dbalt: up
create table addresses (
    id integer primary key,
    customer_id integer not null references customers (id) on delete cascade,
    street text not null,
    city text not null,
    postcode text not null
);
insert into addresses (customer_id, street, city, postcode)
select id, street, city, postcode from customers order by id;
create index addresses_customer on addresses (customer_id);

alter table customers drop column street;
alter table customers drop column city;
alter table customers drop column postcode;

-- dbalt: down
alter table customers add column street text not null default '';
alter table customers add column city text not null default '';
alter table customers add column postcode text not null default '';
update customers set street = address.street, city = address.city, postcode = address.postcode
from addresses as address
where address.id = (select min(id) from addresses where customer_id = customers.id);

drop table addresses;
