-- dbalt: up
create table order_status_log (
    id integer primary key,
    order_id integer not null references orders (id) on delete cascade,
    old_status text,
    new_status text not null,
    changed_at text not null default current_timestamp
);
insert into order_status_log (order_id, new_status, changed_at)
select id, status, placed_at from orders;

create trigger orders_log_status after update of status on orders
when old.status <> new.status
begin
    insert into order_status_log (order_id, old_status, new_status)
    values (new.id, old.status, case when new.status is null then 'open' else new.status end);
end;

-- dbalt: down
drop trigger orders_log_status;
drop table order_status_log;
