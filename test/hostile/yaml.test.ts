import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Problem } from '../../src/contract/problems.ts'
import { readYaml, YamlError } from '../../src/domain/lab-file/read-yaml.ts'
import { yamlReader, YamlTooCostly } from '../../src/routes/lab/yaml-reader.ts'
import { spent } from '../support/hostile.ts'
import { canTellMemory, memoryTaken } from '../support/memory-taken.ts'
import { aLab } from '../support/service.ts'

// The service accepts 1 MiB (1048576). The tests use less, to be fast; `npm run test:soak` sets the real limit.
const largest = Number(process.env.HOSTILE_TEXT_BYTES ?? 131_072)

/** `head`, then as many units as fit. */
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

t.test('merges take linear time, and are limited', async (t) => {
  const merges = (count: number) => `b:\n${Array.from({ length: count }, (_, index) => `  <<: {k${index}: 1}\n`).join('')}`
  const [few, many] = [await spent(() => readYaml(merges(2000))), await spent(() => readYaml(merges(8000)))]
  t.ok(many.ms < 12 * Math.max(few.ms, 20), `four times as many: ${few.ms} ms, ${many.ms} ms`)
  t.throws(() => readYaml(`${base}${'  <<: *a\n'.repeat(300)}`), { message: /^line 203, column 3: the merges \(<<\) copy too many members$/, line: 203, column: 3 })
  t.throws(() => readYaml(`${base}  <<: [${'*a, '.repeat(300)}]\n`), { message: /^line 3, column 3: the merges \(<<\) copy too many members$/ })
  t.same(readYaml('b: {<<: {x: 1, y: 1}, <<: {x: 2}, y: 3}'), { b: { x: 2, y: 3 } }, 'the later of two merges wins, and the own member wins over both')
  t.same(readYaml('b: {<<: [{x: 1}, {x: 2, z: 2}]}'), { b: { x: 1, z: 2 } }, 'the first of a list wins')
})

t.test('large texts do not block the event loop', async (t) => {
  // The slowest of 80 kinds of text, one of each sort. With 1 MiB they take seconds.
  const kinds: Record<string, string> = {
    wide: filled('', (count) => `k${count}: 1\n`), errors: filled('', () => ': :\n'),
    'escaped line ends': `a: "${'\\\n'.repeat(largest / 2 - 4)}"`, 'empty maps': `${filled('[', () => '{},', largest - 1)}]`
  }
  const reader = yamlReader()
  t.teardown(() => reader.close())
  for (const [kind, text] of Object.entries(kinds)) {
    let jsonTime = 0
    const held = await leastOf(4, 250, async () => {
      let value: unknown
      const longest = await longestHold(async () => {
        value = await reader.read(text).catch((error: unknown) => {
          if (!(error instanceof YamlError) && !(error instanceof YamlTooCostly) && !(error instanceof Problem)) throw error
        })
      })
      jsonTime = Math.max(jsonTime, timeToParse(value))
      return longest
    })
    // On a busy machine, the limit is what the event loop needs for the value as a JSON body.
    const limit = Math.max(250, 3 * jsonTime)
    t.ok(held < limit, `${kind}: the event loop was blocked for ${held} ms, the limit is ${limit} ms`)
  }
})

t.test('a text that needs too much time or memory is refused', async (t) => {
  const text = filled('', (count) => `k${count}: 1\n`, 1_048_576)
  const hasty = yamlReader({ timeMs: 1, memoryMiB: 512 })
  await t.rejects(hasty.read(text), { message: /too long/ })
  const poor = yamlReader({ timeMs: 60_000, memoryMiB: 24 })
  await t.rejects(poor.read(text), { message: /too much memory/ })
  t.same(await yamlReader().read(filled('x:\n', () => '  - 1\n', 20_000)), { x: Array.from({ length: 3332 }, () => 1) })
  await t.rejects(yamlReader().read(filled('a: .inf\nb:\n', () => '- 1\n', 20_000)), { code: 'invalid-request', members: { errors: [{ pointer: '/a', detail: 'must be a number that fits a double' }] } })
  const closed = yamlReader()
  const reading = closed.read(text)
  await sleep(50)
  await closed.close()
  await t.rejects(reading, { message: /ended early/ })
})

// The thread's limit holds whatever the text is, so three kinds stand for all. `npm run test:soak` tries every kind.
t.test('a text takes at most 64 MiB of memory', { skip: canTellMemory ? false : 'only Linux tells the most memory of a process' }, async (t) => {
  const whole = 1_048_576
  for (const text of [filled('', () => '- a\n', whole), filled('', (count) => `${count.toString(36)}:\n`, whole), `${filled('[', () => '{},', whole - 1)}]`]) {
    const measure = async () => await memoryTaken(async () => { await t.rejects(yamlReader().read(text), { message: /too much memory/ }) })
    // The process has other tests, too. What the text takes is in both.
    const taken = [await measure(), await measure()]
    t.ok(Math.min(...taken) <= 64, `${taken.join(' and ')} MiB`)
  }
})

t.test('a lab file of many KiB is accepted', async (t) => {
  const lab = await aLab(t, {})
  // the memory is enough for so many
  for (const [count, members] of [[9000, ' { capacity: 1 }'], [6000, '\n  capacity: 10\n  process_capacity: 1\n  allows_overlap: no\n  note: "beside the door, below"']] as const) {
    const devices = Array.from({ length: count }, (_, index) => `Device${index}:${members}\n`).join('')
    t.equal(Object.keys((await yamlReader().read(devices) as object)).length, count, `${devices.length} characters`)
  }
  const text = filled('sila_servers:\n  g:\n', (count) => `    Device${count}: { capacity: 1 }\n`, 20_000)
  const send = (payload: string) => lab.put('/api/lab/config?dry_run=true', payload, { 'content-type': 'application/yaml' })
  t.match(await send(text), { status: 200 })
  t.match(await send(`${text}\n]`), { status: 400, body: { code: 'malformed-body', line: Number, column: 1 } })
})

/** The smallest of some measurements, because the machine can be busy with other work. Stops when one is below `enough`. */
async function leastOf (tries: number, enough: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity
  for (let count = 0; count < tries && least >= enough; count++) least = Math.min(least, await measure())
  return least
}

/** The time in ms that JSON.parse needs for the JSON of a value. */
function timeToParse (value: unknown): number {
  if (value === undefined) return 0
  const json = JSON.stringify(value)
  const started = performance.now()
  JSON.parse(json)
  return Math.round(performance.now() - started)
}

/** The longest time in ms that the event loop was blocked during the work. */
async function longestHold (work: () => Promise<void>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  await work()
  await sleep(10)
  delays.disable()
  return Math.round(delays.max / 1e6)
}
