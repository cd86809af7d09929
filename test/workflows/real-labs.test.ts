import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { projectRoot } from '../../src/project-root.ts'
import { aService } from '../support/service.ts'

// Every real lab file in examples/ (see SOURCES.md there) is applied, changed and applied again, as labs do with their files.

const directory = join(projectRoot, 'examples')
const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'))
const yaml = { 'content-type': 'application/yaml' }

type Changes = { body: { changes: { action: string, device: string }[], revision: number } }
type LabFile = { sila_servers: Record<string, Record<string, { capacity: number }>> }

const orderOf = (file: LabFile) => Object.entries(file.sila_servers).map(([group, devices]) => [group, ...Object.keys(devices)])
const actions = ({ body }: Changes) => [...new Set(body.changes.map(({ action }) => action))]

t.ok(files.length >= 9, 'the files are there')

for (const name of files) {
  t.test(name, async (t) => {
    const text = readFileSync(join(directory, name), 'utf8')
    const file = parse(text) as LabFile
    const capacities = Object.values(file.sila_servers).flatMap((group) => Object.entries(group).map(([device, { capacity }]) => [device, capacity] as const))
    const service = await aService(t)
    const put = async (body: unknown, headers = {}) => await service.put('/api/lab/config', body, headers) as Changes

    const first = await put(text, yaml)
    t.strictSame(actions(first), ['add'])
    t.strictSame(first.body.changes.map(({ device }) => device), capacities.map(([device]) => device))
    const state = (await service.get('/api/lab')).body
    t.match(state.totals, { devices: capacities.length, positions: capacities.reduce((sum, [, capacity]) => sum + capacity, 0), occupied: 0 })
    t.match(state.devices, capacities.map(([device, positions]) => ({ name: device, positions })))

    t.match(await put(text, yaml), { body: { revision: 1 } }, 'a second time it changes nothing')
    const json = await service.get('/api/lab/config')
    t.strictSame(json.body, file, 'it comes back as it was')
    t.strictSame(orderOf(json.body), orderOf(file), 'in its order')
    t.match(await put(json.body), { body: { revision: 1 } }, 'the export as JSON changes nothing')
    t.match(await put((await service.get('/api/lab/config', { accept: 'application/yaml' })).text, yaml), { body: { revision: 1 } }, 'nor as YAML')

    const [largest, capacity] = [...capacities].sort((a, b) => b[1] - a[1])[0]!
    const resized = (audit: number): LabFile => ({
      ...file,
      sila_servers: Object.fromEntries(Object.entries(file.sila_servers).map(([group, devices]) => [group,
        Object.fromEntries(Object.entries(devices).map(([device, settings]) => [device, device === largest ? { ...settings, capacity: capacity + audit } : settings]))]))
    })
    t.match((await put(resized(1))).body.changes.filter(({ action }) => action !== 'unchanged'), [{ action: 'grow', device: largest, capacity: { from: capacity, to: capacity + 1 } }])
    t.match((await put(file)).body.changes.filter(({ action }) => action !== 'unchanged'), [{ action: 'shrink', device: largest }])

    await service.post('/api/containers', { device: largest, position: capacity - 1, barcode: 'PLATE' })
    for (const smaller of [resized(-1), { sila_servers: {} }]) {
      t.match(await put(smaller), { status: 409, body: { code: 'slots-occupied', occupied: [{ device: largest, position: capacity - 1, occupant: { barcode: 'PLATE' } }] } })
    }
    t.strictSame((await service.get('/api/lab/config')).body, file, 'nothing of it was applied')
    t.match((await service.get('/api/containers/PLATE')).body, { device: largest, position: capacity - 1 })
    t.match((await service.get('/api/lab/health')).body, { healthy: true, findings: [] })
  })
}

t.test('a lab that was rebuilt', async (t) => {
  const service = await aService(t)
  const put = async (name: string) => await service.put('/api/lab/config', readFileSync(join(directory, name), 'utf8'), yaml) as Changes
  const changed = ({ body }: Changes) => body.changes.filter(({ action }) => action !== 'unchanged').map(({ action, device }) => `${action} ${device}`)
  await put('uppsala_cage2_2025-07-19.yaml')
  const ids = (await service.get('/api/devices')).body.items.map(({ id }: { id: string }) => id)
  t.strictSame(changed(await put('uppsala_cage2.yaml')), ['grow Hotel1', 'grow Hotel2', 'add Washer', 'add MultiFlow', 'add Squid2', 'retire Multiflow'])
  t.strictSame(changed(await put('uppsala_cage2_2025-07-19.yaml')), ['shrink Hotel1', 'shrink Hotel2', 'restore Multiflow', 'retire Washer', 'retire MultiFlow', 'retire Squid2'])
  t.strictSame((await service.get('/api/devices')).body.items.map(({ id }: { id: string }) => id), ids)
})
