import t from 'tap'
import { theDocument } from '../support/openapi.ts'

t.test('/docs fills in dry_run=true wherever a call has it', async (t) => {
  const document = await theDocument()
  const operations = Object.values<Record<string, any>>(document.paths).flatMap((path) => Object.values(path))
  const dryRuns = operations.flatMap(({ operationId, parameters = [] }) => parameters.filter(({ name }: { name: string }) => name === 'dry_run')
    .map(({ example }: { example: unknown }) => [operationId, example]))
  t.ok(dryRuns.length > 40, 'every write, see test/contract/dry-runs.test.ts')
  t.ok(dryRuns.every(([, example]) => example === true))
  for (const [name, schema] of Object.entries<any>(document.components.schemas).filter(([, { properties }]) => properties?.dry_run?.anyOf !== undefined)) {
    t.match(schema.examples, [{ dry_run: true }], name)
  }
})
