create temp trigger t after insert on a begin
  update b set c = case when new.x then 1 end;
  delete from [d;e];
end;
pragma journal_mode = wal; select `a`, $name;
