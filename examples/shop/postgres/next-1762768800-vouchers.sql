-- dbalt: up
create table vouchers (
    code text primary key,
    percent integer not null check (percent between 1 and 90),
    valid_until date
);
create table order_vouchers (
    order_id integer primary key references orders (id) on delete cascade,
    voucher_code text not null references vouchers (code)
);

-- dbalt: down
drop table order_vouchers;
drop table vouchers;
