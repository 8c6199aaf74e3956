-- dbalt: up
create table categories (
    id integer primary key,
    name text not null unique
);
insert into categories (name)
select distinct category from products order by category;

alter table products add column category_id integer references categories (id);
update products set category_id = (select id from categories where name = products.category);
alter table products drop column category;
create index products_category on products (category_id);

-- dbalt: down
create table products_old (
    id integer primary key,
    name text not null unique,
    category text not null,
    price_cents integer not null default 0 check (price_cents >= 0)
);
insert into products_old (id, name, category, price_cents)
select products.id, products.name, coalesce(categories.name, 'other'), products.price_cents
from products
left join categories on categories.id = products.category_id;
drop table products;
alter table products_old rename to products;

drop table categories;
