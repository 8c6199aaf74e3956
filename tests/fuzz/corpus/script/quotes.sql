create function f(a int) returns int language plpgsql as $body$
begin
  return case when a > 0 then 1 else 2 end;
end;
$body$;
do $$ begin perform 1; end $$;
select E'it\'s', U&'\0041', 'it''s', "a""b", $1;
