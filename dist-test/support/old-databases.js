import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { aCommandLine } from "./command-line.js";
const fixtures = fileURLToPath(new URL('../fixtures/platform-status-db', import.meta.url));
/** A directory of its own, gone when the test ends. */
export async function aDirectory(t) {
    const directory = await mkdtemp(path.join(tmpdir(), 'platform-status-old-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    return directory;
}
/** The path of a database that the real package wrote; see test/fixtures/platform-status-db. */
export async function anOldDatabase(t, name) {
    const file = path.join(await aDirectory(t), 'db.sqlite3');
    await writeFile(file, gunzipSync(await readFile(path.join(fixtures, `${name}.sqlite3.gz`))));
    return file;
}
/** Runs the command `import` in this process. */
export async function runImport(args, env, signal = new AbortController().signal) {
    const { withSignal } = await aCommandLine(null, env);
    return await withSignal(signal, ['import', ...args]);
}
/** Imports into the database at `url`, and answers the report; what fails throws. */
export async function imported(url, from, ...options) {
    const { code, out, err } = await runImport(['--from', from, '--json', ...options], { DATABASE_URL: url });
    if (code !== 0)
        throw new Error(`the import ended with ${code}: ${err}`);
    return JSON.parse(out);
}
//# sourceMappingURL=old-databases.js.map