import { connect } from 'node:net';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { buildApp } from "../../dist/app.js";
import { readConfig } from "../../dist/config.js";
import { openDatabase } from "../../dist/store/database.js";
import { aDatabase } from "../support/database.js";
import { aLog } from "../support/logged.js";
async function aListener(t) {
    const { log, lines, said } = aLog();
    const url = await aDatabase(t);
    const config = readConfig({ DATABASE_URL: url });
    const database = openDatabase(url, config, log);
    const app = await buildApp(config, { database, log });
    t.teardown(async () => {
        await app.close();
        await database.close();
    });
    const address = await app.listen({ port: 0 });
    lines.length = 0;
    return { address, lines, said };
}
t.test('a request is one line, with its id and its operation', async (t) => {
    const { address, lines, said } = await aListener(t);
    await fetch(`${address}/api/containers?limit=1`, { headers: { 'x-request-id': 'mine-1' } });
    await said('request completed');
    t.same(Object.keys(lines[0]).sort(), ['duration_ms', 'level', 'method', 'msg', 'operation_id', 'request_id', 'status', 'time', 'url']);
    t.match(lines, [{
            level: 'info', request_id: 'mine-1', operation_id: 'listContainers', method: 'GET', url: '/api/containers?limit=1', status: 200, duration_ms: Number
        }]);
    t.equal(lines.length, 1);
});
t.test('a URL that nobody would read to its end is cut', async (t) => {
    const { address, lines, said } = await aListener(t);
    await fetch(`${address}/api/containers?name=${'x'.repeat(9000)}`);
    await said('request completed');
    t.equal(lines[0].url.length, 2000);
});
t.test('so are refusals, unknown paths and malformed ones', async (t) => {
    const { address, lines, said } = await aListener(t);
    for (const path of ['/api/containers/X', '/api/nothing', '/api/%zz']) {
        await fetch(`${address}${path}`);
        await said('request completed');
    }
    await fetch(`${address}/api/containers`);
    t.match(lines.slice(0, 3), [
        { operation_id: 'getContainer', status: 404 }, { url: '/api/nothing', status: 404 }, { url: '/api/%zz', status: 400 }
    ]);
});
t.test('probes are quiet', async (t) => {
    const { address, lines, said } = await aListener(t);
    await fetch(`${address}/health/live`);
    await fetch(`${address}/health/ready`);
    await fetch(`${address}/api/lab`);
    await said('request completed');
    t.match(lines, [{ url: '/api/lab' }]);
    t.equal(lines.length, 1);
});
t.test('a caller who hangs up leaves a line, too', async (t) => {
    const { address, lines, said } = await aListener(t);
    const { port } = new URL(address);
    const client = connect(Number(port), '127.0.0.1');
    client.on('error', () => { });
    client.write('POST /api/containers HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"device"');
    setTimeout(() => client.destroy(), 300);
    t.match(await said('request aborted'), { operation_id: 'addContainer', method: 'POST' });
    t.same(lines.filter(({ level }) => level === 'error'), []);
});
t.test('requests that are sent before the last is answered leave a line each', async (t) => {
    const { address, lines } = await aListener(t);
    const { port } = new URL(address);
    const client = connect(Number(port), '127.0.0.1');
    client.write(['/api/lab', '/api/containers', '/api/%zz', '/api/nothing'].map((path) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`).join(''));
    while (lines.length < 4)
        await new Promise((resolve) => setTimeout(resolve, 20));
    client.destroy();
    t.same(lines.map((line) => line.url).sort(), ['/api/%zz', '/api/containers', '/api/lab', '/api/nothing']);
    t.same(lines.map(({ msg }) => msg), Array(4).fill('request completed'));
});
t.test('a caller who hangs up while his request is worked on leaves one line, whatever comes of it', async (t) => {
    const { address, lines, said } = await aListener(t);
    const { port } = new URL(address);
    const client = connect(Number(port), '127.0.0.1');
    client.on('error', () => { });
    await new Promise((resolve) => client.write('GET /api/lab HTTP/1.1\r\nhost: localhost\r\n\r\n', () => resolve()));
    client.resetAndDestroy();
    await said('request aborted');
    await fetch(`${address}/api/containers?limit=1`);
    await said('request completed');
    t.same(lines.map(({ msg }) => msg), ['request aborted', 'request completed']);
});
//# sourceMappingURL=request-log.test.js.map