import Type from 'typebox'
import { ref } from './common.ts'

const someMetrics = [
  '# HELP platform_status_revision The revision of the lab: the number of its changes.',
  '# TYPE platform_status_revision gauge',
  'platform_status_revision 4711',
  ''
].join('\n')

export const Metrics = Type.String({ $id: 'Metrics', description: 'Metrics in the text format of Prometheus.', examples: [someMetrics] })

export const metricsSchemas = [Metrics]

/** A response with metrics. */
export const asExposition = { description: 'The metrics; the guide docs/guides/metrics.md lists them.', content: { 'text/plain': { schema: ref(Metrics) } } }
