import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { aLab } from "../support/service.js";
t.test('moving a container', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Reader: 1, Greeter: 0 });
    await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true });
    await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2' });
    await t.test('answers as the documented wrapper does', async (t) => {
        const answer = await lab.post('/api/containers/P1/move', { source_device: 'Hotel', source_pos: 0, target_device: 'Reader', target_pos: 0 });
        t.match(answer, { status: 200, body: { status: 'success', container: { barcode: 'P1', device: 'Reader', position: 0, version: 2 } } });
        t.match(await lab.get('/api/containers/P1'), { body: { device: 'Reader', position: 0 } });
    });
    await t.test('refuses an occupied target, and both stay where they are', async (t) => {
        t.match(await lab.post('/api/containers/P2/move', { target_device: 'Reader', target_pos: 0 }), { status: 409, body: { code: 'position-occupied', pointer: '/target_pos', occupant: { barcode: 'P1', part: 'container', since: String } } });
        t.match(await lab.get('/api/containers/P2'), { body: { device: 'Hotel', position: 1, version: 1 } });
    });
    await t.test('refuses a wrong source, and tells the real place', async (t) => {
        t.match(await lab.post('/api/containers/P2/move', { source_device: 'Hotel', source_pos: 0, target_device: 'Hotel', target_pos: 2 }), { status: 409, body: { code: 'source-mismatch', expected: { device: 'Hotel', position: 0 }, actual: { device: 'Hotel', position: 1 } } });
        t.match(await lab.post('/api/containers/P2/move', { source_device: 'Reader', target_device: 'Hotel' }), { status: 409, body: { code: 'source-mismatch' } });
        t.match(await lab.post('/api/containers/P2/move', { source_pos: 2, target_device: 'Hotel' }), { status: 409, body: { code: 'source-mismatch' } });
    });
    await t.test('takes the lowest free slot without target_pos', async (t) => {
        t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel' }), { body: { container: { position: 0 } } });
        await lab.post('/api/containers', { device: 'Reader', barcode: 'P3' });
        t.match(await lab.post('/api/containers/P1/move', { target_device: 'Reader' }), { status: 409, body: { code: 'no-free-position', pointer: '/target_device' } });
    });
    await t.test('to its own place is legal: a plate whose barcode is read and put back', async (t) => {
        t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 }), { status: 200, body: { container: { position: 0 } } });
    });
    await t.test('does not know other things, and says which of the request it does not know', async (t) => {
        t.match(await lab.post('/api/containers/P9/move', { target_device: 'Hotel' }), { status: 404, body: { code: 'container-not-found', parameter: 'container' } });
        t.match(await lab.post('/api/containers/P1/move', { target_device: 'Nowhere' }), { status: 404, body: { code: 'device-not-found', pointer: '/target_device' } });
        t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 99 }), { status: 404, body: { code: 'position-not-found', pointer: '/target_pos', valid_range: { maximum: 2 } } });
        t.match(await lab.post('/api/containers/P1/move', { source_device: 'Nowhere', target_device: 'Hotel' }), { status: 404, body: { pointer: '/source_device' } });
        t.match(await lab.post('/api/containers/P1/move', { source_device: 'Hotel', source_pos: 99, target_device: 'Hotel' }), { status: 404, body: { pointer: '/source_pos' } });
    });
    await t.test('refuses slots that no device can have, by member', async (t) => {
        for (const target_pos of [-1, 1.5, '0', 99999, true]) {
            t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos }), { status: 400, body: { errors: [{ pointer: '/target_pos' }] } }, String(target_pos));
        }
        t.match(await lab.post('/api/containers/P1/move', '{"target_device":"Hotel","target_pos":1e400}', { 'content-type': 'application/json' }), { status: 400, body: { errors: [{ pointer: '/target_pos' }] } }, '1e400');
    });
});
t.test('lids', async (t) => {
    const lab = await aLab(t, { Hotel: 4 });
    await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true });
    await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2', lidded: true });
    await t.test('a lid that is taken off occupies the slot where it lies', async (t) => {
        t.match(await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 2 }), { status: 200, body: { status: 'success', container: { lidded: false, lid: { device: 'Hotel', position: 2 } } } });
        t.match(await lab.post('/api/containers/P2/move', { target_device: 'Hotel', target_pos: 2 }), { status: 409, body: { code: 'position-occupied', occupant: { part: 'lid', barcode: 'P1' } } });
        t.match(await lab.post('/api/containers/P2/unlid', { lid_device: 'Hotel', lid_pos: 2 }), { status: 409, body: { code: 'position-occupied' } });
        t.match(await lab.get('/api/containers/P2'), { body: { position: 1, lidded: true } }, 'and P2 is as it was');
    });
    await t.test('unlid of a plate without its lid says where the lid is now', async (t) => {
        const before = await lab.get('/api/containers/P1');
        t.strictSame((await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 2 })).body.container, before.body, 'the same slot again changes nothing');
        t.match(await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 3 }), { status: 200, body: { container: { lid: { position: 3 } } } });
    });
    await t.test('lid verifies where the lid was, when told', async (t) => {
        t.match(await lab.post('/api/containers/P1/lid', { lid_device: 'Hotel', lid_pos: 2 }), { status: 409, body: { code: 'lid-mismatch', actual: { device: 'Hotel', position: 3 }, expected: { position: 2 } } });
        t.match(await lab.post('/api/containers/P1/lid', { lid_pos: 0 }), { status: 409, body: { code: 'lid-mismatch' } }, 'slot 0 is checked like any other');
        t.match(await lab.post('/api/containers/P1/lid', { lid_device: 'Nowhere' }), { status: 404, body: { pointer: '/lid_device' } });
        t.match(await lab.post('/api/containers/P1/lid', { lid_device: 'Hotel', lid_pos: 99 }), { status: 404, body: { pointer: '/lid_pos' } });
        t.match(await lab.post('/api/containers/P1/lid', { lid_device: 'Hotel', lid_pos: 3 }), { status: 200, body: { container: { lidded: true, lid: null } } });
        t.match(await lab.get('/api/devices/Hotel/positions/3'), { body: { empty: true } });
    });
    await t.test('lid again changes nothing, whatever it names', async (t) => {
        const before = (await lab.get('/api/containers/P1')).body;
        t.strictSame((await lab.post('/api/containers/P1/lid', {})).body.container, before);
        t.strictSame((await lab.post('/api/containers/P1/lid', { lid_device: 'Hotel', lid_pos: 1 })).body.container, before);
    });
    await t.test('without lid_pos the lid goes to the lowest free slot', async (t) => {
        t.match(await lab.post('/api/containers/P2/unlid', { lid_device: 'Hotel' }), { body: { container: { lid: { position: 2 } } } });
        t.match(await lab.post('/api/containers/P2/unlid', { lid_device: 'Hotel' }), { body: { container: { lid: { position: 2 } } } }, 'and stays there when asked again');
    });
    await t.test('a plate whose lid nobody put back can be closed all the same', async (t) => {
        const other = await aLab(t, { Hotel: 1 });
        await other.post('/api/containers', { device: 'Hotel', barcode: 'P3' });
        t.match(await other.post('/api/containers/P3/lid', { lid_device: 'Hotel', lid_pos: 0 }), { status: 200, body: { container: { lidded: true } } });
    });
});
t.test('moving what stands at a place', async (t) => {
    const lab = await aLab(t, { Hotel: 4, Reader: 1 });
    const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 0 });
    await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2', lid: { device: 'Hotel', position: 2 } });
    await t.test('finds a plate without barcode', async (t) => {
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Reader', target_pos: 0 }), { status: 200, body: { status: 'success', container: { id: plate.id, device: 'Reader' } } });
    });
    await t.test('refuses an empty source', async (t) => {
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Hotel' }), { status: 409, body: { code: 'source-empty', device: 'Hotel', position: 0 } });
    });
    await t.test('verifies the barcode when told', async (t) => {
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Hotel', target_pos: 3, barcode: 'P9' }), { status: 409, body: { code: 'source-mismatch', container: { barcode: 'P2' }, actual: null } });
        t.match(await lab.post('/api/moves', { source_device: 'Reader', source_pos: 0, target_device: 'Hotel', target_pos: 3, barcode: 'P2' }), { status: 409, body: { code: 'source-mismatch', actual: { device: 'Hotel', position: 1 } } });
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Hotel', target_pos: 3, barcode: 'P2' }), { status: 200 });
    });
    await t.test('moves the lid where only a lid lies', async (t) => {
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 2, target_device: 'Hotel', target_pos: 0 }), { status: 200, body: { container: { barcode: 'P2', position: 3, lid: { position: 0 } } } });
    });
    await t.test('refuses an occupied target and unknown places', async (t) => {
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 3, target_device: 'Reader', target_pos: 0 }), { status: 409, body: { code: 'position-occupied' } });
        t.match(await lab.post('/api/moves', { source_device: 'Nowhere', source_pos: 0, target_device: 'Reader' }), { status: 404, body: { pointer: '/source_device' } });
        t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Reader', target_pos: 7 }), { status: 404, body: { pointer: '/target_pos' } });
    });
});
//# sourceMappingURL=moves.test.js.map