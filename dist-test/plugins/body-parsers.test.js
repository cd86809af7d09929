import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aLab } from "../support/service.js";
t.test('where nothing need be said, no body is one that says nothing', async (t) => {
    const lab = await aLab(t, { Hotel: 2, Washer: 1 });
    const plate = (await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1', lid: { device: 'Washer', position: 0 } })).body;
    t.match(await lab.post('/api/containers/P1/lid'), { status: 200, body: { container: { lidded: true } } });
    t.match(await lab.post(`/api/containers/${plate.id}/lid`, undefined, { 'content-type': 'application/json' }), { status: 200 });
    const step = (await lab.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:00:00Z' })).body;
    t.match(await lab.post(`/api/steps/${step.id}/finish`), { status: 200, body: { status: 'completed', finish: String } });
});
t.test('where something must be said, no body is a fault', async (t) => {
    const lab = await aLab(t, { Hotel: 2 });
    t.match(await lab.post('/api/containers'), { status: 400, body: { errors: [{ pointer: '', detail: 'must be an object' }] } });
    t.match(await lab.post('/api/containers', undefined, { 'content-type': 'application/json' }), { status: 400, body: { code: 'malformed-body' } });
    t.match(await lab.call('POST', '/api/containers/P1/lid', 'null', { 'content-type': 'application/json' }), { status: 400, body: { errors: [{ detail: 'must be an object' }] } });
});
//# sourceMappingURL=body-parsers.test.js.map