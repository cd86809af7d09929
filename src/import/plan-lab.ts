import type { DeviceInput } from '../domain/lab-file/lab-plan.ts'
import type { ImportLookup, TrackedThings } from '../store/imports.sql.ts'
import type { LabInputs } from '../store/imports.ts'
import { collectConflicts, type Conflict } from './conflicts.ts'
import { idOfRow } from './ids.ts'
import type { OldLab } from './old-tables.ts'
import { goneSlots, type ImportedContainer, planContainers } from './plan-containers.ts'
import { type OldDevices, planCertificates, planDevices } from './plan-devices.ts'
import { readBarcode } from './sanitize-names.ts'

/** The planned devices, certificates and containers. `containers` are on the platform; `removed` are not. */
export type TrackedLabPlan = LabInputs & {
  containers: readonly ImportedContainer[]
  removed: readonly ImportedContainer[]
  added_devices: number
  known_containers: number
  conflicts: Conflict[]
}

/** The query for the state of the lab that a plan needs. */
export function lookupFor (old: OldLab, { names }: OldDevices): ImportLookup {
  return {
    devices: [...new Set(names.values()), goneSlots],
    containers: old.containers.map(({ id }) => idOfRow(old.identity, 'container', id)),
    barcodes: [...new Set(old.containers.flatMap(({ barcode, removed }) => removed ? [] : readBarcode(barcode).barcode ?? []))]
  }
}

export const emptyLab: TrackedThings = { devices: [], certificates: [], slots: [], barcodes: [], containers: [] }

/** Plans the import of the lab. A pure function, because it is called again if the transaction is retried. */
export function planTrackedLab (old: OldLab, devices: OldDevices, here: TrackedThings): TrackedLabPlan {
  const collected = collectConflicts()
  const inputs = planDevices(old, devices, here.devices, collected)
  const added = new Map(inputs.map(({ name, capacity }) => [name, capacity]))
  const active = new Set([...added.keys(), ...here.devices.filter(({ retired }) => !retired).map(({ name }) => name)])
  const certificates = planCertificates(old, devices, active, here.certificates, collected)
  const { containers, known } = planContainers(old, devices, added, here, collected)
  return {
    devices: [inputs, ...needsGoneSlots(containers, here) ? goneDevice(old.identity) : []],
    deep_well_suited: old.positions.flatMap(({ id, deep_well_suited }) => {
      const place = deep_well_suited ? devices.places.get(id) : undefined
      return place !== undefined && added.has(place.device) ? [place] : []
    }),
    certificates,
    containers: containers.filter(({ removed }) => !removed),
    removed: containers.filter(({ removed }) => removed),
    added_devices: inputs.length,
    known_containers: known,
    conflicts: collected.list()
  }
}

function needsGoneSlots (containers: readonly ImportedContainer[], here: TrackedThings): boolean {
  return containers.some(({ start }) => start.device === goneSlots) && here.devices.every(({ name }) => name !== goneSlots)
}

/** The placeholder device: created with one slot, then retired, so that it is not part of the lab. */
function goneDevice (identity: string): DeviceInput[][] {
  const device = {
    id: idOfRow(identity, 'device', 0), name: goneSlots, group: 'devices', capacity: 1, type: null, uri: null, extra: null, created_as: null,
    description: 'Placeholder for deleted starting slots of imported containers.',
    process_capacity: null, min_capacity: null, allows_overlap: null, disposes: false, labware_types: null, max_height_mm: null, listed: false
  }
  return [[{ ...device, retired: false, kind: 'device-added' }], [{ ...device, retired: true, kind: 'device-retired' }]]
}
