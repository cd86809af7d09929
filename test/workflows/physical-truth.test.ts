import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { demoClient } from '../../src/demo/client.ts'
import { recordEvent, setUp } from '../../src/demo/replay.ts'
import { barcodeOf, placeOf, readLabFile, readRuns, type RobotlabRun } from '../../src/demo/robotlab.ts'
import { seededRandom } from '../../src/estimation/random.ts'
import { projectRoot } from '../../src/project-root.ts'
import { listening } from '../support/http.ts'
import { aLab, aService, type Service } from '../support/service.ts'

// What is tracked and what is really in the lab. The lab files and the barcodes are those of real labs (examples/); what is really
// there is a map that the tests keep for themselves, and that the service only learns from stocktakes.

const examples = join(projectRoot, 'examples')
const reason = 'stocktake'

type Plates = Map<string, string | null>
type LabFile = { sila_servers: Record<string, Record<string, { capacity: number }>> }

const key = (device: string, position: number) => `${device}\n${position}`
const seenOn = (plates: Plates, device: string) => [...plates].filter(([slot]) => slot.startsWith(`${device}\n`)).map(([slot, barcode]) => ({ position: Number(slot.split('\n')[1]), barcode }))

/** What the service says is where, in the form of the map. Lids are left out. */
async function tracked (service: Service): Promise<Record<string, string | null>> {
  const { body } = await service.get('/api/lab')
  return Object.fromEntries(body.devices.flatMap(({ name, containers }: any) => containers.map(({ position, barcode }: any) => [key(name, position), barcode])).sort())
}

async function takeStock (service: Service, plates: Plates, device: string, apply = true) {
  const { status, body, text } = await service.post('/api/stocktakes', { device, seen: seenOn(plates, device), apply, ...apply ? { reason } : {} })
  if (status !== 200) throw new Error(`the stocktake of ${device} answers ${text}`)
  return body
}

t.test('200 random disturbances of real labs are found and repaired by stocktakes', async (t) => {
  const run = (await readRuns())[0]!
  const files = readdirSync(examples).filter((name) => name.endsWith('.yaml'))
  const each = Math.ceil(200 / files.length)
  let disturbances = 0
  for (const [nth, file] of files.entries()) {
    const service = await aService(t)
    await service.put('/api/lab/config', readFileSync(join(examples, file), 'utf8'), { 'content-type': 'application/yaml' })
    const { body: config } = await service.get('/api/lab/config') as { body: LabFile }
    const slots = Object.values(config.sila_servers).flatMap((group) => Object.entries(group ?? {}).flatMap(([device, { capacity }]) => Array.from({ length: capacity }, (_, n) => key(device, n))))
    const random = seededRandom([nth])
    const pick = <T> (of: readonly T[]): T => of[Math.floor(random() * of.length)]!
    // Barcodes of the robotlab; every second slot has a plate, at most 40.
    let labels = 0
    const next = () => barcodeOf(run.name, `${++labels}`)
    const plates: Plates = new Map(slots.filter((_, n) => n % 2 === 0).slice(0, 40).map((slot) => [slot, next()]))
    const containers = [...plates].map(([slot, barcode]) => ({ device: slot.split('\n')[0]!, position: Number(slot.split('\n')[1]), barcode }))
    t.equal((await service.post('/api/containers/batch', { containers })).status, 201, file)

    const pocket: string[] = []
    for (let n = 0; n < each; n++) {
      const [taken, empty] = [[...plates.keys()], slots.filter((slot) => !plates.has(slot))]
      const touched: string[] = []
      const put = (slot: string, barcode: string | null | undefined) => {
        if (barcode === undefined) plates.delete(slot)
        else plates.set(slot, barcode)
        touched.push(slot.split('\n')[0]!)
      }
      const ofPlates: (() => void)[] = [
        () => { const [one, other] = [pick(taken), pick(taken)]; const was = plates.get(one)!; put(one, plates.get(other)); put(other, was) },
        () => { const one = pick(taken); pocket.push(plates.get(one)!); put(one, undefined) }
      ]
      const ofEmptySlots: (() => void)[] = [
        () => { put(pick(empty), pocket.pop() ?? next()) },
        () => { put(pick(empty), next()) },
        () => { if (taken.length === 0) return; const [one, other] = [pick(taken), pick(empty)]; put(other, plates.get(one)); put(one, undefined) }
      ]
      const kinds = [...taken.length === 0 ? [] : ofPlates, ...empty.length === 0 ? [] : ofEmptySlots]
      const before = JSON.stringify([...plates].sort())
      while (JSON.stringify([...plates].sort()) === before) pick(kinds)()
      disturbances++
      // In any order: the second of two devices may be looked at first.
      const devices = [...new Set(touched)].sort(() => random() - 0.5)
      let found = 0
      for (const device of devices) {
        const { counts } = await takeStock(service, plates, device)
        found += counts.elsewhere + counts.unknown + counts.missing + counts.unexpected
      }
      if (found === 0) t.fail(`${file}: disturbance ${n} was not found`)
    }
    t.strictSame(await tracked(service), Object.fromEntries([...plates].sort()), `${file}: the lab is as it was seen`)
    for (const device of new Set(slots.map((slot) => slot.split('\n')[0]!))) {
      const { counts, changes } = await takeStock(service, plates, device, false)
      t.strictSame([counts.match, changes], [seenOn(plates, device).length, []], `${device} matches`)
    }
    const { body: health } = await service.get('/api/lab/health')
    t.same([...new Set(health.findings.map(({ code }: any) => code))].filter((code) => code !== 'container-missing'), [], 'nothing but plates that are in a pocket')
    t.match((await service.get('/api/containers?missing=true&count=true')).body.total, pocket.length)
  }
  t.ok(disturbances >= 200, `${disturbances} disturbances`)
})

t.test('lids that are really on or off are repaired by stocktakes, and a parked lid stays until its plate is seen with it', async (t) => {
  const lab = await aLab(t, { Hotel: 12, Store: 6 })
  const random = seededRandom([11])
  const pick = <T> (of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const containers = Array.from({ length: 8 }, (_, position) => ({ device: 'Hotel', position, barcode: `P${position}`, lidded: true }))
  t.equal((await lab.post('/api/containers/batch', { containers })).status, 201)
  const parked = new Map<string, number>()
  for (const position of [0, 1, 2]) {
    t.equal((await lab.post(`/api/containers/P${position}/unlid`, { lid_device: 'Store', lid_pos: position })).status, 200)
    parked.set(`P${position}`, position)
  }
  const truth = new Map(containers.map(({ position, barcode }) => [position, { barcode, lidded: !parked.has(barcode) }]))
  for (let n = 0; n < 100; n++) {
    const [one, other] = [pick([...truth.keys()]), pick(Array.from({ length: 12 }, (_, slot) => slot))]
    const [plate, there] = [truth.get(one)!, truth.get(other)]
    if (n % 3 === 0) {
      truth.delete(one)
      if (there !== undefined) truth.set(one, there)
      truth.set(other, plate)
    } else {
      plate.lidded = !plate.lidded
      if (plate.lidded) parked.delete(plate.barcode)
    }
    const seen = [...truth].map(([position, { barcode, lidded }]) => ({ position, barcode, lidded }))
    const { status, text } = await lab.post('/api/stocktakes', { device: 'Hotel', seen, apply: true, reason })
    if (status !== 200) throw new Error(text)
    const { body: { items } } = await lab.get('/api/containers?limit=100')
    t.same(items.map(({ position, barcode, lidded, lid }: any) => [position, barcode, lidded, lid]).sort(),
      [...truth].map(([position, { barcode, lidded }]) => [position, barcode, lidded, parked.has(barcode) ? { device: 'Store', position: parked.get(barcode) } : null]).sort(), `after ${n + 1}`)
  }
  t.same((await lab.get('/api/lab/health')).body, { healthy: true, findings: [], last_backup: null })
})

/** Where the plates and lids of a run are after one more change. */
function follow (plates: Plates, lids: Map<string, string>, run: RobotlabRun, event: RobotlabRun['events'][number]): void {
  const slotOf = (name: string) => { const { device, position } = placeOf(name); return key(device, position) }
  const barcode = barcodeOf(run.name, event.what)
  if (event.kind === 'move') {
    plates.delete(slotOf(event.src))
    plates.set(slotOf(event.dst), barcode)
  } else if (event.kind === 'unlid') lids.set(slotOf(event.dst), barcode)
  else lids.delete(slotOf(event.src))
}

t.test('stocktakes between the movements of a real lab never contradict them, nor the movements the stocktakes', async (t) => {
  const runs = (await readRuns()).slice(0, 3)
  for (const run of runs) {
    const service = await aService(t)
    const call = demoClient(await listening(service))
    await call('PUT', '/api/lab/config', await readLabFile())
    await setUp(call, run)
    const { body: lab } = await service.get('/api/lab')
    const devices: string[] = lab.devices.filter(({ positions }: any) => positions > 0).map(({ name }: any) => name)
    const plates: Plates = new Map(Object.entries(run.initial).map(([place, plate]) => { const { device, position } = placeOf(place); return [key(device, position), barcodeOf(run.name, plate)] }))
    const lids = new Map<string, string>()
    let [looks, changed, matches] = [0, 0, 0]
    for (const [index, event] of run.events.entries()) {
      // Refused if a stocktake has moved anything.
      await recordEvent(call, run, event)
      follow(plates, lids, run, event)
      if (index % 20 !== 0) continue
      for (const device of devices) {
        const { counts, changes } = await takeStock(service, plates, device)
        looks++
        changed += changes.length + counts.elsewhere + counts.unknown + counts.missing + counts.unexpected
        matches += counts.match
        if (counts.lid !== [...lids.keys()].filter((slot) => slot.startsWith(`${device}\n`)).length) t.fail(`${run.name}: ${counts.lid} lids on ${device}`)
      }
    }
    t.equal(changed, 0, `${run.name}: ${looks} stocktakes changed nothing`)
    t.ok(matches > 0)
    t.strictSame(await tracked(service), Object.fromEntries([...plates].sort()))
    t.match((await service.get('/api/stocktakes?count=true&limit=1')).body, { total: looks })
    t.match((await service.get('/api/lab/health')).body, { healthy: true, findings: [] })
  }
})
