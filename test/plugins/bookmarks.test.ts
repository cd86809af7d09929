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

t.test('browsers get an icon', async (t) => {
  const service = await aService(t)
  t.match(await service.get('/favicon.ico'), { status: 200, headers: { 'content-type': 'image/png', 'cache-control': /max-age/ } })
})
