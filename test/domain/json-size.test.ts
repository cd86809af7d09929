import fc from 'fast-check'
import t from 'tap'
import { exceededLimit, jsonLimits } from '../../src/domain/json-size.ts'

const limitOf = (text: string): string | null => exceededLimit(Buffer.from(text))
const list = (item: string, count: number): string => `[${Array.from({ length: count }, () => item).join(',')}]`
const wide = (count: number): string => `{${Array.from({ length: count }, (_, n) => `"${n}":0`).join(',')}}`

t.test('values, members of one object and levels are counted before a body is parsed', async (t) => {
  t.equal(limitOf(list('0', jsonLimits.values)), null)
  t.equal(limitOf(list('0', jsonLimits.values + 1)), 'values')
  t.equal(limitOf(list('{}', jsonLimits.values / 2 + 1)), 'values')
  t.equal(limitOf(wide(jsonLimits.members)), null)
  t.equal(limitOf(wide(jsonLimits.members + 1)), 'members')
  t.equal(limitOf(`[${wide(jsonLimits.members)},${wide(jsonLimits.members)}]`), null, 'each object by itself')
  t.equal(limitOf(`{"a":${wide(jsonLimits.members)},"b":${wide(jsonLimits.members)},"c":${wide(jsonLimits.members + 1)}}`), 'members')
  t.equal(limitOf('['.repeat(jsonLimits.levels)), null)
  t.equal(limitOf('['.repeat(jsonLimits.levels + 1)), 'levels')
})

t.test('numbers count as they are written without an exponent', async (t) => {
  const most = Math.floor(jsonLimits.digits / 308)
  for (const number of ['1e308', '1E+308', '-1.5e-308']) {
    t.equal(limitOf(list(number, most)), null, number)
    t.equal(limitOf(list(number, most + 1)), 'digits', number)
  }
  t.equal(limitOf(list('0e99999999999', jsonLimits.digits / 330 - 10)), null, 'no number has more digits than a double')
  t.equal(limitOf(list('1.5', jsonLimits.values - 1)), null)
  t.equal(limitOf(list('"1e308"', jsonLimits.values - 1)), null, 'texts do not count')
  t.equal(limitOf(list('true', jsonLimits.values - 1)), null)
})

t.test('what stands in a text does not count', async (t) => {
  t.equal(limitOf(JSON.stringify(',[{:'.repeat(jsonLimits.values))), null)
  t.equal(limitOf(JSON.stringify('\\"\\'.repeat(1000) + '['.repeat(2000))), null)
})

t.test('any text is read to its end', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => exceededLimit(bytes) === null))
  t.pass()
})
