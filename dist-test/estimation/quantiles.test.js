import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { normalQuantile, studentQuantile } from "../../dist/estimation/quantiles.js";
const near = (t, found, wanted, within) => t.ok(Math.abs(found - wanted) <= within * Math.abs(wanted), `${found} is ${wanted}`);
t.test('the quantiles of the normal law are those of the tables', async (t) => {
    for (const [p, x] of [[0.5, 0], [0.75, 0.6744897501960817], [0.9, 1.2815515655446004], [0.95, 1.6448536269514722], [0.99, 2.3263478740408408],
        [0.999999, 4.753424308822899], [0.001, -3.090232306167814], [0.01, -2.3263478740408408]]) {
        near(t, normalQuantile(p), x, 1e-8);
    }
});
t.test('the quantiles of Student\'s t are those of the tables', async (t) => {
    for (const [p, df, x] of [[0.95, 1, 6.313751514675043], [0.95, 2, 2.919985580355516], [0.95, 3, 2.353363434801823], [0.95, 4, 2.131846786326649],
        [0.99, 5, 3.3649299989072183], [0.9, 10, 1.3721836411103356], [0.975, 30, 2.0422724563012378], [0.05, 4, -2.131846786326649], [0.999, 9, 4.296805662857], [0.55, 6, 0.1310757]]) {
        near(t, studentQuantile(p, df), x, 1e-3);
    }
    t.equal(studentQuantile(0.5, 3), 0);
    t.ok(studentQuantile(0.95, 2.5) < studentQuantile(0.95, 2) && studentQuantile(0.95, 2.5) > studentQuantile(0.95, 3), 'degrees of freedom need not be whole');
});
//# sourceMappingURL=quantiles.test.js.map