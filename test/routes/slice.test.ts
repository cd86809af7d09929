import t from 'tap'
import { aService } from '../support/service.ts'

t.test('an unknown container is not found', async (t) => {
  const service = await aService(t)
  t.match(await service.get('/api/containers/X'), { status: 404, body: { error: 'Container not found' } })
})
