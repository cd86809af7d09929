import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { readYaml, YamlError } from '../../src/domain/lab-file/read-yaml.ts'
import { yamlReader, YamlTooDear } from '../../src/routes/lab/yaml-reader.ts'
import { spent } from '../support/hostile.ts'
import { aLab } from '../support/service.ts'

const largest = 1_048_576

/** `head`, then units as long as they fit. */
function filled (head: string, unit: (count: number) => string, size = largest): string {
  const parts = [head]
  let length = head.length
  for (let count = 0; ; count++) {
    const next = unit(count)
    if (length + next.length > size) return parts.join('')
    parts.push(next)
    length += next.length
  }
}

const base = `a: &a {${Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join(', ')}}\nb:\n`

t.test('merges are linear, and have an end', async (t) => {
  const merges = (count: number) => `b:\n${Array.from({ length: count }, (_, index) => `  <<: {k${index}: 1}\n`).join('')}`
  const [few, many] = [await spent(() => readYaml(merges(2000))), await spent(() => readYaml(merges(8000)))]
  t.ok(many.ms < 12 * Math.max(few.ms, 20), `four times as many: ${few.ms} ms, ${many.ms} ms`)
  t.throws(() => readYaml(`${base}${'  <<: *a\n'.repeat(300)}`), { message: /^line 203, column 3: the merges \(<<\) make too much of this file$/, line: 203, column: 3 })
  t.throws(() => readYaml(`${base}  <<: [${'*a, '.repeat(300)}]\n`), { message: /^line 3, column 3: the merges \(<<\) make too much of this file$/ })
  t.same(readYaml('b: {<<: {x: 1, y: 1}, <<: {x: 2}, y: 3}'), { b: { x: 2, y: 3 } }, 'of two merges the later wins, the own member always')
  t.same(readYaml('b: {<<: [{x: 1}, {x: 2, z: 2}]}'), { b: { x: 1, z: 2 } }, 'of a list the first')
})

t.test('large texts are read beside the event loop, one at a time', async (t) => {
  // the slowest of 80 kinds of 1 MiB, one of each sort: they take seconds
  const kinds: Record<string, string> = {
    wide: filled('', (count) => `k${count}: 1\n`), errors: filled('', () => ': :\n'),
    'escaped line ends': `a: "${'\\\n'.repeat(largest / 2 - 4)}"`, 'empty maps': `${filled('[', () => '{},', largest - 1)}]`
  }
  const reader = yamlReader()
  t.teardown(() => reader.close())
  for (const [kind, text] of Object.entries(kinds)) {
    const held = await leastOf(4, 250, () => longestHold(async () => {
      await reader.read(text).catch((error: unknown) => {
        if (!(error instanceof YamlError) && !(error instanceof YamlTooDear)) throw error
      })
    }))
    t.ok(held < 250, `${kind}: the event loop was held for ${held} ms`)
  }
})

t.test('what takes too long or too much is told', async (t) => {
  const text = filled('', (count) => `k${count}: 1\n`)
  const hasty = yamlReader({ timeMs: 1, memoryMiB: 512 })
  await t.rejects(hasty.read(text), { message: /takes too long/ })
  const poor = yamlReader({ timeMs: 60_000, memoryMiB: 24 })
  await t.rejects(poor.read(text), { message: /too much memory/ })
  t.same(await yamlReader().read(filled('x:\n', () => '  - 1\n', 20_000)), { x: Array.from({ length: 3332 }, () => 1) })
  await t.rejects(yamlReader().read(filled('a: .inf\nb:\n', () => '- 1\n', 20_000)), { code: 'invalid-request', members: { errors: [{ pointer: '/a', detail: 'must be a number that a double can hold' }] } })
  const closed = yamlReader()
  const reading = closed.read(text)
  await sleep(50)
  await closed.close()
  await t.rejects(reading, { message: /was ended/ })
})

t.test('a lab file of many KiB comes in by its thread', async (t) => {
  const lab = await aLab(t, {})
  const text = filled('sila_servers:\n  g:\n', (count) => `    Device${count}: { capacity: 1 }\n`, 20_000)
  const send = (payload: string) => lab.put('/api/lab/config?dry_run=true', payload, { 'content-type': 'application/yaml' })
  t.match(await send(text), { status: 200 })
  t.match(await send(`${text}\n]`), { status: 400, body: { code: 'malformed-body', line: Number, column: 1 } })
})

/** The least of some tries, which end when one is good enough: the machine may be busy with other things. */
async function leastOf (tries: number, enough: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity
  for (let count = 0; count < tries && least >= enough; count++) least = Math.min(least, await measure())
  return least
}

/** How long the event loop was held at a time while something was done, at most, in ms. */
async function longestHold (work: () => Promise<void>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  await work()
  await sleep(10)
  delays.disable()
  return Math.round(delays.max / 1e6)
}
