import fc from 'fast-check'
import t from 'tap'
import { depthOf, storageFault } from '../../src/domain/values.ts'
import { readParameters } from '../../src/import/old-parameters.ts'
import { functionFault } from '../../src/store/prepare-steps.ts'

t.test('an object is taken as it is', (t) => {
  t.strictSame(readParameters('{"fct": "read", "n": [1, 2.5, 1e3, "NaN", "12345678901234567890", 1234567890123456], "ok": null}'), {
    data: { fct: 'read', n: [1, 2.5, 1000, 'NaN', '12345678901234567890', 1234567890123456], ok: null }, settled: []
  })
  t.end()
})

t.test('numbers that JSON has not become null, and those that would lose digits become text', (t) => {
  t.strictSame(readParameters('{"a": NaN, "b": -Infinity, "c": -12345678901234567890, "d": "say \\"NaN\\" 1234567890123456789", "e": 1.25e-3}'), {
    data: { a: null, b: null, c: '-12345678901234567890', d: 'say "NaN" 1234567890123456789', e: 1.25e-3 }, settled: ['data-number']
  })
  t.end()
})

t.test('what cannot be stored is replaced, in texts and in keys', (t) => {
  t.strictSame(readParameters('{"a\\u0000": ["\\ud800", {"__proto__": 1, "huge": 1e999}]}'), { data: { 'a\uFFFD': ['\uFFFD', { proto: 1, huge: null }] }, settled: ['data-text'] })
  t.end()
})

t.test('a function is a text of 1 to 200 characters, or none', (t) => {
  t.strictSame(readParameters('{"fct": ""}').data, { fct: null })
  t.strictSame(readParameters('{"fct": 7}').data, { fct: '7' })
  t.strictSame(readParameters(`{"fct": "${'x'.repeat(300)}"}`).data, { fct: 'x'.repeat(200) })
  t.end()
})

t.test('what is nested too deep keeps its function and its beginning', (t) => {
  const { data, settled } = readParameters(`{"fct": "read", "deep": ${'['.repeat(5000)}${']'.repeat(5000)}}`)
  t.strictSame(settled, ['data-too-large'])
  t.match(data, { fct: 'read', text: /^\{"fct": "read", "deep": \[\[/ })
  t.strictSame(readParameters('['.repeat(200_000)).settled, ['data-no-json', 'data-too-large'])
  t.end()
})

t.test('whatever the text is, the log takes what becomes of it', (t) => {
  const text = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.jsonValue().map((value) => JSON.stringify({ fct: value })))
  fc.assert(fc.property(text, (parameters) => {
    const { data } = readParameters(parameters)
    return storageFault(data) === null && functionFault(data) === null && depthOf(data, 33) <= 32 && Buffer.byteLength(JSON.stringify(data)) <= 66_000
  }))
  t.end()
})
