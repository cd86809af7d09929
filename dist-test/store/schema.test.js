import pg from 'pg';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { Prisma } from "../../dist/store/generated/client.js";
import { aDatabase } from "../support/database.js";
async function aClient(t) {
    const client = new pg.Client({ connectionString: await aDatabase(t) });
    await client.connect();
    t.teardown(() => client.end());
    return client;
}
const fieldsOf = (model) => Object.keys(Prisma[`${model[0].toUpperCase()}${model.slice(1)}ScalarFieldEnum`]);
t.test('schema.prisma and the migrated database name the same tables, views and columns', async (t) => {
    const client = await aClient(t);
    const { rows } = await client.query(`
    SELECT table_name AS table, column_name AS column FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`);
    const tables = new Map();
    for (const { table, column } of rows)
        tables.set(table, [...tables.get(table) ?? [], column]);
    const models = Object.values(Prisma.ModelName);
    // read by SQL only, for the filters and orders that Prisma cannot say
    const withoutModel = ['listed_group', 'promise', 'reservation_state', 'step_state'];
    t.strictSame([...models, ...withoutModel].sort(), [...tables.keys()].sort());
    for (const model of models)
        t.strictSame(fieldsOf(model).sort(), tables.get(model).sort(), model);
});
t.test('nothing is ever deleted by cascade', async (t) => {
    const client = await aClient(t);
    const { rows } = await client.query("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype NOT IN ('r', 'a')");
    t.strictSame(rows, []);
});
//# sourceMappingURL=schema.test.js.map