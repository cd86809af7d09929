import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { restoreBackup } from "../../dist/backup/restore.js";
import { readConfig } from "../../dist/config.js";
import { start } from "../../dist/process/start.js";
import { aFolder, anEmptyDatabase, firstRelease, migrations, sql } from "../support/backups.js";
import { aDump } from "../support/dump.js";
import { aLog } from "../support/logged.js";
import { aServiceOn } from "../support/service.js";
/** The first release has these migrations, and they are never edited: a database that it made must go on to open. */
const released = '20261123';
/** Asks for all that the fixture holds; see test/fixtures/README.md. */
async function answersFrom(t, { get, post }) {
    t.match(await get('/api/lab'), { body: { revision: 30, totals: { devices: 14, containers: 4, containers_removed: 2, occupied: 5 } } });
    t.match(await get('/api/lab/config'), { body: { sila_servers: { storage: { Hotel1: { capacity: 6 }, Hotel2: { capacity: 13 } } } } });
    t.match(await get('/api/lab/health'), { body: { healthy: true } });
    t.match(await get('/api/containers/SCREEN_001'), { body: { device: 'Washer', position: 0, lidded: false, lid: { device: 'Hotel1', position: 5 } } });
    t.match(await get(`/api/containers/${encodeURIComponent('Platte µ')}`), { body: { content: 'a\tb\\n\nc "d"', lidded: true } });
    t.match(await get('/api/containers?barcode=GONE_001&removed=any'), { body: { items: [{ device: null, removed_at: String }] } });
    const kinds = (await get('/api/containers/SCREEN_001/history?limit=500')).body.items.map(({ kind }) => kind);
    t.same([kinds.length, kinds.filter((kind) => kind !== 'step')], [39, ['added', 'unlidded', 'moved']]);
    t.match(await get('/api/devices/Washer/certificate'), { text: /BEGIN CERTIFICATE/ });
    t.match(await get('/api/devices?retired=true'), { body: { items: [{ name: 'OldWasher' }] } });
    t.match(await get('/api/devices/Hotel1/positions/4'), { body: { deep_well_suited: true, occupant: { name: 'without a barcode', barcode: null } } });
    t.match(await get('/api/steps/statistics?group_by=status'), { body: { items: [{ group: { status: 'completed' }, count: 34 }, { group: { status: 'failed' }, count: 3 }, { group: { status: 'running' }, count: 1 }] } });
    const { body: { items: [corrected] } } = await get('/api/steps?device=Reader9');
    t.match(corrected, { duration_seconds: 41, is_simulation: true, experiment_id: null, containers: [{ named: 'NOBODY', id: null }] });
    t.match(await get(`/api/steps/${corrected.id}/history`), { body: { items: [{ kind: 'step-corrected', reason: 'the clock was wrong' }] } });
    t.match(await get('/api/experiments'), { body: { items: [{ status: 'completed', steps: { total: 12 } }, { status: 'completed' }, { status: 'running', steps: { total: 13 } }] } });
    t.match(await post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash', protocol: '3x PBS', volume: 1.5e-7 } }, confidence: 0.8 }), { body: { level: 'parameters', sample_size: 15, duration_seconds: Number } });
}
t.test('a database of the first release is brought up to date by the start, and answers', async (t) => {
    const then = join(await aFolder(t), 'migrations');
    await cp(migrations, then, { recursive: true });
    for (const name of await readdir(then))
        if (/^\d/.test(name) && !name.startsWith(released))
            await rm(join(then, name), { recursive: true });
    const url = await anEmptyDatabase(t);
    t.match(await restoreBackup({ url, file: firstRelease, migrations: then, replace: false }), { migrations: [] });
    t.equal((await sql(url, 'SELECT FROM _prisma_migrations')).length, 6, 'it is one of the first release');
    const { log } = aLog();
    const running = await start({ config: readConfig({ DATABASE_URL: url, PORT: '0' }), log, signal: new AbortController().signal });
    await running.stop();
    t.match(await sql(url, 'SELECT sum(uses)::int AS uses FROM position'), [{ uses: 9 }], 'how often slots were used is told by the log');
    await answersFrom(t, await aServiceOn(t, url));
});
t.test('a backup of the first release is restored at today\'s schema, and answers', async (t) => {
    const url = await anEmptyDatabase(t);
    const { migrations: since } = await restoreBackup({ url, file: firstRelease, migrations, replace: false });
    t.same(since, (await readdir(migrations)).filter((name) => /^\d/.test(name) && !name.startsWith(released)).sort());
    await answersFrom(t, await aServiceOn(t, url));
    t.match(await aDump(url), { lab: /^1 /, step: /^38 / });
});
//# sourceMappingURL=first-release.test.js.map