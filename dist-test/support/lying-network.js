import { createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
export async function aLyingNetwork(t, target, random) {
    const lies = { lost: 0, cut: 0, late: 0, twice: 0, honest: 0 };
    const server = createServer((incoming, outgoing) => {
        const whim = ['lost', 'cut', 'late', 'twice', 'honest', 'honest'][Math.floor(random() * 6)];
        lies[whim]++;
        void read(incoming).then(async (body) => {
            if (whim === 'lost') {
                incoming.socket.destroy();
                return;
            }
            if (whim === 'late')
                await sleep(5 + random() * 20);
            const answers = [pass(target, incoming, body), ...whim === 'twice' ? [pass(target, incoming, body)] : []];
            // of two deliveries either answer may come back
            const answer = await Promise.race(answers);
            await Promise.all(answers);
            if (whim === 'cut')
                incoming.socket.destroy();
            else
                outgoing.writeHead(answer.status, answer.headers).end(answer.body);
        }).catch(() => incoming.socket.destroy());
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    t.teardown(() => new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
    }));
    return { address: `http://127.0.0.1:${server.address().port}`, lies };
}
async function read(stream) {
    const chunks = [];
    for await (const chunk of stream)
        chunks.push(chunk);
    return Buffer.concat(chunks);
}
async function pass(target, { method, url, headers }, body) {
    const answer = await new Promise((resolve, reject) => {
        request(`${target}${url}`, { method, headers: { ...headers, connection: 'close' } }, resolve).on('error', reject).end(body);
    });
    return { status: answer.statusCode, headers: { 'content-type': answer.headers['content-type'] ?? 'text/plain' }, body: await read(answer) };
}
//# sourceMappingURL=lying-network.js.map