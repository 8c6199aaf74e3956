-- dbalt: up
create virtual table product_search using fts5(name, content = 'products', content_rowid = 'id');
insert into product_search (product_search) values ('rebuild');

create trigger products_search_insert after insert on products
begin
    insert into product_search (rowid, name) values (new.id, new.name);
end;
create trigger products_search_delete after delete on products
begin
    insert into product_search (product_search, rowid, name) values ('delete', old.id, old.name);
end;
create trigger products_search_update after update of name on products
begin
    insert into product_search (product_search, rowid, name) values ('delete', old.id, old.name);
    insert into product_search (rowid, name) values (new.id, new.name);
end;

-- dbalt: down
drop trigger products_search_update;
drop trigger products_search_delete;
drop trigger products_search_insert;
drop table product_search;
