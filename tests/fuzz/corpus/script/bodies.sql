create or replace function f() returns int begin atomic
  select case when true then 1 end;
  select t.end from t;
end;
create rule r as on insert to a do also (delete from b; delete from c);
