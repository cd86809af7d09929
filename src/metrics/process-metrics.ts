import { countByLabels, delayBuckets, histogram, type Metric, requestBuckets } from './instruments.ts'

/** How often the event loop is asked whether it is late. */
const lookEveryMs = 100

export type ProcessMetrics = ReturnType<typeof openProcessMetrics>

/** What this process counts. Prometheus adds up the instances. */
export function openProcessMetrics () {
  const requests = countByLabels<'operation' | 'status'>()
  const requestSeconds = histogram(requestBuckets)
  const databaseFaults = countByLabels<'sqlstate'>()
  const replays = countByLabels<'operation'>()
  const estimates = countByLabels<'method' | 'level'>()
  const learntSteps = countByLabels<'confidence' | 'kept'>()
  const loopDelay = histogram(delayBuckets)
  let expected = performance.now() + lookEveryMs
  const timer = setInterval(() => {
    const now = performance.now()
    loopDelay.observe({}, Math.max(0, now - expected) / 1000)
    expected = now + lookEveryMs
  }, lookEveryMs).unref()

  return {
    /** Counts a request that was answered, or a stream that began. `operation` is its operation id; `seconds` is null for a stream or a file, which lasts as long as its reader wants. */
    request (operation: string, status: number, seconds: number | null): void {
      requests.add({ operation, status: String(status) })
      if (seconds !== null) requestSeconds.observe({ operation }, seconds)
    },
    databaseFaults,
    replays,
    estimates,

    /** Counts the steps of a run that was learnt from: how many kept their bound, of those that had one. */
    learnt (coverage: readonly { confidence: number, kept: number, judged: number }[]): void {
      for (const { confidence, kept, judged } of coverage) {
        learntSteps.add({ confidence: String(confidence), kept: 'yes' }, kept)
        learntSteps.add({ confidence: String(confidence), kept: 'no' }, judged - kept)
      }
    },

    stop (): void {
      clearInterval(timer)
    },

    read (): Metric[] {
      const { user, system } = process.cpuUsage()
      const { rss, heapUsed } = process.memoryUsage()
      return [
        { name: 'platform_status_requests_total', type: 'counter', help: 'Requests that were answered, by operation and status.', samples: requests.samples() },
        { name: 'platform_status_request_duration_seconds', type: 'histogram', help: 'How long answers took, by operation. Streams and Parquet files are left out.', samples: requestSeconds.samples() },
        { name: 'platform_status_database_faults_total', type: 'counter', help: 'Requests that the database made fail with 503, by SQLSTATE; `none`: no connection.', samples: databaseFaults.samples() },
        { name: 'platform_status_idempotency_replays_total', type: 'counter', help: 'Requests that were answered with the stored answer of an earlier one, by operation.', samples: replays.samples() },
        { name: 'platform_status_estimates_total', type: 'counter', help: 'Estimates of steps, by method and level.', samples: estimates.samples() },
        { name: 'platform_status_learnt_steps_total', type: 'counter', help: 'Steps of finished runs, by confidence and whether they kept the bound that was estimated when the run began.', samples: learntSteps.samples() },
        { name: 'platform_status_event_loop_delay_seconds', type: 'histogram', help: 'How late the event loop was, looked at ten times a second.', samples: loopDelay.samples() },
        { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time of the process.', samples: [{ labels: {}, value: (user + system) / 1e6 }] },
        { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory of the process.', samples: [{ labels: {}, value: rss }] },
        { name: 'process_start_time_seconds', type: 'gauge', help: 'When the process started, in seconds since 1970.', samples: [{ labels: {}, value: Math.round(Date.now() / 1000 - process.uptime()) }] },
        { name: 'nodejs_heap_used_bytes', type: 'gauge', help: 'Memory of JavaScript objects.', samples: [{ labels: {}, value: heapUsed }] }
      ]
    }
  }
}
