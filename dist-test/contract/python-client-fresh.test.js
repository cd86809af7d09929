import { spawnSync } from 'node:child_process';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { root } from "../support/spawned.js";
t.test('the methods and types of clients/python follow the document: `npm run openapi` writes them too', async (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/python-client.mjs', '--check'], { cwd: root, encoding: 'utf8' });
    t.equal(status, 0, stdout + stderr);
});
//# sourceMappingURL=python-client-fresh.test.js.map