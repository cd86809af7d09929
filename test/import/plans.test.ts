import t from 'tap'
import { collectConflicts } from '../../src/import/conflicts.ts'
import type { OldContainer, OldStep, OldLab } from '../../src/import/old-tables.ts'
import type { ImportedContainer } from '../../src/import/plan-containers.ts'
import { nameDevices } from '../../src/import/plan-devices.ts'
import { planExperiments } from '../../src/import/plan-experiments.ts'
import { lookupFor, emptyLab, planTrackedLab } from '../../src/import/plan-lab.ts'
import { planStep } from '../../src/import/plan-steps.ts'

// of test/fixtures/platform-status-db/make.py
const certificate = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUTsXqhNfIb/quWWM7mhgoNQcZ6xcwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGcmVhZGVyMCAXDTI2MTEyNTIyNTM0MFoYDzIxMjYxMTAxMjI1
MzQwWjARMQ8wDQYDVQQDDAZyZWFkZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARV/pj+ZPEolMzodcroWW46TaZpDAKqiW0SXFsgYueiuvoqU8e0KYIe8Uy+TZo5
HRqV4qgLPAWuH3L8MNhkRsKOo1MwUTAdBgNVHQ4EFgQU5GllgaoG68KBqKpbRuKY
jRHER5swHwYDVR0jBBgwFoAU5GllgaoG68KBqKpbRuKYjRHER5swDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAqUPzzAN6kmlPHH1MECTUlsASBlSn
5XNR2JwrQdNw26UCIF8pK32w2QZLc0nphi7Tev3Axo5TFMBlvOu16EALQf5S
-----END CERTIFICATE-----
`

/** An old database with a hotel of three slots and the given rows. */
function anOldLab (lab: Partial<OldLab> = {}): OldLab {
  return {
    identity: '2025-01-01 00:00:00', containers: [], processes: [], experiments: [], projects: [], last_seen: new Map(), steps: 0, moves: 0, orphan_moves: 0, results: 0,
    devices: [{ id: 1, name: 'Hotel', slots: 3, uri: null, certificate: null }],
    positions: [0, 1, 2].map((slot) => ({ id: 10 + slot, device: 1, slot, deep_well_suited: slot === 2 })),
    ...lab
  }
}

function aContainer (container: Partial<OldContainer> = {}): OldContainer {
  return { id: 1, barcode: 'P1', lidded: true, removed: false, position: 10, lid_position: null, starting_position: 10, labware_uuid: null, project: null, ...container }
}

function planned (old: OldLab, here = emptyLab) {
  const conflicts = collectConflicts()
  const devices = nameDevices(old, conflicts)
  const plan = planTrackedLab(old, devices, here)
  conflicts.addAll(plan.conflicts)
  return { ...plan, told: conflicts.list().map(({ kind, count }) => `${kind} ${count}`) }
}

t.test('slots that a device cannot have are left out, and its name is corrected', (t) => {
  const { devices, told, containers, removed } = planned(anOldLab({
    devices: [{ id: 1, name: ' Hotel\n', slots: 2, uri: 'http://10.0.0.7', certificate: null }, { id: 2, name: '..', slots: -1, uri: '', certificate: null }],
    positions: [{ id: 10, device: 1, slot: 0, deep_well_suited: false }, { id: 11, device: 1, slot: 1, deep_well_suited: true }, { id: 12, device: 1, slot: -1, deep_well_suited: false }, { id: 13, device: 1, slot: 10_000, deep_well_suited: false }],
    containers: [aContainer({ position: 12 })]
  }))
  t.match(devices[0], [{ name: 'Hotel', capacity: 2, uri: 'http://10.0.0.7', group: 'devices' }, { name: 'device 2', capacity: 0, uri: null }])
  t.strictSame(told, ['slots-differ 1', 'slot-impossible 2', 'device-name 2', 'place-gone 1'])
  t.strictSame([containers.length, removed.length], [0, 1])
  t.end()
})

t.test('slots for deep-well plates are told of devices that are new', (t) => {
  t.strictSame(planned(anOldLab()).deep_well_suited, [{ device: 'Hotel', position: 2 }])
  t.end()
})

t.test('the same container has the same id in every plan, and another in another database', (t) => {
  const ids = (identity: string) => (planned(anOldLab({ identity, containers: [aContainer()] })).containers as ImportedContainer[]).map(({ id }) => id)
  t.strictSame(ids('a'), ids('a'))
  t.notSame(ids('a'), ids('b'))
  t.end()
})

t.test('a lid whose slot is gone or taken here is off, its place unknown; the first of two lids lies in a slot', (t) => {
  const old = anOldLab({
    containers: [
      aContainer({ id: 1, barcode: 'A', lidded: false, lid_position: 99 }),
      aContainer({ id: 2, barcode: 'B', position: 11, lidded: false, lid_position: 12 }),
      aContainer({ id: 3, barcode: 'C', position: 12, lidded: false, lid_position: 12, removed: true })
    ]
  })
  const { containers, removed, told } = planned(old)
  t.match(containers, [{ barcode: 'A', lidded: false, lid: null }, { barcode: 'B', lid: { device: 'Hotel', position: 2 } }])
  t.match(removed, [{ barcode: 'C', lid: { device: 'Hotel', position: 2 } }], 'where the lid of a removed one was last is kept')
  t.strictSame(told, ['labware-type-unknown 2', 'lid-place-gone 1'])
  t.end()
})

t.test('certificates: another one here stays, and one for a device that is retired here is left out', (t) => {
  const device = { id: 'd', name: 'Hotel', group: 'devices', ordinal: 0, type: null, description: null, uri: null, capacity: 3, process_capacity: null, min_capacity: null, allows_overlap: null, disposes: false, labware_types: null, max_height_mm: null, extra: null, listed: true, retired: false, created_as: null }
  const old = anOldLab({ devices: [{ id: 1, name: 'Hotel', slots: 3, uri: null, certificate: certificate }] })
  t.match(planned(old).certificates, [{ device: 'Hotel' }])
  const differs = planned(old, { ...emptyLab, devices: [device], certificates: [{ device: 'Hotel', certificate: 'another' }] })
  t.strictSame([differs.certificates, differs.told], [[], ['certificate-differs-here 1']])
  const retired = planned(old, { ...emptyLab, devices: [{ ...device, retired: true }] })
  t.strictSame([retired.certificates, retired.told], [[], ['device-differs-here 1']])
  const same = planned(old, { ...emptyLab, devices: [device], certificates: [{ device: 'Hotel', certificate }] })
  t.strictSame([same.certificates, same.told], [[], []])
  t.end()
})

t.test('a device known from logs alone becomes the lab\'s', (t) => {
  const device = { id: 'd', name: 'Hotel', group: 'devices', type: null, description: null, uri: null, capacity: 0, process_capacity: null, min_capacity: null, allows_overlap: null, disposes: false, labware_types: null, max_height_mm: null, extra: null, listed: false, retired: false, created_as: null }
  t.match(planned(anOldLab(), { ...emptyLab, devices: [device] }).devices[0], [{ id: 'd', listed: true, capacity: 3, kind: 'device-added' }])
  t.end()
})

t.test('only what could be there is asked for', (t) => {
  const old = anOldLab({ containers: [aContainer(), aContainer({ id: 2, barcode: 'None' }), aContainer({ id: 3, barcode: 'GONE', removed: true })] })
  t.match(lookupFor(old, nameDevices(old, collectConflicts())), { devices: ['Hotel', 'gone slots'], barcodes: ['P1'], containers: { length: 3 } })
  t.end()
})

t.test('processes and experiments keep their ids, the first of each; what cannot be stored is corrected', (t) => {
  const uuid = '0f9b1a52-5c6e-4b1c-9d0e-0d8a4f2f7c11'
  const conflicts = collectConflicts()
  const { processes, experiments } = planExperiments(anOldLab({
    processes: [
      { id: 1, name: 'A', source: 'a\0b', uuid }, { id: 2, name: '', source: 'x'.repeat(4_194_305), uuid }
    ],
    experiments: [{ id: 1, uuid: null, process: 1, project: 7 }, { id: 2, uuid, process: 9, project: null }, { id: 3, uuid: null, process: 9, project: null }]
  }), conflicts)
  t.match(processes, [{ id: uuid, source: 'a\uFFFDb' }, { name: 'process 2' }, { name: 'process 9 (gone)' }])
  t.strictSame(processes.map(({ source }) => source.length), [3, 4_194_304, 47])
  t.match(experiments, [{ metadata: null }, { id: uuid, process_id: processes[2]!.id }, { process_id: processes[2]!.id }])
  t.strictSame(conflicts.list().map(({ kind, count }) => `${kind} ${count}`), ['process-name 1', 'process-source 1', 'process-too-long 1', 'id-missing 2', 'id-twice 1', 'experiment-process-gone 2'])
  t.end()
})

t.test('a step has the same id whatever is asked of the import', (t) => {
  const row: OldStep = { id: 1, start: '2025-07-01 07:00:00', finish: '2025-07-01 07:01:00', device: 1, container: null, experiment: null, is_simulation: true, parameters: '{}', move: null }
  const context = { identity: 'a', devices: new Map([[1, 'Hotel']]), places: new Map(), containers: new Map(), experiments: new Map(), conflicts: collectConflicts(), timezone: 'Europe/Berlin', keep_simulation: false }
  const step = planStep([row], context)
  t.match(step, { kind: 'operation', device: 'Hotel', experiment_id: null, containers: [], is_simulation: false, status: 'completed' })
  t.match(planStep([row], { ...context, timezone: 'UTC', keep_simulation: true }), { id: step!.id, start: '2025-07-01T09:00:00.000Z', is_simulation: true })
  t.not(planStep([{ ...row, parameters: '{"a": 1}' }], context)!.id, step!.id)
  t.end()
})
