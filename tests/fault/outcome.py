"""What a deploy or roll back left in a PostgreSQL database: all that must be the same whether it was disturbed or not.

Not in it: times; that a disturbed one failed (the event "fail"), which is true; and who wrote himself down as holder of the lock, which
is for messages: when nothing is left to do nobody takes the lock, and the row stays until somebody does.
"""
import re
import time

SHOWN = 400  # characters of a part that differs

USER_SCHEMAS = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'dbalt')"

# Each is a list of texts.
PARTS = {
    "tables and columns": f"""
        select format('%s %s %s: %s %s %s', c.relkind, c.oid::regclass, c.relacl, a.attname, format_type(a.atttypid, a.atttypmod),
                      concat_ws(' ', case when a.attnotnull then 'not null' end, pg_get_expr(d.adbin, d.adrelid)))
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where {USER_SCHEMAS} order by c.oid::regclass::text, a.attnum""",
    "indexes": f"""
        select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where {USER_SCHEMAS} order by 1""",
    "invalid indexes": "select indexrelid::regclass::text from pg_index where not indisvalid or not indisready",
    "constraints": f"""
        select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace where {USER_SCHEMAS} order by 1""",
    "views": f"select format('%s %s', v.viewname, v.definition) from pg_views v join pg_namespace n on n.nspname = v.schemaname where {USER_SCHEMAS} order by 1",
    "functions": f"select pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {USER_SCHEMAS} order by 1",
    "advisory locks": "select objid::text from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    "prepared transactions": "select gid from pg_prepared_xacts where database = current_database()",
}
HISTORY_PARTS = {
    "history": """
        select concat_ws('|', identity, release, name, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256,
                         md5(down), md5(before_down), deployed_by, host, version)
        from dbalt.alteration order by sequence""",
    "truths": "select kind || ' ' || identity || ' ' || coalesce(sha256, '') from dbalt.event where kind !~ '^(step-|fail$)' order by sequence",
}
STEPS = """
    select concat_ws(' ', identity, section, step), string_agg(replace(kind, 'step-', ''), ' ' order by sequence)
    from dbalt.event where kind ~ '^step-' group by 1 order by 1"""

# A step ends once, as done or as taken for done; before that it may have been tried.
STEP_IS_TRUE = re.compile("(begun (failed )?)*(begun done|skipped)$")


def as_list(sql):
    return f"(select coalesce(jsonb_agg(t), '[]')::text from ({sql}) as q (t))"


def read(session):
    """Part -> what is there."""
    parts = dict(PARTS)
    has_history = session.query("select to_regclass('dbalt.event') is not null")[0][0] == "t"
    if has_history:
        parts.update(HISTORY_PARTS)
    texts = session.query("select " + ", ".join(as_list(sql) for sql in parts.values()))[0]
    outcome = dict(zip(parts, texts))

    tables = session.query(f"select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and {USER_SCHEMAS} order by 1")
    for (table,) in tables:
        outcome[f"rows of {table}"] = session.query("select " + as_list(f"select r::text from {table} as r order by 1"))[0][0]
    if has_history:
        for step, states in session.query(STEPS):
            outcome[f"step {step}"] = "ended once" if STEP_IS_TRUE.match(states) else states
    return outcome


def differences(wanted, got):
    return [
        f"{part}: {str(got.get(part))[:SHOWN]} instead of {str(wanted.get(part))[:SHOWN]}"
        for part in sorted({*wanted, *got})
        if wanted.get(part) != got.get(part)
    ]


def wait_alone(session, seconds=40):
    """Waits until no other session is in the database; who is left when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        others = session.query(
            "select concat_ws(' ', pid, application_name, state, query) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        if not others or time.monotonic() > deadline:
            return [other for (other,) in others]
        time.sleep(0.01)
