/* a /* nested */ comment */ select 1; -- dbalt is prose
-- dbalt down
