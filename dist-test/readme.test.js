import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { testOfFile } from '../scripts/testing/test-of-file.mjs'; const t = testOfFile();
import { variables } from "../dist/config.js";
import { aService } from "./support/service.js";
const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
/** Runs a shell line as a reader would, and answers what it printed. */
async function shell(line) {
    return await new Promise((resolve, reject) => {
        execFile('bash', ['-c', line], { cwd: root }, (error, stdout, stderr) => error ? reject(new Error(`${line}: ${stderr}`)) : resolve(stdout));
    });
}
/** The commands that a text shows, in order; one that goes on over several lines is one. */
function commandsOf(text) {
    const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]);
    return blocks.flatMap((block) => block.split(/\n(?=curl )/)).map((line) => line.trim());
}
/** What a service answers to the commands of a text, from the first to the last. */
async function session(t, text) {
    const { app } = await aService(t);
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const answers = [];
    for (const line of commandsOf(text))
        answers.push(JSON.parse(await shell(line.replaceAll(/curl /g, 'curl -s ').replaceAll('localhost:8000', address))));
    return answers;
}
const curl = await shell('curl --version').then((text) => /^curl (\d+)\.(\d+)/.exec(text), () => null);
const hasJson = curl !== null && (Number(curl[1]) > 7 || Number(curl[2]) >= 82);
t.test('docs/safe-writes.md shows what happens', { skip: hasJson ? false : 'curl 7.82 or newer is needed' }, async (t) => {
    const answers = await session(t, await readFile(new URL('../docs/safe-writes.md', import.meta.url), 'utf8'));
    t.match(answers, [
        { applied: true }, { device: 'Hotel1', position: 3 },
        { status: 'success', container: { barcode: 'SCREEN_007', device: 'Washer', lid: { device: 'Hotel1', position: 0 } }, step: { kind: 'move', lidded_before: true, lidded_after: false } },
        { status: 'dry-run', findings: [] },
        { positions: [{ device: 'Hotel1', position: 1 }], owner: 'orchestrator-1' },
        { status: 'success', container: { position: 2 } }, { status: 'success', container: { position: 2 } },
        { code: 'precondition-failed' },
        { status: 'success', container: { lidded: true, lid: null } },
        { items: [{ kind: 'corrected', reason: 'found in the washer' }, { kind: 'moved' }, { kind: 'unlidded' }] },
        { next_cursor: null },
        { barcode: 'SCREEN_007' }
    ]);
});
t.test('the first session runs as the README shows it', { skip: hasJson ? false : 'curl 7.82 or newer is needed' }, async (t) => {
    const answers = await session(t, readme);
    t.equal(answers.length, 10);
    t.match(answers[0], { applied: true }, 'the lab');
    t.match(answers[1], { barcode: 'SCREEN_001', device: 'Hotel1', position: 0 }, 'the plate');
    t.match(answers[4], { device: 'Washer', lidded: false, lid: { device: 'Hotel1', position: 5 } }, 'the plate in the washer');
    t.match(answers[5], { code: 'position-occupied', occupant: { barcode: 'SCREEN_001' } }, 'the refusal');
    t.match(answers[7], { method: 'substitute', level: 'parameters', sample_size: 3, duration_seconds: Number }, 'the estimate');
    t.match(answers[8], { items: [{ kind: 'step' }, { kind: 'step' }, { kind: 'step' }, { kind: 'added' }, { kind: 'unlidded' }, { kind: 'moved' }] }, 'the history');
    t.match(answers[9], { totals: { containers: 1 } }, 'the lab as it is');
});
t.test('the table of variables says what the code does', async (t) => {
    const rows = variables.map(({ name, fallback, meaning }) => `| \`${name}\` | ${fallback === null ? 'unset' : `\`${fallback}\``} | ${meaning} |`);
    t.ok(readme.includes(rows.join('\n')), `the table should be:\n${rows.join('\n')}`);
});
t.test('every path that the README names is served', async (t) => {
    const { app } = await aService(t);
    const paths = Object.keys(app.swagger().paths);
    const named = [...readme.matchAll(/(GET|POST|PUT|PATCH|DELETE) (\/api[^\s`?]*)/g)].map((match) => match[2]);
    for (const path of new Set(named)) {
        const shape = path.replaceAll(/\{[^}]+\}/g, '{}').replace(/\/$/, '');
        t.ok(paths.some((known) => known.replaceAll(/\{[^}]+\}/g, '{}') === shape), path);
    }
});
//# sourceMappingURL=readme.test.js.map