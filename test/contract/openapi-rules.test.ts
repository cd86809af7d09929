import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { theDocument } from '../support/openapi.ts'
import { operationRules } from './rules/operations.ts'
import { problemRules } from './rules/problems.ts'
import { schemaRules } from './rules/schemas.ts'
import { soundDocument } from './rules/sound.ts'

// The rules of the OpenAPI document. A rule that fails says its name, its reason and the places that break it.

const document = await theDocument()
const sound = await soundDocument()

t.test('the document is valid OpenAPI 3.1.1', async (t) => {
  t.equal(document.openapi, '3.1.1')
  t.match(await new Validator().validate(structuredClone(document)), { valid: true })
  t.match(await new Validator().validate({ ...structuredClone(document), paths: { '/api/lab': { get: { responses: 'none' } } } }), { valid: false })
})

for (const { rule, why, faults, breaking } of [...operationRules, ...problemRules, ...schemaRules]) {
  t.test(rule, (t) => {
    t.same(faults(document), [], why)
    const broken = structuredClone(sound)
    breaking(broken)
    t.same(faults(sound), [], 'a sound document keeps it')
    t.not(faults(broken).length, 0, 'a broken one is found out')
    t.end()
  })
}
