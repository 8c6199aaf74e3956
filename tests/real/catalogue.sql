-- What a schema is made of, as text that two databases can be compared by: for servers that pg_dump is too old for.
\set here 'nspname !~ ''^pg_'' and nspname not in (''information_schema'', ''dbalt'')'

select 'schema', nspname, nspacl from pg_namespace where :here order by 2;

select 'relation', c.oid::regclass, relkind, relpersistence, relrowsecurity, relforcerowsecurity, relacl, reloptions,
       pg_get_partkeydef(c.oid), pg_get_expr(relpartbound, c.oid), case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) end
from pg_class c join pg_namespace n on n.oid = relnamespace where :here order by 2;

select 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attacl,
       pg_get_expr(adbin, adrelid)
from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
     left join pg_attrdef on adrelid = attrelid and adnum = attnum
where :here and attnum > 0 and not attisdropped order by 2, attnum;

select 'sequence', seqrelid::regclass, format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcycle
from pg_sequence join pg_class c on c.oid = seqrelid join pg_namespace n on n.oid = relnamespace where :here order by 2;

select 'constraint', conrelid::regclass, contypid::regtype, conname, pg_get_constraintdef(p.oid)
from pg_constraint p join pg_namespace n on n.oid = connamespace where :here order by 2, 3, 4;

select 'index', indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid
from pg_index join pg_class c on c.oid = indrelid join pg_namespace n on n.oid = relnamespace where :here order by 2;

select 'trigger', pg_get_triggerdef(t.oid), tgenabled
from pg_trigger t join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace where :here and not tgisinternal order by 2;

select 'policy', p.* from pg_policies p where schemaname !~ '^pg_' order by schemaname, tablename, policyname;

select 'type', t.oid::regtype, typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault,
       (select array_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid)
from pg_type t join pg_namespace n on n.oid = typnamespace where :here order by 2;

select 'function', p.oid::regprocedure, proacl, case when prokind <> 'a' then E'\n' || pg_get_functiondef(p.oid) end
from pg_proc p join pg_namespace n on n.oid = pronamespace where :here order by 2;

select 'comment', pg_describe_object(classoid, objoid, objsubid), description from pg_description where objoid >= 16384 order by 2;
