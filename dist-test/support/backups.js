import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { onDatabase } from "./database.js";
export const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
/** A backup made by the first release; see test/fixtures/README.md. */
export const firstRelease = fileURLToPath(new URL('../fixtures/release-0.1.0.backup.gz', import.meta.url));
/** A directory of its own, gone after the test. */
export async function aFolder(t) {
    const folder = await mkdtemp(join(tmpdir(), 'platform-status-backup-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return folder;
}
/** The URL of a database with nothing in it, dropped when the test ends. */
export async function anEmptyDatabase(t) {
    const server = process.env.TEST_DATABASE_URL;
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await sql(server, `CREATE DATABASE ${name} TEMPLATE template0 STRATEGY FILE_COPY`);
    t.teardown(() => sql(server, `DROP DATABASE ${name} WITH (FORCE)`));
    return onDatabase(server, name);
}
/** Runs SQL on a database, and answers its rows. */
export async function sql(url, text) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
        return (await client.query(text)).rows;
    }
    finally {
        await client.end();
    }
}
//# sourceMappingURL=backups.js.map