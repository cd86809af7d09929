import type { Labels, Metric } from './instruments.ts'

/**
 * The text that Prometheus reads. Source: Prometheus, "Exposition formats", text-based format 0.0.4. The packages for it are no longer kept up
 * or want a newer Node (docs/adr/0041).
 */
export function writeExposition (metrics: readonly Metric[]): string {
  return metrics.map(({ name, type, help, samples }) => [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value, suffix = '' }) => `${name}${suffix}${writeLabels(labels)} ${value}`)
  ].join('\n') + '\n').join('')
}

function writeLabels (labels: Labels): string {
  const written = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
  return written.length === 0 ? '' : `{${written.join(',')}}`
}
