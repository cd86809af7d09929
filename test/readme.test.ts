import t from 'tap'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { variables } from '../src/config.ts'
import { projectRoot } from '../src/project-root.ts'
import { curlSession, withoutCurl } from './support/curl-session.ts'

const readme = await readFile(join(projectRoot, 'README.md'), 'utf8')

t.test('the first session runs as the README shows it', { skip: withoutCurl }, async (t) => {
  const answers = await curlSession(t, readme)
  t.equal(answers.length, 10)
  t.match(answers[0], { applied: true }, 'the lab')
  t.match(answers[1], { barcode: 'SCREEN_001', device: 'Hotel1', position: 0 }, 'the plate')
  t.match(answers[4], { device: 'Washer', lidded: false, lid: { device: 'Hotel1', position: 5 } }, 'the plate in the washer')
  t.match(answers[5], { code: 'position-occupied', occupant: { barcode: 'SCREEN_001' } }, 'the refusal')
  t.match(answers[7], { method: 'substitute', level: 'parameters', sample_size: 3, duration_seconds: Number }, 'the estimate')
  t.match(answers[8], { items: [{ kind: 'step' }, { kind: 'step' }, { kind: 'step' }, { kind: 'added' }, { kind: 'unlidded' }, { kind: 'moved' }] }, 'the history')
  t.match(answers[9], { totals: { containers: 1 } }, 'the lab as it is')
})

t.test('the table of variables says what the code does', async (t) => {
  const rows = variables.map(({ name, fallback, meaning }) => `| \`${name}\` | ${fallback === null ? 'unset' : `\`${fallback}\``} | ${meaning} |`)
  t.ok(readme.includes(rows.join('\n')), `the table should be:\n${rows.join('\n')}`)
})
