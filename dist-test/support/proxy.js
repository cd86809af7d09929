import { createConnection, createServer } from 'node:net';
export async function aProxy(t, target) {
    const to = new URL(target);
    const pairs = new Set();
    let frozen = false;
    let server;
    function carry(near) {
        const far = createConnection({ host: to.hostname, port: Number(to.port || 5432) });
        const pair = [near, far];
        pairs.add(pair);
        near.on('data', (chunk) => { if (!frozen)
            far.write(chunk); });
        far.on('data', (chunk) => { if (!frozen)
            near.write(chunk); });
        for (const [one, other] of [pair, [far, near]]) {
            one.on('error', () => { });
            one.on('close', () => {
                pairs.delete(pair);
                other.destroy();
            });
        }
    }
    async function open(port) {
        server = createServer(carry);
        await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
        return server.address().port;
    }
    async function cut() {
        const closed = new Promise((resolve) => { server.close(() => resolve()); });
        for (const [near] of pairs)
            near.resetAndDestroy();
        await closed;
    }
    const port = await open(0);
    t.teardown(async () => { if (server.listening)
        await cut(); });
    const url = new URL(target);
    url.host = `127.0.0.1:${port}`;
    return {
        url: url.href,
        cut,
        freeze: () => { frozen = true; },
        async mend() {
            // what was held back is lost: such a connection cannot be mended
            if (frozen)
                for (const [near] of pairs)
                    near.resetAndDestroy();
            frozen = false;
            if (!server.listening)
                await open(port);
        }
    };
}
//# sourceMappingURL=proxy.js.map