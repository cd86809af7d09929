import { pino } from 'pino';
import { buildApp } from "../../dist/app.js";
import { readConfig } from "../../dist/config.js";
import { openDatabase } from "../../dist/store/database.js";
import { checkAnswers } from "./answers.js";
import { aBalancer } from "./balancer.js";
import { aDatabase } from "./database.js";
/** The real app on a database of its own, every answer held against its declared schema; what does not hold fails the test. `url` is the database's. */
export async function aService(t, env, report) {
    return await aServiceOn(t, await aDatabase(t), env, report);
}
/** The same on a given database. With TEST_INSTANCES=2 two instances take the calls in turn, as behind a proxy. */
export async function aServiceOn(t, url, env = {}, report = (fault) => { t.fail(fault); }) {
    const instances = [];
    for (let n = 0; n < Number(process.env.TEST_INSTANCES ?? 1); n++)
        instances.push(await anInstance(t, url, env, report));
    return serviceOf(t, instances, url);
}
async function anInstance(t, url, env, report) {
    const config = readConfig({ LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent', DATABASE_URL: url, ...env });
    const log = pino({ level: config.logLevel });
    const database = openDatabase(url, config, log);
    const app = await buildApp(config, { database, log });
    checkAnswers(app, report);
    t.teardown(async () => {
        await app.close();
        await database.close();
    });
    await app.ready();
    return app;
}
function serviceOf(t, instances, url) {
    let calls = 0;
    async function listen() {
        const addresses = [];
        for (const instance of instances)
            addresses.push(await instance.listen({ host: '127.0.0.1', port: 0 }));
        return addresses.length === 1 ? addresses[0] : await aBalancer(t, addresses);
    }
    async function call(method, path, body, headers = {}) {
        const answer = await instances[calls++ % instances.length].inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body }) });
        const isJson = String(answer.headers['content-type']).includes('json');
        return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body: isJson && answer.payload !== '' ? answer.json() : answer.payload };
    }
    return {
        app: instances[0],
        listen,
        url,
        call,
        get: (path, headers) => call('GET', path, undefined, headers),
        post: (path, body, headers) => call('POST', path, body, headers),
        put: (path, body, headers) => call('PUT', path, body, headers),
        patch: (path, body, headers) => call('PATCH', path, body, headers),
        delete: (path, headers) => call('DELETE', path, undefined, headers)
    };
}
/** A service whose lab has these devices with so many slots: `aLab(t, { Hotel: 3, Washer: 1 })`. */
export async function aLab(t, devices, env) {
    const service = await aService(t, env);
    const config = { sila_servers: { devices: Object.fromEntries(Object.entries(devices).map(([name, capacity]) => [name, { capacity }])) } };
    const answer = await service.put('/api/lab/config', config);
    if (answer.status !== 200)
        throw new Error(`the lab was refused: ${answer.text}`);
    return service;
}
/** An id in a path: escaped. */
export function seg(name) {
    return encodeURIComponent(name);
}
//# sourceMappingURL=service.js.map