-- Only known states from now on.

-- dbalt: up
create type order_status as enum ('open', 'paid', 'shipped', 'cancelled');
alter table orders alter column status drop default;
alter table orders alter column status type order_status using status::order_status;
alter table orders alter column status set default 'open';

-- dbalt: down
alter table orders alter column status drop default;
alter table orders alter column status type text;
alter table orders alter column status set default 'open';
drop type order_status;
