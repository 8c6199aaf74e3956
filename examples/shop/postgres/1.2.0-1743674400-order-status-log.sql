-- dbalt: up
create table order_status_log (
    id bigint generated always as identity primary key,
    order_id integer not null references orders (id) on delete cascade,
    old_status order_status,
    new_status order_status not null,
    changed_at timestamptz not null default now()
);
insert into order_status_log (order_id, new_status, changed_at)
select id, status, placed_at from orders;

create function log_order_status() returns trigger
language plpgsql
as $$
begin
    insert into order_status_log (order_id, old_status, new_status) values (new.id, old.status, new.status);
    return new;
end
$$;

create trigger orders_log_status after update of status on orders
for each row when (old.status <> new.status) execute function log_order_status();

-- dbalt: down
drop trigger orders_log_status on orders;
drop function log_order_status();
drop table order_status_log;
