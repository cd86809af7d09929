import t from 'tap'
import { theDocument } from '../support/openapi.ts'
import { aService } from '../support/service.ts'

t.test('the address of the service shows a page without a key, whose links all work and which loads nothing', async (t) => {
  const service = await aService(t)
  await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const page = await service.get('/')
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': /^default-src 'none'; style-src 'sha256-[^']+'; img-src 'self'; frame-ancestors 'none'$/ } })
  t.match(page.text, /status service of a robotic laboratory/)
  t.notMatch(page.text, /<script|<img|<link|src=/)
  const links = [...page.text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!)
  t.strictSame(links, ['/present', '/sign-in', '/docs', '/openapi.json', '/asyncapi.json', '/health/ready', '/api/lab'])
  for (const link of links.filter((one) => !one.startsWith('/api/') && one !== '/present')) t.ok([200, 302].includes((await service.get(link)).status), link)
  for (const link of ['/api/lab', '/present']) t.match(await service.get(link), { status: 401 }, `${link} needs a key`)
})

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
