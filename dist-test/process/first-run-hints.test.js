import { join } from 'node:path';
import { testOfFile } from '../../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { exampleFile } from "../../dist/process/first-run-hints.js";
t.test('the lab file to try is one that lies there, as one would type it', async (t) => {
    t.equal(exampleFile(), 'examples/uppsala_cage2.yaml');
    const folder = t.testdir({ 'my labs': { 'b.yaml': '', 'a.yaml': '', 'README.md': '' }, plain: { 'z.yaml': '' } });
    t.match(exampleFile(join(folder, 'my labs')), /^'[^']*\/my labs\/a\.yaml'$/, 'quoted where a shell needs it');
    t.match(exampleFile(join(folder, 'plain')), /^[^']*\/plain\/z\.yaml$/);
    t.equal(exampleFile(join(folder, 'not there')), 'your-lab.yaml');
});
//# sourceMappingURL=first-run-hints.test.js.map