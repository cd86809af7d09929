import type { LabFigures } from '../store/lab-figures.sql.ts'
import type { Labels, Metric } from './instruments.ts'

const gauge = (name: string, help: string, samples: readonly (readonly [Labels, number])[]): Metric =>
  ({ name: `platform_status_${name}`, type: 'gauge', help, samples: samples.map(([labels, value]) => ({ labels, value })) })

const states = ['occupied', 'reserved', 'free'] as const

/** A slot is in one of three states. One that is reserved is empty. */
function byState ({ slots, occupied, reserved }: LabFigures['slots'], labels: Labels): [Labels, number][] {
  const numbers = { occupied, reserved, free: slots - occupied - reserved }
  return states.map((state) => [{ ...labels, state }, numbers[state]])
}

/** The figures of the lab as metrics. They are the same whichever instance is asked. */
export function labMetrics (figures: LabFigures): Metric[] {
  const { revision, revision_age_seconds: age } = figures
  return [
    gauge('revision', 'The revision of the lab: the number of its changes.', [[{}, revision]]),
    gauge('revision_age_seconds', 'Seconds since the last change of the lab.', age === null ? [] : [[{}, age]]),
    gauge('containers', 'Containers on the platform, missing ones included.', [[{}, figures.containers]]),
    gauge('missing_containers', 'Containers that are missing.', [[{}, figures.missing]]),
    gauge('reservations', 'Reservations that hold slots now.', [[{}, figures.reservations]]),
    gauge('steps', 'Steps that are not over, by status.', Object.entries(figures.steps).map(([status, count]) => [{ status }, count])),
    gauge('alarms', 'Alarms that are on: `new` ones, and those that somebody has acknowledged.', Object.entries(figures.alarms).map(([state, count]) => [{ state }, count])),
    gauge('webhooks', 'Webhooks by state: `current`, `behind` the log, `off` by request, or `failed`: switched off by the service.', Object.entries(figures.webhooks).map(([state, count]) => [{ state }, count])),
    gauge('webhooks_behind_seconds', 'For how long the oldest event has waited for a webhook that is on. 0 if none waits.', [[{}, figures.webhooks_behind_seconds]]),
    gauge('slots', 'Slots of the lab, by state.', byState(figures.slots, {})),
    gauge('device_slots', 'Slots of a device, by state. Only the first 1,000 devices by name.', figures.devices.flatMap(({ device, ...slots }) => byState(slots, { device }))),
    gauge('waiting_statements', 'Statements of all instances that wait for a lock of the database.', [[{}, figures.waiting_for_lock]])
  ]
}
