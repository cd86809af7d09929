import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { maxYamlLength, readYaml, YamlError } from '../../src/domain/lab-file/read-yaml.ts'
import { writeYaml } from '../../src/domain/lab-file/write-yaml.ts'

function refusal (text: string): { detail: string, line: unknown, column: unknown } {
  try {
    readYaml(text)
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const { message, line, column } = error
    return { detail: message, line, column }
  }
  return { detail: 'nothing was refused', line: 0, column: 0 }
}

t.test('YAML is read as labs write it', async (t) => {
  t.strictSame(readYaml('a: False\nb: 1 # said aside\nc: "x"\nd: [1, two]'), { a: false, b: 1, c: 'x', d: [1, 'two'] }, 'no final newline')
  t.strictSame(readYaml('\ufeffa: 1\n'), { a: 1 }, 'a byte order mark')
  t.strictSame(readYaml('a: 1\r\nb:\r\n  c: 2\r\n'), { a: 1, b: { c: 2 } }, 'lines of Windows')
  t.strictSame(readYaml('---\na: 1\n...\n'), { a: 1 }, 'the marks of one document')
  t.equal(readYaml(''), null)
  t.equal(readYaml('# nothing\n'), null)
  t.strictSame(readYaml('{"sila_servers": {"g": null}}'), { sila_servers: { g: null } }, 'JSON is YAML')
})

t.test('yes, no, on and off are booleans, as PyYAML has them; other words of YAML 1.1 are text and numbers of 1.2', async (t) => {
  t.strictSame(readYaml('[yes, No, ON, off, "yes", y, n]'), [true, false, true, false, 'yes', 'y', 'n'])
  t.strictSame(readYaml('[2026-01-01, 010, 1:30, 1_000, 0o17, 0x1F]'), ['2026-01-01', 10, '1:30', '1_000', 15, 31])
  t.strictSame(readYaml('%YAML 1.1\n---\na: 2026-01-01\n'), { a: '2026-01-01' }, 'whatever the file says it is')
})

t.test('keys are the text that is written', async (t) => {
  t.strictSame(readYaml('1: a\non: b\nnull: c\n0x10: d\n'), { 1: 'a', on: 'b', null: 'c', '0x10': 'd' })
  t.match(refusal('? {a: b}\n: c\n'), { detail: /a key must be text/, line: 1 })
  t.match(refusal('a: {[x]: 1}'), { detail: /key/, line: 1 })
  t.match(refusal('__proto__: {capacity: 1}'), { detail: /__proto__/, line: 1, column: 1 })
  t.match(refusal('a: 1\nb:\n  c: 1\n  "c": 2\n'), { detail: /"c" appears twice/, line: 4, column: 3 })
  t.match(refusal('1: a\n"1": b\n'), { detail: /twice/, line: 2 })
})

t.test('anchors, aliases and merges are followed', async (t) => {
  t.strictSame(readYaml('a: &slots {capacity: 4}\nb: *slots\nc: {<<: *slots, type: x}\n'),
    { a: { capacity: 4 }, b: { capacity: 4 }, c: { capacity: 4, type: 'x' } })
  t.strictSame(readYaml('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\n'),
    { a: { x: 1, y: 1 }, b: { y: 2, z: 2 }, c: { x: 1, y: 1, z: 3 } }, 'what is written wins, then the first')
  t.strictSame(readYaml('a: &x 1\nb: &x 2\nc: *x\n'), { a: 1, b: 2, c: 2 }, 'an anchor may be set again')
  t.strictSame(readYaml('"<<": 1'), { '<<': 1 })
  t.match(refusal('a: {<<: 5}'), { detail: /<</, line: 1, column: 5 })
  t.match(refusal('a: *nowhere'), { detail: /&nowhere/, line: 1, column: 4 })
  t.match(refusal('a: &a [*a]'), { detail: /refers to itself/, line: 1, column: 8 })
})

t.test('what does not parse is told with line and column', async (t) => {
  t.match(refusal('a:\n\tb: 1'), { detail: /line 2, column 1: Tabs are not allowed/, line: 2, column: 1 })
  t.match(refusal('a: [1, 2\nb: 3'), { line: 2, column: 1 })
  t.match(refusal('a: "x'), { line: 1 })
  t.match(refusal('a: 1\n---\nb: 2\n'), { detail: /second document/, line: 2 })
  t.match(refusal('a: !!python/object:x {b: 1}'), { detail: /tag/, line: 1, column: 4 })
  t.match(refusal('a: !!binary aGVsbG8='), { detail: /tag/ })
  t.match(refusal('a: &a &b 1'), { line: 1, column: 7 })
  t.match(refusal(']'), { line: 1, column: 1 })
  t.match(refusal('%NO DIRECTIVE\n'), { line: 1 })
})

t.test('a file that was made to do harm is refused soon', async (t) => {
  for (const [what, text] of [
    ['nested lists', '['.repeat(20_000)],
    ['nested maps', '{a: '.repeat(20_000)],
    ['nested dashes', 'a:\n ' + '- '.repeat(20_000)],
    ['nested lines', Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['closing brackets', ']'.repeat(20_000)],
    ['commas', 'a: [' + ','.repeat(50_000)],
    ['laughs', ['a: &a [x, x, x, x]', ...Array.from({ length: 25 }, (_, n) => {
      const [before, name] = [String.fromCharCode(97 + n), String.fromCharCode(98 + n)]
      return `${name}: &${name} [*${before}, *${before}, *${before}, *${before}]`
    })].join('\n')],
    ['a long list of merges', `a: &a {}\nb: {<<: [${'*a, '.repeat(150_000)}*b]}`],
    ['merges', `a: &a {${Array.from({ length: 2000 }, (_, n) => `k${n}: 1`).join(', ')}}\n` + Array.from({ length: 3000 }, (_, n) => `m${n}: {<<: *a}`).join('\n')]
  ] as const) {
    // processor time, because other work may keep the machine busy
    const begin = process.cpuUsage()
    t.match(refusal(text), { line: Number }, what)
    t.ok(process.cpuUsage(begin).user < 10e6, `${what}: in time`)
  }
})

t.test('many devices are read in time', async (t) => {
  const text = 'sila_servers:\n  g:\n' + Array.from({ length: 10_000 }, (_, index) => `    device_${index}: {capacity: 10}`).join('\n')
  t.ok(text.length < maxYamlLength)
  const begin = process.cpuUsage()
  t.equal(Object.keys((readYaml(text) as { sila_servers: { g: object } }).sila_servers.g).length, 10_000)
  t.ok(process.cpuUsage(begin).user < 10e6)
})

t.test('what is written reads back the same, here and as YAML 1.1', async (t) => {
  const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('<<', '~', 'null', 'yes', '1', '0x1', '- a', '? b', '&x', '*x', '', ' a', '2026-01-01', '%a', '---'))
    .filter((text) => text !== '__proto__' && text.isWellFormed())
  const words = fc.oneof(key, fc.constantFrom('010', '1:30', '1_000', 'On', '.inf', '5.', '\n', 'a: b', '# c', 'a\r\nb', '\u2028', '\u0085', '\ufeffx'))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, words, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)), fc.boolean(), fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }))
  }))
  t.doesNotThrow(() => fc.assert(fc.property(value, (given) => {
    // inside a member: at the very beginning, a byte order mark is not part of the text
    return JSON.stringify(readYaml(writeYaml({ given }))) === JSON.stringify({ given })
  }), { numRuns: 1000 }))
  const odd = { a: ['yes', '010', '1:30', '2026-01-01', '1_000', 'y', '0o7', 'x'], on: 'off' }
  t.strictSame(parse(writeYaml(odd), { version: '1.1' }), odd)
})

t.test('long text stays one line', async (t) => {
  t.equal(writeYaml({ description: 'word '.repeat(100).trim() }), `description: ${'word '.repeat(100).trim()}\n`)
})
