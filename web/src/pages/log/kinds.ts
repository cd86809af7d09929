import type { Event, EventKind } from '../../api/generated/schema.d.ts'

/** What each kind of event says, in the words of somebody who stands before the lab. */
export const kindWords: Readonly<Record<EventKind, string>> = {
  added: 'added', moved: 'moved', lidded: 'lid on', unlidded: 'lid off', 'barcode-set': 'labelled', updated: 'changed', removed: 'taken off', disposed: 'thrown away', corrected: 'corrected',
  missing: 'missing', found: 'found', restored: 'restored', 'device-added': 'device added', 'device-updated': 'device changed', 'device-grown': 'device got slots', 'device-shrunk': 'device lost slots',
  'device-retired': 'device retired', 'device-restored': 'device back', 'device-named': 'device renamed', 'certificate-set': 'certificate stored', 'certificate-removed': 'certificate deleted',
  'position-updated': 'slot changed', 'labware-type-added': 'labware type added', 'labware-type-updated': 'labware type changed', 'labware-type-deleted': 'labware type deleted',
  'lab-updated': 'lab changed', 'lab-wiped': 'lab wiped', 'lab-restored': 'lab restored', 'position-reserved': 'slots reserved', 'reservation-renewed': 'reservation renewed',
  'reservation-released': 'reservation released', 'experiment-created': 'run made', 'experiment-updated': 'run changed', 'experiment-paused': 'run paused', 'experiment-resumed': 'run resumed',
  'experiment-lost': 'run lost', 'experiment-recovered': 'run found again', 'steps-logged': 'steps logged', 'step-finished': 'step finished', 'step-corrected': 'step corrected',
  'step-paused': 'step paused', 'step-resumed': 'step resumed', 'step-lost': 'step lost', 'step-recovered': 'step found again', 'step-alarm': 'alarm', 'step-alarm-over': 'alarm over',
  'alarm-acknowledged': 'somebody is at the alarm', 'webhook-disabled': 'webhook off', 'webhook-enabled': 'webhook on'
}

/** What happened to the thing that the row names before it: not once more that it is a step, a run or a device. */
export function wordsOfEvent ({ kind, container_id, step_id, experiment_id, before, after }: Event): string {
  const words = wordsOfKind(kind)
  const isNamed = [container_id, step_id, experiment_id].some((id) => id !== null) || 'name' in (after ?? before ?? {})
  return isNamed ? words.replace(/^(steps?|run|device) /, '') : words
}

/** Later versions of the service can have kinds that this page does not know. */
export function wordsOfKind (kind: string): string {
  return new Map<string, string>(Object.entries(kindWords)).get(kind) ?? kind.replaceAll('-', ' ')
}
