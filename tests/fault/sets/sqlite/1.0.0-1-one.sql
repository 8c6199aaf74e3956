-- dbalt: up
create table done (what text not null); -- no key: what is done twice is there twice
-- dbalt: down
drop table done;
