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

t.test('what stands in a text does not count', async (t) => {
  t.equal(limitOf(JSON.stringify(',[{:'.repeat(jsonLimits.values))), null)
  t.equal(limitOf(JSON.stringify('\\"\\'.repeat(1000) + '['.repeat(2000))), null)
})

t.test('any text is read to its end', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => exceededLimit(bytes) === null))
  t.pass()
})
