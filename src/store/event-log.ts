import { problem } from '../contract/problems.ts'
import type { StreamFilter } from '../contract/stream.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import { type LogFilter, type LogHead, type LogPage, readHead, readKnown, readLog } from './event-log.sql.ts'

export type { LogFilter, LogHead, LoggedRevision, LogPage } from './event-log.sql.ts'
export type EventLogStore = ReturnType<typeof eventLogStore>

/** The event log, as its stream reads it: by revision. */
export function eventLogStore ({ pool }: Pick<Database, 'pool'>) {
  return {
    async head (): Promise<LogHead> {
      return await readHead(pool)
    },

    async read (page: { after: number, upTo: number, filters: readonly LogFilter[], all: boolean }): Promise<LogPage> {
      return await readLog(pool, page)
    },

    /**
     * The end of the log, and the filter with the ids of what it names; null if it names nothing. A device that is renamed stays the same
     * device. Throws `*-not-found` for what never existed: its stream would be silent for ever.
     */
    async open (named: StreamFilter): Promise<{ head: LogHead, standby: boolean, filter: LogFilter | null }> {
      const device = named.device ?? null
      const container = named.container ?? null
      const experiment = named.experiment ?? null
      const kind = named.kind ?? null
      const { id = null, barcode = null } = container === null ? {} : parseContainerRef(container)
      const known = await readKnown(pool, { device, container: id, barcode, experiment })
      const { standby, device: deviceId, container: hasContainer, experiment: hasExperiment, ...head } = known
      if (device !== null && deviceId === null) {
        throw problem('device-not-found', `The lab has no device "${device}". GET /api/devices lists all devices.`, { device, parameter: 'device' })
      }
      if (container !== null && !hasContainer) {
        throw problem('container-not-found', `No container has or had the barcode or id "${container}".`, { container, parameter: 'container' })
      }
      if (experiment !== null && !hasExperiment) throw problem('experiment-not-found', 'No experiment has this id.', { parameter: 'experiment' })
      const isFiltered = [device, container, experiment, kind].some((name) => name !== null)
      return { head, standby, filter: isFiltered ? { device: deviceId, container: id, barcode, experiment, kind } : null }
    }
  }
}
