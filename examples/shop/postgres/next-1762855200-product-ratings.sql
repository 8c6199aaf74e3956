-- dbalt: up
create table product_ratings (
    product_id integer not null references products (id) on delete cascade,
    customer_id integer not null references customers (id) on delete cascade,
    stars integer not null check (stars between 1 and 5),
    primary key (product_id, customer_id)
);
create view product_stars as
select product_id, avg(stars) as stars, count(*) as ratings
from product_ratings
group by product_id;

-- dbalt: down
drop view product_stars;
drop table product_ratings;
