import t from 'tap'
import { aLab } from '../support/service.ts'

t.test('devices of the file are added with their slots', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Washer: 1 })
  t.match(await lab.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } }),
    { status: 200, body: { applied: true, revision: 1, changes: [{ action: 'unchanged', device: 'Hotel' }, { action: 'unchanged', device: 'Washer' }] } })
})
