-- dbalt: up
copy item (id, name, price) from stdin;
1001	one	1.00
1002	two	2.00
1003	three	3.00
\.
insert into done values ('copied');
copy done from stdin;
copied more
\.
-- dbalt: down
delete from item where id > 1000;
copy done from stdin;
copied down
\.
