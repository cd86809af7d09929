import { randomUUID } from 'node:crypto';
import pg from 'pg';
/** The URL of a migrated, empty database of its own, dropped when the test ends. Copied as files, it needs no WAL. */
export async function aDatabase(t) {
    const server = process.env.TEST_DATABASE_URL;
    const template = process.env.TEST_DATABASE_TEMPLATE;
    if (!server || !template)
        throw new Error('Tests need a PostgreSQL: run them with `npm test -- <file>`, which brings one.');
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
    t.teardown(() => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`));
    return onDatabase(server, name);
}
/** The same server's URL with another database. */
export function onDatabase(server, name) {
    const url = new URL(server);
    url.pathname = `/${name}`;
    return url.href;
}
// to connect takes as long as to make a database; what idles does not keep the process
let connections;
async function onServer(server, sql) {
    connections ??= new pg.Pool({ connectionString: server, max: 2, allowExitOnIdle: true });
    await connections.query(sql);
}
//# sourceMappingURL=database.js.map