import { createServer, request } from 'node:http';
/** A proxy that gives each request to the next of some addresses; its own address. Closes when the test ends. */
export async function aBalancer(t, addresses) {
    let asked = 0;
    const server = createServer((incoming, outgoing) => {
        const { method, headers, url = '' } = incoming;
        const forwarded = request(`${addresses[asked++ % addresses.length]}${url}`, { method, headers }, (answer) => {
            outgoing.writeHead(answer.statusCode, answer.headers);
            answer.pipe(outgoing);
        });
        forwarded.on('error', (error) => outgoing.destroy(error));
        incoming.pipe(forwarded);
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    t.teardown(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => { server.close(resolve); });
    });
    return `http://127.0.0.1:${server.address().port}`;
}
//# sourceMappingURL=balancer.js.map