import fc from 'fast-check';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { matchInputs } from "../../dist/domain/match.js";
const operation = (data, name = null) => matchInputs({ kind: 'operation', name, data });
const parameters = (data) => operation(data).match_parameters;
t.test('what a planner and an orchestrator note for themselves does not tell steps apart', async (t) => {
    const plain = { fct: 'wash', cycles: 3, volume: 50.5 };
    t.equal(parameters(plain), parameters({
        ...plain, type: 'operation', device_type: 'Washer', executor: ['<Washer object at 0x7f>'], target: 'Hotel', target_name: 'Hotel1', lidded: true,
        label: 'first wash', relations: [['max_wait', 'x', [3]]], name: 'P1_7', cont_names: ['P1_plate0'], duration: 120, plate: 'P1', wait_cost: 1
    }));
    t.not(parameters(plain), parameters({ ...plain, cycles: 4 }));
    t.not(parameters(plain), parameters({ ...plain, temperature: 37 }));
});
t.test('only members at the top are bookkeeping', async (t) => {
    t.not(parameters({ program: { name: 'short' } }), parameters({ program: { name: 'long' } }));
});
t.test('the order of keys and the way a number is written do not matter', async (t) => {
    t.equal(parameters({ a: 300, b: { c: 1, d: 2 } }), parameters({ b: { d: 2.0, c: 1e0 }, a: '3e2' }));
    t.equal(parameters({ a: '300.0' }), parameters({ a: 300 }));
    t.equal(parameters({ a: null }), parameters({}), 'null says nothing');
    t.equal(parameters({ a: -0 }), parameters({ a: 0 }));
});
t.test('the order of a list matters, and so do texts that only look like numbers', async (t) => {
    t.not(parameters({ wells: [1, 2] }), parameters({ wells: [2, 1] }));
    t.not(parameters({ wells: [1, null] }), parameters({ wells: [1] }));
    t.not(parameters({ lot: '1234567890123456' }), parameters({ lot: '1234567890123457' }), 'a double would run these together');
    t.not(parameters({ a: '300s' }), parameters({ a: 300 }));
    t.not(parameters({ a: '' }), parameters({ a: 0 }));
    t.not(parameters({ a: 'true' }), parameters({ a: true }));
});
t.test('parameters that are told in another order of keys have the same digest', async () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const reversed = Object.fromEntries(Object.entries(data).reverse());
        return parameters(data) === parameters(reversed) && parameters(data) === parameters(JSON.parse(JSON.stringify(data)));
    }));
});
t.test('digests are shaped like UUIDs, and there for steps without parameters too', async (t) => {
    t.match(parameters({}), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
});
t.test('a function, a name and a function that commands its time never collide', async (t) => {
    t.match(operation({ fct: 'shake' }, 'some name'), { match_version: 1, match_function: 'f:shake', commanded_seconds: null });
    t.match(operation({ fct: 'shake', duration: 5 }), { match_function: 'c:shake', commanded_seconds: 5 });
    t.match(operation({}, 'shake'), { match_function: 'n:shake' });
    t.match(operation({}), { match_function: null });
});
t.test('listed functions command their time, in seconds, whatever their case', async (t) => {
    for (const [fct, duration, seconds] of [['incubate', 3600, 3600], ['Centrifuge', '120', 120], ['WAIT', 0, 0], ['seal', '2.5', 2.5]]) {
        t.equal(operation({ fct, duration }).commanded_seconds, seconds, fct);
    }
    t.equal(parameters({ fct: 'incubate', duration: 60, temperature: 37 }), parameters({ fct: 'incubate', duration: 3600, temperature: 37 }));
});
t.test('elsewhere a duration is a guess', async (t) => {
    t.match(operation({ fct: 'absorbance', duration: 60 }), { commanded_seconds: null, match_function: 'f:absorbance' });
});
t.test('a time commanded in words that are no number of seconds tells steps apart', async (t) => {
    for (const duration of ['PT10M', -5, { minutes: 10 }, true, '1e99'])
        t.equal(operation({ fct: 'incubate', duration }).commanded_seconds, null);
    t.not(parameters({ fct: 'incubate', duration: 'PT10M' }), parameters({ fct: 'incubate', duration: 'PT60M' }));
});
t.test('the method, else the protocol, is what steps with other parameters have in common', async (t) => {
    const protocol = (data) => operation(data).match_protocol;
    t.equal(protocol({ method: 'Wash 3x', cycles: 3 }), protocol({ method: 'Wash 3x', cycles: 4 }));
    t.equal(protocol({ protocol: 'Wash 3x' }), protocol({ method: 'Wash 3x' }));
    t.equal(protocol({ protocol: 'C:\\labs\\v2\\Wash 3x.lhc' }), protocol({ protocol: 'v1/Wash 3x.lhc/' }), 'by its file\'s name');
    t.not(protocol({ protocol: '/' }), protocol({ protocol: '//' }));
    t.equal(protocol({ method: 7 }), protocol({ method: '7' }));
    t.not(protocol({ method: 'Wash 3x' }), protocol({ method: 'Wash 4x' }));
    t.equal(protocol({ cycles: 3 }), null);
    t.equal(protocol({ method: null }), null);
    t.equal(protocol({ protocol: ['a', 'list'] }), null, 'a list is stored and matched by the parameters');
});
t.test('moves are compared by devices and slots alone', async (t) => {
    t.same(matchInputs({ kind: 'move', name: 'move plate', data: { fct: 'move', duration: 35, method: 'x' } }), { match_version: 1, match_function: null, match_parameters: null, match_protocol: null, commanded_seconds: null });
});
//# sourceMappingURL=match.test.js.map