import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { batchingLines } from "../../dist/process/logger.js";
t.test('lines that come together are flushed once, and later ones again', async (t) => {
    const lines = [];
    const flushed = [];
    let told = () => { };
    const log = batchingLines(() => {
        flushed.push(lines.length);
        told();
    }, { write: (line) => { lines.push(line); } });
    const flush = () => new Promise((resolve) => { told = resolve; });
    log.write('one\n');
    log.write('two\n');
    t.same(lines, ['one\n', 'two\n']);
    await flush();
    log.write('three\n');
    await flush();
    t.same(flushed, [2, 3]);
});
//# sourceMappingURL=logger.test.js.map