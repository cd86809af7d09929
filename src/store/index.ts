import { alarmStore } from './alarms.ts'
import { arrangementStore } from './arrangements.ts'
import { asOfStore } from './as-of.sql.ts'
import { certificateStore } from './certificates.ts'
import { containerStore } from './containers.ts'
import type { Database } from './database.ts'
import { deviceStore } from './devices.ts'
import { eventLogStore } from './event-log.ts'
import { runUndone } from './dry-run.ts'
import { eventStore } from './events.ts'
import { experimentStore } from './experiments.ts'
import { idempotencyStore } from './idempotency.ts'
import { keyStore } from './keys.ts'
import { labStore } from './lab.ts'
import { labwareTypeStore } from './labware-types.ts'
import { labelStore } from './labels.ts'
import { lockStore } from './locks.ts'
import { orchestratorStore } from './orchestrators.ts'
import { presentStore } from './present.sql.ts'
import { positionStore } from './positions.ts'
import { processStore } from './processes.ts'
import { reservationStore } from './reservations.ts'
import { searchStore } from './search.ts'
import { sessionStore } from './sessions.ts'
import { stocktakeStore } from './stocktakes.ts'
import { stepStore } from './steps.ts'
import { transferStore } from './transfers.ts'
import { utilizationStore } from './utilization.ts'
import { webhookStore } from './webhooks.ts'

export type Store = ReturnType<typeof openStore>

/** All stores, by noun. */
export function openStore (database: Database) {
  return {
    lab: labStore(database),
    devices: deviceStore(database),
    positions: positionStore(database),
    certificates: certificateStore(database),
    labwareTypes: labwareTypeStore(database),
    containers: containerStore(database),
    reservations: reservationStore(database),
    transfers: transferStore(database),
    arrangements: arrangementStore(database),
    stocktakes: stocktakeStore(database),
    labels: labelStore(database),
    present: presentStore(database),
    events: eventStore(database),
    eventLog: eventLogStore(database),
    asOf: asOfStore(database),
    processes: processStore(database),
    experiments: experimentStore(database),
    steps: stepStore(database),
    utilization: utilizationStore(database),
    orchestrators: orchestratorStore(database),
    alarms: alarmStore(database),
    webhooks: webhookStore(database),
    idempotency: idempotencyStore(database),
    locks: lockStore(database),
    keys: keyStore(database),
    sessions: sessionStore(database),
    search: searchStore(database),
    /** Runs a command and undoes it. Returns what it returned. */
    undone: async <T>(run: () => Promise<T>): Promise<T> => await runUndone(database, run)
  }
}
