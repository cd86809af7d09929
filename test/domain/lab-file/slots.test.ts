import fc from 'fast-check'
import t from 'tap'
import { readLabConfig } from '../../../src/domain/lab-file/lab-config.ts'
import { extraFault, labFile } from '../../../src/domain/lab-file/lab-file.ts'
import { jsonPieces } from '../../../src/domain/lab-file/long-object.ts'
import { readYaml } from '../../../src/domain/lab-file/read-yaml.ts'
import { planSlots, type SlotSettings, type TrackedSlot } from '../../../src/domain/lab-file/slots.ts'
import { yamlPieces } from '../../../src/domain/lab-file/write-yaml.ts'

const fileWith = (slots: unknown, capacity: unknown = 4): object => ({ sila_servers: { g: { Hotel: { capacity, slots } } } })

function read (file: unknown) {
  const found = readLabConfig(file)
  if ('faults' in found) throw new Error(JSON.stringify(found.faults))
  return found.config
}

function faultsOf (slots: unknown, capacity: unknown = 4): [string | undefined, string][] {
  const found = readLabConfig(fileWith(slots, capacity))
  return 'faults' in found ? found.faults.map(({ pointer, detail }) => [pointer, detail]) : []
}

const aSlot = (position: number, rest: Partial<SlotSettings> = {}): SlotSettings => ({ position, deep_well_suited: false, disposes: null, labware_types: null, max_height_mm: null, ...rest })

const anySlot = fc.record({
  deep_well_suited: fc.constant(true), disposes: fc.boolean(), labware_types: fc.uniqueArray(fc.constantFrom('flat', 'deep'), { maxLength: 2 }), max_height_mm: fc.constantFrom(0.5, 45, 1e-7)
}, { requiredKeys: [] }).filter((slot) => Object.keys(slot).length > 0)

t.test('what is set for slots comes back as it was sent, in YAML and in JSON', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(fc.dictionary(fc.integer({ min: 0, max: 9999 }).map(String), anySlot, { minKeys: 1, maxKeys: 5 }), (slots) => {
    const file = fileWith(slots, 10_000)
    const written = labFile(read(file))
    const back = JSON.parse([...jsonPieces(written)].join('')) as object
    return sameMembers(back, file) && sameMembers(JSON.parse([...jsonPieces(labFile(read(readYaml([...yamlPieces(written)].join('')))))].join('')), file)
  })))
})

function sameMembers (a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical (value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => a < b ? -1 : 1)) : one)
}

t.test('a file that says nothing of slots, null or of no slot', async (t) => {
  const slotsOf = (slots: unknown) => read(fileWith(slots)).groups[0]!.devices[0]!.slots
  t.strictSame([slotsOf(undefined), slotsOf(null), slotsOf({})], [null, null, []])
  t.strictSame(slotsOf({ 3: null, 1: { disposes: false } }), [aSlot(1, { disposes: false }), aSlot(3)])
})

t.test('each fault names the slot and the rule', async (t) => {
  const pointer = '/sila_servers/g/Hotel/slots'
  t.match(faultsOf([]), [[pointer, /must be an object/]])
  t.match(faultsOf(4), [[pointer, /must be an object/]])
  t.match(faultsOf({ 4: {}, '01': {}, '-1': {}, a: {} }), [[pointer, /"4".*0 to 3/], [pointer, /"01"/], [pointer, /"-1"/], [pointer, /"a"/]])
  t.match(faultsOf({ 0: {} }, 0), [[pointer, /it has none/]])
  t.match(faultsOf({ 0: {} }, 'many'), [['/sila_servers/g/Hotel/capacity', /whole number/]])
  t.match(faultsOf({ a: {} }, 'many'), [['/sila_servers/g/Hotel/capacity', /whole number/], [pointer, /counted from 0/]])
  t.match(faultsOf({ 0: 5 }), [[`${pointer}/0`, /must be an object/]])
  t.match(faultsOf({ 0: { height_mm: 5 } }), [[`${pointer}/0`, /unknown member "height_mm"/]])
  t.match(faultsOf({ 1: { deep_well_suited: 'yes', disposes: 1, labware_types: 'flat', max_height_mm: 0 } }), [
    [`${pointer}/1/deep_well_suited`, /true or false/], [`${pointer}/1/disposes`, /true or false/], [`${pointer}/1/labware_types`, /list/], [`${pointer}/1/max_height_mm`, /above 0/]
  ])
  t.match(extraFault({ ...read(fileWith({})).groups[0]!.devices[0]!, extra: { slots: {} } }), /"slots"/)
})

t.test('what a file changes about slots', async (t) => {
  const tracked: TrackedSlot[] = [{ device_id: 'a', ...aSlot(0, { disposes: true }) }, { device_id: 'a', ...aSlot(1, { max_height_mm: 5 }) }, { device_id: 'a', ...aSlot(7, { disposes: true }) }, { device_id: 'b', ...aSlot(0, { disposes: true }) }]
  const devices = [{ id: 'a', capacity: 4, slots: [aSlot(0, { disposes: true }), aSlot(2, { deep_well_suited: true }), aSlot(3)] }, { id: 'b', capacity: 4, slots: null }]
  t.strictSame(planSlots(devices, tracked, { prune: true }), [{ device_id: 'a', ...aSlot(2, { deep_well_suited: true }) }, { device_id: 'a', ...aSlot(1) }], 'not the same ones, and none beyond the capacity')
  t.strictSame(planSlots(devices, tracked, { prune: false }), [{ device_id: 'a', ...aSlot(2, { deep_well_suited: true }) }])
})
