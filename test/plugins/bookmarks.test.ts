import t from 'tap'
import { aService } from '../support/service.ts'

t.test('bookmarks of Platform Status DB lead to the successors of its pages, also without a key', async (t) => {
  const service = await aService(t)
  await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const successors = {
    '/job_logs/present_labware/': '/labware', '/job_logs/present_labware': '/labware', '/job_logs/': '/', '/job_logs': '/',
    '/admin/': '/lab/devices', '/admin': '/lab/devices', '/admin/job_logs/container/17/change/': '/lab/devices'
  }
  for (const [old, location] of Object.entries(successors)) t.match(await service.get(old), { status: 308, headers: { location } }, old)
  t.match(await service.get('/job_logs/other/'), { status: 404 }, 'other paths stay honest')
})

t.test('bookmarks and links of the pages lead to pages that are there', async (t) => {
  const service = await aService(t)
  await service.put('/api/lab/config', { sila_servers: { devices: { 'Hotel 1': { capacity: 2 } } } })
  await service.post('/api/containers', { device: 'Hotel 1', barcode: 'P1' })
  const { body: { key } } = await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const headers = { authorization: `Bearer ${key}` }
  const waiting = ['/', '/present', '/sign-in', '/job_logs/present_labware/', '/job_logs/', '/admin/', '/admin/job_logs/container/']
  const seen = new Set<string>()
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const { status, text, headers: answered } = await service.get(path, headers)
    if (status >= 300 && status < 400) waiting.push(String(answered.location))
    else t.equal(status, 200, path)
    if (String(answered['content-type']).startsWith('text/html') && !path.startsWith('/docs')) waiting.push(...[...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!.replaceAll('&amp;', '&')))
    // Without a key, pages that need one say where to sign in.
    const refused = await service.get(path)
    if (refused.status === 401 && String(refused.headers['content-type']).startsWith('text/html')) t.match(refused.text, 'href="/sign-in"', path)
  }
  t.ok(seen.has('/labware') && seen.has('/lab/devices') && seen.has('/favicon.ico'), [...seen].join(' '))
})

t.test('browsers get an icon', async (t) => {
  const service = await aService(t)
  t.match(await service.get('/favicon.ico'), { status: 200, headers: { 'content-type': 'image/png', 'cache-control': /max-age/ } })
})
