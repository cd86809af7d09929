import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { openapiText } from "../../dist/process/openapi-text.js";
import { committedText } from "../support/openapi.js";
import { aService } from "../support/service.js";
t.test('openapi/openapi.json is what the routes make: after a change of schemas or routes run `npm run openapi` and commit it', async (t) => {
    const [made, committed] = [await openapiText(), committedText()];
    const lines = made.split('\n');
    const line = committed.split('\n').findIndex((text, index) => text !== lines[index]);
    t.ok(made === committed, `openapi/openapi.json is old from line ${line + 1} on: run \`npm run openapi\` and commit it`);
});
t.test('it is what the service answers, and what the documentation page shows, which loads nothing from elsewhere', async (t) => {
    const service = await aService(t);
    const document = JSON.parse(committedText());
    t.same((await service.get('/openapi.json')).body, document);
    t.same((await service.get('/docs/json')).body, document);
    const page = await service.get('/docs');
    t.match(page, { status: 200, headers: { 'content-type': /html/ } });
    t.notMatch(page.text, /https?:\/\//, 'no address of another host');
    const policy = String(page.headers['content-security-policy']);
    t.match(policy, /default-src 'none'/);
    t.notMatch(policy, /upgrade-insecure-requests|https?:/, 'works over plain http, as labs serve it');
    for (const [, path] of page.text.matchAll(/(?:src|href)="([^"]+)"/g))
        t.match(await service.get(new URL(path, 'http://x/docs').pathname), { status: 200 }, path);
});
//# sourceMappingURL=openapi-fresh.test.js.map