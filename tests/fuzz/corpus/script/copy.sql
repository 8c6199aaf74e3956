copy public."a" (i, j) from stdin with (format csv); -- rows
1,2
3,\N
\.

copy b from stdin;
\.
select 1;
