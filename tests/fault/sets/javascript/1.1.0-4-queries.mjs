import { sql } from 'dbalt';

const done = sql.identifier(['done']);

export default {
    up: async (pool) => {
        await pool.query(sql`insert into ${done} values ('queries')`);
        await pool.query(sql`insert into item values (3, 'three')`);
    },
    down: async (pool) => {
        await pool.query(sql`delete from item where id = 3`);
        await pool.query(sql`insert into done values ('queries down')`);
    },
};
