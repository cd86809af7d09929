import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aDatabase } from "../support/database.js";
const main = fileURLToPath(new URL('../../dist/demo/main.js', import.meta.url));
function start(env) {
    const child = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, lines: createInterface({ input: child.stdout }), complaint: text(child.stderr), ended: once(child, 'close') };
}
t.test('starts the service, shows something, and ends cleanly in the middle', async (t) => {
    const { child, lines, complaint, ended } = start({ DATABASE_URL: await aDatabase(t) });
    let said = '';
    for await (const line of lines) {
        said += `${line}\n`;
        if (line.includes('is the lab'))
            child.kill('SIGTERM');
    }
    t.strictSame(await ended, [0, null]);
    t.match(said, 'examples/robotlab/lab.yaml is the lab');
    t.equal(await complaint, '');
});
t.test('tells why the service does not start', async (t) => {
    const { complaint, ended } = start({ DATABASE_URL: 'mysql://localhost/lab' });
    t.strictSame(await ended, [1, null]);
    t.match(await complaint, /DATABASE_URL must be a URL as postgresql:\/\//);
});
//# sourceMappingURL=main.test.js.map