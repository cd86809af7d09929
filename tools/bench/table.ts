// The result as text, and whether the targets are met.
import type { CpuFigures, Row } from './results.ts'

const number = (value: number): string => value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)

export function table (rows: readonly Row[]): string {
  const head = ['', 'conn.', 'reference /s', 'p50 ms', 'p99 ms', 'CPU us', 'service /s', 'p50 ms', 'p99 ms', 'CPU us', 'ratio']
  const widths = [26, 6, 14, 9, 9, 8, 14, 9, 9, 8, 8]
  const line = (cells: readonly string[]): string => cells.map((cell, index) => index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)).join('')
  return [line(head), ...rows.map(({ call, connections, reference, service, ratio }) => line([
    call, String(connections), ...figures(reference), ...figures(service), ratio.toFixed(2)
  ]))].join('\n')
}

/** A line for each target: the target, and what was measured. */
export function judgements (rows: readonly Row[]): string[] {
  const verdict = (what: string, value: number, target: number): string => `${value >= target ? 'met   ' : 'MISSED'} ${what}: ${value.toFixed(2)}, target ${target} or more`
  const lines = rows.flatMap(({ call, connections, ratio, target }) =>
    target === null ? [] : [verdict(`${call}, ${connections} connections, against the reference`, ratio, target)])
  const find = (call: string, connections: number): Row | undefined => rows.find((row) => row.call === call && row.connections === connections)
  for (const connections of [1, 16, 64]) {
    const [one, listing] = [find('container by barcode', connections), find('positions, 42 slots', connections)]
    if (one && listing) {
      lines.push(verdict(`listing 42 slots against reading one container, ${connections} connections`, listing.service.requests_per_second / one.service.requests_per_second, 0.5))
    }
  }
  const [single, batch] = [find('one step', 1), find('1,000 steps', 1)]
  if (single && batch) lines.push(verdict('steps a second in batches of 1,000 against one by one', batch.service.requests_per_second * 1000 / single.service.requests_per_second, 10))
  return lines
}

function figures ({ requests_per_second, p50_ms, p99_ms, cpu_us }: CpuFigures): string[] {
  return [number(requests_per_second), p50_ms.toFixed(2), p99_ms.toFixed(2), cpu_us.toFixed(0)]
}
