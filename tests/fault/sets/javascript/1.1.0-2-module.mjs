import { sql } from 'dbalt';

export default {
    beforeUp: async (pool) => {
        await pool.query(sql`create index concurrently item_name on item (name)`);
    },
    up: async (pool) => {
        await pool.query(sql`insert into item values (1, 'one'), (2, 'two')`);
        const names = await pool.anyFirst(sql`select name from item order by id`);
        await pool.transaction(async (connection) => {
            for (const name of names) {
                await connection.query(sql`insert into done values (${name})`);
            }
        });
    },
    down: async (pool) => {
        await pool.query(sql`delete from item`);
        await pool.query(sql`insert into done values ('module down')`);
    },
    beforeDown: async (pool) => {
        await pool.query(sql`drop index concurrently item_name`);
    },
};
