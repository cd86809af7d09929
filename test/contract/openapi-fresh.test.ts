import t from 'tap'
import { openapiText } from '../../src/openapi-text.ts'
import { committedText } from '../support/openapi.ts'

t.test('openapi/openapi.json is what the routes make: after a change of schemas or routes run `npm run openapi` and commit it', async (t) => {
  const [made, committed] = [await openapiText(), committedText()]
  const lines = made.split('\n')
  const line = committed.split('\n').findIndex((text, index) => text !== lines[index])
  t.ok(made === committed, `openapi/openapi.json is old from line ${line + 1} on: run \`npm run openapi\` and commit it`)
})
