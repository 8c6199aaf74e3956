-- Everything behind the first space is the family name; who has but one name has no family name.

-- dbalt: up
alter table customers add column given_name text, add column family_name text;
update customers set
    given_name = split_part(full_name, ' ', 1),
    family_name = coalesce(substring(full_name from ' (.*)$'), '');
alter table customers
    alter column given_name set not null,
    alter column family_name set not null,
    drop column full_name;

-- dbalt: down
alter table customers add column full_name text;
update customers set full_name = trim(given_name || ' ' || family_name);
alter table customers
    alter column full_name set not null,
    drop column given_name,
    drop column family_name;
