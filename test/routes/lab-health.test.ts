import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

// The constraints forbid these states, so the tests drop the constraints first.
async function broken (t: Parameters<typeof aLab>[0], ...statements: string[]): Promise<Service & { findings: Record<string, unknown>[], healthy: boolean }> {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', name: 'one' })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2', name: 'two', lid: { device: 'Washer' } })
  t.strictSame((await lab.get('/api/lab/health')).body, { healthy: true, findings: [], last_backup: null })
  for (const statement of statements) await lab.query(statement)
  return { ...lab, ...(await lab.get('/api/lab/health')).body }
}

const slotOf = (device: string, slot: number) => `(SELECT p.id FROM position p JOIN device d ON d.id = p.device_id WHERE d.name = '${device}' AND p.slot_number = ${slot})`
const idOf = (barcode: string) => `(SELECT id FROM container WHERE barcode = '${barcode}')`

t.test('one barcode twice is an error', async (t) => {
  const { healthy, findings } = await broken(t, 'DROP INDEX container_barcode_active', "UPDATE container SET barcode = 'P1'")
  t.equal(healthy, false)
  t.match(findings, [{ code: 'duplicate-barcode', severity: 'error', message: '2 containers on the platform have the barcode "P1".', device: null, containers: [{ barcode: 'P1' }, { barcode: 'P1' }] }])
})

t.test('two things in a slot are an error', async (t) => {
  const { healthy, findings } = await broken(t, 'ALTER TABLE placement DROP CONSTRAINT placement_pkey',
    `UPDATE placement SET position_id = ${slotOf('Hotel', 0)} WHERE part = 'body'`)
  t.equal(healthy, false)
  t.match(findings, [{ code: 'slot-shared', severity: 'error', device: 'Hotel', position: 0, message: 'Slot 0 of Hotel holds 2 things.', containers: [{ name: String }, { name: String }] }])
})

t.test('a container in two slots is an error', async (t) => {
  const { healthy, findings } = await broken(t, 'ALTER TABLE placement DROP CONSTRAINT placement_container_part_key CASCADE',
    `INSERT INTO placement (position_id, container_id, part) VALUES (${slotOf('Hotel', 3)}, ${idOf('P1')}, 'body')`)
  t.equal(healthy, false)
  t.match(findings, [{ code: 'container-twice', severity: 'error', message: 'The container "one" (barcode "P1") is in 2 slots.' }])
})

t.test('a lid that is on and parked is an error', async (t) => {
  const { healthy, findings } = await broken(t, 'ALTER TABLE placement DROP CONSTRAINT placement_lid_is_off', 'UPDATE container SET lidded = true')
  t.equal(healthy, false)
  t.match(findings, [{ code: 'lid-on-and-parked', severity: 'error', device: 'Washer', position: 0, message: 'The lid of "two" (barcode "P2") is on, but also parked in slot 0 of Washer.' }])
})

t.test('a container on a retired device or slot is an error', async (t) => {
  const { healthy, findings } = await broken(t, 'ALTER TABLE placement DROP CONSTRAINT placement_on_active_position',
    "UPDATE device SET retired_at = now() WHERE name = 'Washer'", `UPDATE position SET retired_at = now() WHERE id = ${slotOf('Hotel', 0)}`)
  t.equal(healthy, false)
  t.match(findings, [
    { code: 'container-on-retired-device', severity: 'error', device: 'Hotel', position: 0, message: '"one" (barcode "P1") is in slot 0 of Hotel, which was retired.' },
    { code: 'container-on-retired-device', device: 'Washer', message: 'The lid of "two" (barcode "P2") is in slot 0 of Washer, which was retired.' }
  ])
})

t.test('a removed container in a slot, and one that is nowhere, are errors', async (t) => {
  const { healthy, findings } = await broken(t, 'ALTER TABLE placement DROP CONSTRAINT placement_of_present_container',
    'ALTER TABLE placement DROP CONSTRAINT placement_of_placed_container', 'ALTER TABLE container DROP CONSTRAINT container_has_a_place',
    "UPDATE container SET removed_at = now() WHERE barcode = 'P1'", "DELETE FROM placement WHERE part = 'body' AND container_id = " + idOf('P2'))
  t.equal(healthy, false)
  t.match(findings, [
    { code: 'removed-container-in-slot', severity: 'error', device: 'Hotel', position: 0, message: '"one" (barcode "P1") was removed, but still occupies slot 0 of Hotel.' },
    { code: 'container-without-place', severity: 'error', device: null, position: null, message: '"two" (barcode "P2") is on the platform, but in no slot.' }
  ])
})

t.test('devices that only logs know, and steps that run for more than a day, are warnings', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  await lab.post('/api/steps', { device: 'Reader9', start: ago(2), finish: ago(1) })
  await lab.post('/api/steps', { device: 'Reader', start: ago(23) })
  t.match((await lab.get('/api/lab/health')).body, { healthy: true, findings: [{ code: 'unlisted-device', severity: 'warning', device: 'Reader9' }] })
  const { body: old } = await lab.post('/api/steps', { device: 'Reader', start: ago(25) })
  t.match((await lab.get('/api/lab/health')).body, {
    healthy: true,
    findings: [
      { code: 'unlisted-device' },
      { code: 'steps-running-long', severity: 'warning', device: 'Reader', message: `1 step of Reader started more than a day ago and did not finish. The oldest (${old.id}) started at ${old.start}.` }
    ]
  })
  await lab.post('/api/steps', { device: 'Reader', start: ago(26) })
  t.match((await lab.get('/api/lab/health')).body.findings[1].message, /^2 steps of Reader /)
})
