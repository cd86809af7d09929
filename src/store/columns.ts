import type { Alarm } from '../contract/alarms.ts'
import type { Container } from '../contract/containers.ts'
import type { Device } from '../contract/devices.ts'
import type { Experiment } from '../contract/experiments.ts'
import type { LabwareType } from '../contract/labware-types.ts'
import type { Orchestrator } from '../contract/orchestrators.ts'
import type { Reservation } from '../contract/reservations.ts'
import type { Step } from '../contract/steps.ts'
import type { Webhook } from '../contract/webhooks.ts'

// The columns of the views, named one by one. A migration of a newer instance may add a column to a view while this one runs.
// With `SELECT *`, a prepared statement would then fail ("cached plan must not change result type"), and others would
// return a member that the contract of this version does not have.

type Names<T> = Readonly<Record<keyof T, true>>

// `warnings` are of a response, not of the view.
const container: Names<Omit<Container, 'warnings'>> = {
  id: true, name: true, barcode: true, device: true, position: true, starting_device: true, starting_position: true, lidded: true, lid: true, filled: true,
  content: true, labware_type: true, labware_uuid: true, is_reagent: true, removed_at: true, missing_since: true, last_device: true, last_position: true,
  created_at: true, updated_at: true, version: true
}
const device: Names<Device> = {
  id: true, name: true, group: true, type: true, description: true, uri: true, capacity: true, process_capacity: true, min_capacity: true, allows_overlap: true,
  disposes: true, labware_types: true, max_height_mm: true, extra: true, has_certificate: true, listed: true,
  retired_at: true, created_at: true, updated_at: true, version: true
}
const experiment: Names<Experiment> = {
  id: true, process_id: true, process: true, name: true, status: true, metadata: true, warnings: true, steps: true, first_start: true, last_finish: true,
  duration_seconds: true, paused_at: true, paused_seconds: true, active_seconds: true, session: true, attention: true, created_at: true, updated_at: true,
  version: true
}
const reservation: Names<Reservation> = {
  id: true, purpose: true, owner: true, positions: true, ttl_seconds: true, expires_at: true, created_at: true, updated_at: true, version: true
}
const step: Names<Step> = {
  id: true, kind: true, name: true, fct: true, device: true, data: true, start: true, finish: true, status: true, duration_seconds: true, paused_at: true,
  paused_seconds: true, active_seconds: true, experiment_id: true, experiment_named: true, containers: true, origin: true, destination: true,
  lidded_before: true, lidded_after: true, barcode_read: true, is_simulation: true, attempt: true, expected_seconds: true, error: true, session: true,
  excluded_from_estimates: true, warnings: true, created_at: true, updated_at: true, version: true
}
const labware_type: Names<LabwareType> = {
  name: true, description: true, deep_well: true, height_mm: true, wells: true, lid: true, extra: true, created_at: true, updated_at: true, version: true
}
const orchestrator: Names<Orchestrator> = {
  name: true, session: true, state: true, ttl_seconds: true, expires_at: true, alive: true, created_at: true, updated_at: true
}
const alarm: Names<Alarm> = {
  id: true, kind: true, step_id: true, device: true, name: true, fct: true, start: true, status: true, experiment_id: true, raised_at: true, over_at: true,
  acknowledged_at: true, acknowledged_by: true, note: true, earlier_acknowledgement: true
}
const webhook: Names<Webhook> = {
  id: true, url: true, kinds: true, device: true, description: true, disabled_at: true, disabled_because: true,
  delivered_revision: true, revisions_behind: true, failures: true, next_attempt_at: true, previous_secret_ends_at: true,
  created_at: true, created_by: true, updated_at: true, version: true
}
const views = { alarm, container, device, experiment, labware_type, orchestrator, reservation, step, webhook }

/** The columns of a view as a list for SELECT, of a table alias or of a composite value such as `(container)`. */
export function viewColumns (view: keyof typeof views, of?: string): string {
  return Object.keys(views[view]).map((name) => of === undefined ? `"${name}"` : `${of}."${name}"`).join(', ')
}
