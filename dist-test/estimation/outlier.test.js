import fc from 'fast-check';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { chooseBound } from "../../dist/estimation/estimate.js";
import { endsInOutlier } from "../../dist/estimation/outlier.js";
import { seededRandom } from "../../dist/estimation/random.js";
/** So many samples from 9.5 to 10.5 s, then the given ones; sorted. */
const usual = (count, ...slow) => [...Array.from({ length: count }, (_, index) => 9.5 + index / count), ...slow];
const bound = (sorted, confidence = 0.95, hung = null) => chooseBound(sorted, hung === null ? null : { deviation: 0.05, degrees: 100, hung }, confidence, 'upper_bound');
t.test('a lone hang is left out while the rank would be the hang itself', async (t) => {
    t.match(bound(usual(27, 195)), { seconds: usual(27)[26], method: 'substitute', hang: 195, attained: 27 / 29 });
    t.match(bound(usual(45, 195)), { method: 'rank', hang: undefined, attained: 45 / 47 }, 'from 39 samples on the rank is below it anyway');
    t.match(bound(usual(27, 195), 0.9), { method: 'rank', hang: undefined });
});
t.test('hangs that repeat are what such steps do', async (t) => {
    t.match(bound(usual(26, 180, 195)), { seconds: 195, method: 'rank' });
    t.match(bound(usual(47, 180, 190, 195)), { seconds: 190, method: 'rank' });
});
t.test('below the sample size it is left out only where the device seldom hangs', async (t) => {
    t.match(bound(usual(13, 195)), { method: 'substitute', hang: undefined });
    t.match(bound(usual(13, 195), 0.95, 0.1), { method: 'substitute', hang: undefined });
    const { seconds, hang } = bound(usual(13, 195), 0.95, 0.01);
    t.ok(hang === 195 && seconds < 12, String(seconds));
    t.match(bound(usual(13, 195), 0.999, 0.01), { hang: undefined }, 'who asks for more than the device keeps has to plan for its hangs');
});
t.test('a little slower, or slower like others before, is no hang', async (t) => {
    t.notOk(endsInOutlier(usual(30, 14)));
    t.notOk(endsInOutlier(usual(30, 14, 40)));
    t.notOk(endsInOutlier([1, 1, 1, 1, 100]), 'five samples tell nothing');
    t.ok(endsInOutlier([...Array(20).fill(10), 15.1]));
});
t.test('laws with heavy tails seldom look so', async (t) => {
    const random = seededRandom([11]);
    let hangs = 0;
    for (let history = 0; history < 4000; history++) {
        if (endsInOutlier(Array.from({ length: 20 + history % 30 }, () => (1 - random()) ** -1).sort((a, b) => a - b)))
            hangs++;
    }
    t.ok(hangs <= 16, `${hangs} of 4,000`);
});
t.test('one slower sample more never lowers the bound, nor does a higher confidence, hang or not', async () => {
    const seconds = fc.oneof(fc.double({ min: 9, max: 11, noNaN: true }), fc.double({ min: 0, max: 1000, noNaN: true }));
    const confidence = fc.double({ min: 0.05, max: 0.99, noNaN: true });
    fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 60 }), confidence, confidence, fc.double({ min: 0, max: 1, noNaN: true }), (samples, a, b, hung) => {
        const sorted = [...samples].sort((x, y) => x - y);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        return bound(sorted, low, hung).seconds <= bound(sorted, high, hung).seconds * (1 + 1e-12);
    }), { numRuns: 1000 });
    fc.assert(fc.property(fc.array(seconds, { minLength: 1, maxLength: 60 }), confidence, fc.double({ min: 1, max: 50, noNaN: true }), (samples, c, times) => {
        const sorted = [...samples].sort((x, y) => x - y);
        const [before, after] = [bound(sorted, c), bound([...sorted, sorted.at(-1) * times], c)];
        return before.method !== 'rank' || after.seconds >= before.seconds;
    }), { numRuns: 1000 });
});
//# sourceMappingURL=outlier.test.js.map