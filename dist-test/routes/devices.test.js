import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aCertificate } from "../support/certificate.js";
import { eventsOf, revisionOf } from "../support/lab-log.js";
import { logged } from "../support/log.js";
import { aLab, aService, seg } from "../support/service.js";
const someId = '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11';
t.test('adding a device', async (t) => {
    t.test('answers it with its place, and it has its slots', async (t) => {
        const service = await aService(t);
        const body = {
            name: 'Cytomat 1/2', group: 'incubators', type: 'incubator', description: 'by the door', uri: 'https://10.0.0.7', capacity: 3,
            process_capacity: 2, min_capacity: 1, allows_overlap: false, extra: { shelf: 4, b: [1], a: null }
        };
        const answer = await service.post('/api/devices', body);
        t.match(answer, { status: 201, headers: { location: '/api/devices/Cytomat%201%2F2' } });
        t.match(answer.body, { ...body, has_certificate: false, listed: true, retired_at: null, version: 1 });
        t.equal(JSON.stringify(answer.body.extra), '{"shelf":4,"b":[1],"a":null}', 'in order');
        t.strictSame((await service.get(String(answer.headers.location))).body, answer.body);
        t.equal((await service.get(`/api/devices/${seg('Cytomat 1/2')}/positions`)).body.length, 3);
        t.match(await eventsOf(service), [{ revision: 1, kind: 'device-added', before: null, after: { name: 'Cytomat 1/2', capacity: 3 }, request_id: answer.headers['x-request-id'] }]);
    });
    t.test('takes null for what is not said; the group is then "devices"', async (t) => {
        const service = await aService(t);
        t.match(await service.post('/api/devices', { id: null, name: 'X', group: null, type: null, description: null, uri: null, capacity: 0, extra: null, min_capacity: null, process_capacity: null, allows_overlap: null }), { status: 201, body: { group: 'devices', type: null, extra: null } });
    });
    t.test('refuses a name in use, and the name stays what it was', async (t) => {
        const lab = await aLab(t, { Hotel: 3 });
        t.match(await lab.post('/api/devices', { name: 'Hotel', capacity: 1 }), { status: 409, body: { code: 'device-name-in-use', device: 'Hotel', pointer: '/name' } });
        t.match((await lab.get('/api/devices/Hotel')).body, { capacity: 3, version: 1 });
        t.equal(await revisionOf(lab), 1);
    });
    t.test('repeated with its id and body changes nothing; with another body it is refused', async (t) => {
        const service = await aService(t);
        const body = { id: someId, name: 'Hotel', capacity: 3, extra: { a: 1, b: 2 } };
        const first = await service.post('/api/devices', body);
        t.match(first, { status: 201, body: { id: someId } });
        t.match(await service.post('/api/devices', { ...body, extra: { b: 2, a: 1 }, type: null }), { status: 200, body: first.body, headers: { location: '/api/devices/Hotel' } });
        t.match(await service.post('/api/devices', { ...body, capacity: 4 }), { status: 409, body: { code: 'id-in-use', id: someId, pointer: '/id' } });
        t.equal(await revisionOf(service), 1);
        await service.delete('/api/devices/Hotel');
        t.match(await service.post('/api/devices', body), { status: 200, body: { retired_at: String } }, 'what was added then is retired now');
    });
    t.test('of a retired name brings the same device back, with what is said now', async (t) => {
        const lab = await aLab(t, { Hotel: 3 });
        const { body: { id } } = await lab.patch('/api/devices/Hotel', { type: 'hotel', capacity: 5 });
        await lab.delete('/api/devices/Hotel');
        t.match(await lab.post('/api/devices', { name: 'Hotel', capacity: 2 }), { status: 201, body: { id, type: null, capacity: 2, retired_at: null } });
        t.equal((await lab.get('/api/devices/Hotel/positions')).body.length, 2);
        t.equal((await eventsOf(lab)).at(-1).kind, 'device-restored');
    });
    t.test('of a retired name with an id of its own is another device', async (t) => {
        const lab = await aLab(t, { Hotel: 3 });
        await lab.delete('/api/devices/Hotel');
        t.match(await lab.post('/api/devices', { id: someId, name: 'Hotel', capacity: 2 }), { status: 201, body: { id: someId } });
        t.equal((await lab.get('/api/devices?retired=any')).body.items.length, 2);
    });
    t.test('that only logs knew lists it, with its history', async (t) => {
        const lab = await aLab(t, { Hotel: 3 });
        await logged(lab, { device: 'Reader9' });
        const { body: { id } } = await lab.get('/api/devices/Reader9');
        const added = await lab.post('/api/devices', { id: someId, name: 'Reader9', capacity: 1 });
        t.match(added, { status: 201, body: { id, listed: true, capacity: 1 } }, 'the row of the log, whatever id was asked for');
        t.match(await lab.post('/api/devices', { id: someId, name: 'Reader9', capacity: 1 }), { status: 200, body: { id } });
        t.equal((await eventsOf(lab)).at(-1).kind, 'device-added');
    });
    t.test('refuses what breaks a rule', async (t) => {
        const service = await aService(t);
        for (const [body, pointer] of [
            [{ capacity: 1 }, '/name'], [{ name: 'X' }, '/capacity'], [{ name: '', capacity: 1 }, '/name'], [{ name: '..', capacity: 1 }, '/name'],
            [{ name: 'X', capacity: -1 }, '/capacity'], [{ name: 'X', capacity: 10001 }, '/capacity'], [{ name: 'X', capacity: 1.5 }, '/capacity'],
            [{ name: 'X', capacity: '1' }, '/capacity'], [{ name: 'X', capacity: 1, slots: 2 }, '/slots'], [{ name: 'X', capacity: 1, id: 'x' }, '/id'],
            [{ name: 'X', capacity: 1, process_capacity: 1e10 }, '/process_capacity'], [{ name: 'X', capacity: 1, extra: [] }, '/extra'],
            [{ name: 'X', capacity: 1, extra: { capacity: 4 } }, '/extra'], [{ name: 'X', capacity: 1, type: '' }, '/type']
        ]) {
            t.match(await service.post('/api/devices', body), { status: 400, body: { code: 'invalid-request', errors: [{ pointer }] } }, JSON.stringify(body));
        }
    });
});
t.test('reading devices', async (t) => {
    const lab = await aService(t);
    await lab.put('/api/lab/config', { sila_servers: { storage: { Hotel2: { capacity: 2 }, Hotel1: { capacity: 1, type: 'hotel' } }, movers: { Arm: { capacity: 1, type: 'robot' }, Old: { capacity: 1 } } } });
    await lab.delete('/api/devices/Old');
    await logged(lab, { device: 'Reader9' });
    await lab.put('/api/devices/Arm/certificate', aCertificate, { 'content-type': 'text/plain' });
    const names = async (query) => (await lab.get(`/api/devices${query}`)).body.items.map((device) => device.name);
    t.test('lists those of the lab by name, with filters', async (t) => {
        t.strictSame(await names(''), ['Arm', 'Hotel1', 'Hotel2']);
        t.strictSame(await names('?group=storage'), ['Hotel1', 'Hotel2']);
        t.strictSame(await names('?type=robot'), ['Arm']);
        t.strictSame(await names('?has_certificate=true'), ['Arm']);
        t.strictSame(await names('?has_certificate=false'), ['Hotel1', 'Hotel2']);
        t.strictSame(await names('?retired=true'), ['Old']);
        t.strictSame(await names('?retired=any'), ['Arm', 'Hotel1', 'Hotel2', 'Old']);
        t.strictSame(await names('?listed=false'), ['Reader9']);
        t.strictSame(await names('?listed=any&retired=any'), ['Arm', 'Hotel1', 'Hotel2', 'Old', 'Reader9']);
        t.strictSame(await names('?group=nowhere'), []);
    });
    t.test('in pages', async (t) => {
        const first = (await lab.get('/api/devices?limit=2&count=true')).body;
        t.match(first, { items: [{ name: 'Arm' }, { name: 'Hotel1' }], total: 3, next_cursor: String });
        t.match((await lab.get(`/api/devices?limit=2&cursor=${first.next_cursor}`)).body, { items: [{ name: 'Hotel2' }], next_cursor: null });
        t.match(await lab.get(`/api/devices?retired=any&cursor=${first.next_cursor}`), { status: 400, body: { code: 'invalid-cursor' } });
    });
    t.test('one by its name, with an ETag; retired ones are not found', async (t) => {
        const answer = await lab.get('/api/devices/Hotel1');
        t.match(answer, { status: 200, body: { name: 'Hotel1', group: 'storage', type: 'hotel', listed: true } });
        t.equal((await lab.get('/api/devices/Hotel1', { 'if-none-match': String(answer.headers.etag) })).status, 304);
        t.match(await lab.get('/api/devices/Reader9'), { status: 200, body: { listed: false, capacity: 0 } });
        t.match(await lab.get('/api/devices/Old'), { status: 404, body: { code: 'device-not-found', device: 'Old', parameter: 'device' } });
        t.match(await lab.get('/api/devices/Nope'), { status: 404 });
        t.match(await lab.get(`/api/devices/${seg(' x')}`), { status: 400 });
    });
});
t.test('a name that a log brings while the device is being added is one device in the end', async (t) => {
    const service = await aService(t);
    const other = new pg.Client({ connectionString: service.url });
    await other.connect();
    t.teardown(() => other.end());
    await other.query('BEGIN');
    await other.query("INSERT INTO device (id, name, \"group\", listed) VALUES ($1, 'Reader9', 'devices', false)", [someId]);
    const adding = service.post('/api/devices', { name: 'Reader9', capacity: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.query('COMMIT');
    t.match(await adding, { status: 201, body: { id: someId, listed: true, capacity: 1 } });
});
t.test('two that add one name at a time: one does, the other is refused', async (t) => {
    const service = await aService(t);
    const answers = await Promise.all(Array.from({ length: 8 }, () => service.post('/api/devices', { id: randomUUID(), name: 'Hotel', capacity: 2 })));
    t.strictSame(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
    t.equal(await revisionOf(service), 1);
});
//# sourceMappingURL=devices.test.js.map