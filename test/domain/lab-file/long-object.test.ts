import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { jsonPieces, LongObject } from '../../../src/domain/lab-file/long-object.ts'
import { readYaml } from '../../../src/domain/lab-file/read-yaml.ts'
import { writeYaml, yamlPieces } from '../../../src/domain/lab-file/write-yaml.ts'
import { writeExactly } from '../../../src/domain/whole-numbers.ts'
import { repetitions } from '../../support/thorough.ts'

/** Every object of the value as a long one. */
function long (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return new LongObject(() => Object.entries(value).map(([name, inner]) => [name, long(inner)]))
}

const oddTexts = ['', 'yes', 'null', '5', ' a', 'a ', 'a: b', '# a', '- a', '? a', '? ', 'a\n', '\n', '\n\n a\n\n', ' a\nb\n\n', 'a\r\nb\r', 'a\u2028b\u0085c', '\t', '\n \n', ' \n'.repeat(60), `${'l \n'.repeat(60)} `, 'x'.repeat(2000), `${'line\n'.repeat(900)} end`, '<<', 'a\tb', '=', '\u007f', '\ufeff\'', '\u3000', '1:30', '010', '1e3']
const text = fc.oneof(fc.constantFrom(...oddTexts), fc.string())
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 }), fc.dictionary(text.filter((name) => name !== '__proto__'), tie('value'), { maxKeys: 6 }))
}))

t.test('what is written in pieces is the same value, in YAML and in JSON', (t) => {
  fc.assert(fc.property(value, fc.nat(700), (value, more) => {
    const filled = { 'a name': value, many: Object.fromEntries(Array.from({ length: more }, (_, n) => [`name ${n}`, n])), list: [Array.from({ length: more }, (_, n) => n), value] }
    const plain = writeExactly(filled)
    for (const written of [filled, long(filled)]) {
      const yaml = [...yamlPieces(written)].join('')
      if (writeExactly(readYaml(yaml)) !== plain || writeExactly(parse(yaml, { version: '1.1', merge: false, maxAliasCount: 0, uniqueKeys: false })) !== plain) return false
      if ([...jsonPieces(written)].join('') !== plain) return false
    }
    return true
  }), { numRuns: repetitions({ quick: 40, thorough: 400 }) })
  t.end()
})

t.test('what YAML 1.1 reads otherwise is in quotes and escaped, and numbers have a point', (t) => {
  const written = (value: unknown): string => writeYaml({ value }).slice('value: '.length, -1)
  // each as PyYAML 6.0.3 reads it back
  t.strictSame(['a\tb', '=', 'a\u007f', 'a\u0085b', '\u2028', '\ufeffa', ' \n \n', '\u001b'].map(written),
    ['"a\\tb"', '"="', '"a\\u007f"', '"a\\u0085b"', '"\\u2028"', '"\\ufeffa"', '"\\ \\n\\ \\n"', '"\\e"'])
  t.strictSame([1e-7, -2e-323, 1.5e-9, 1e21, 0.5].map(written), ['1.0e-7', '-2.0e-323', '1.5e-9', '1000000000000000000000', '0.5'])
  t.equal(writeYaml({ '\ufeff\t': 1 }), '"\\ufeff\\t": 1\n', 'also in names')
  t.end()
})

t.test('what is short is one piece, and members keep their order, also when they are numbers', (t) => {
  t.strictSame([...yamlPieces({ b: 1, a: { c: [1, 2] } })], ['b: 1\na:\n  c:\n    - 1\n    - 2\n'])
  t.equal([...yamlPieces(new LongObject(() => [['none', new LongObject(() => [])], ['b', { d: 1 }], ['5', null], ['1', new LongObject(() => [['x', 'z']])]]))].join(''), 'none: {}\nb:\n  d: 1\n"5": null\n"1":\n  x: z\n')
  t.equal([...yamlPieces(new LongObject(() => []))].join(''), '{}\n')
  t.equal([...jsonPieces(new LongObject(() => []))].join(''), '{}')
  t.end()
})

t.test('no piece is long, whatever is', (t) => {
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`member ${n}`, { n, text: 'a text', list: [n] }]))
  for (const value of [members(5000), [[members(5000)]], Array.from({ length: 30_000 }, () => 0), { a: { b: { c: members(3000), d: Array.from({ length: 5000 }, () => 'x') } } }]) {
    const pieces = [...yamlPieces(value)]
    t.ok(pieces.length > 20 && pieces.every(({ length }) => length < 25_000), `${pieces.length} pieces, the longest of ${Math.max(...pieces.map(({ length }) => length))} characters`)
  }
  t.end()
})
