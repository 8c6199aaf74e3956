-- One person, one address. What they typed is kept: the way back needs it.

-- dbalt: up
create table customer_emails_as_typed (
    customer_id integer primary key references customers (id) on delete cascade,
    email text not null
);
insert into customer_emails_as_typed (customer_id, email)
select id, email from customers where email <> lower(email);

update customers set email = lower(email);
create unique index customers_email on customers (email);

-- dbalt: down
drop index customers_email;
update customers set email = typed.email
from customer_emails_as_typed as typed
where typed.customer_id = customers.id;
drop table customer_emails_as_typed;
