import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aLabAtWork } from "../support/lab-at-work.js";
import { theDocument } from "../support/openapi.js";
import { operationsOf, resolved } from "./rules/rule.js";
// People copy the examples of the document first. Every one can be sent as it is: what it names may not be there, but
// nothing is wrong with it.
const document = await theDocument();
const lab = await aLabAtWork(t, { AUTH: 'off' });
const names = { device: 'Hotel', container: lab.container, position: '3' };
const key = await lab.post('/api/keys', { name: 'viewer', scopes: ['read'] });
const ids = { processes: lab.process, experiments: lab.experiment, steps: lab.step, reservations: lab.reservation, keys: key.body.id };
for (const { at, path, method, operation } of operationsOf(document).filter((one) => one.operation.requestBody !== undefined)) {
    t.test(`the examples of ${at} are taken`, async (t) => {
        const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => names[name] ?? ids[path.split('/')[2]]);
        for (const [type, { schema }] of Object.entries(operation.requestBody.content)) {
            for (const example of resolved(document, schema).examples) {
                const payload = type === 'application/json' ? JSON.stringify(example) : example;
                const answer = await lab.call(method.toUpperCase(), url, payload, { 'content-type': type });
                t.ok(answer.status < 300 || answer.status === 404 || answer.status === 409, `${type} ${payload.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`);
            }
        }
    });
}
for (const { at, path, operation } of operationsOf(document).filter(({ method, path }) => method === 'get' && path.startsWith('/api/'))) {
    t.test(`the examples of the parameters of ${at} are taken`, async (t) => {
        const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => names[name] ?? ids[path.split('/')[2]]);
        const parameters = (operation.parameters ?? []).filter((one) => one.in === 'query' && one.name !== 'cursor');
        for (const { name, schema } of parameters) {
            const { examples = [], enum: values = [], default: usual } = resolved(document, schema);
            for (const example of [...examples, ...values, ...usual === undefined ? [] : [usual]]) {
                const { status } = await lab.get(`${url}?${name}=${encodeURIComponent(example)}`);
                // what is there now was not there at every time
                t.ok(status === 200 || (name === 'at' && status === 404), `${name}=${example}: ${status}`);
            }
        }
    });
}
//# sourceMappingURL=examples.test.js.map