// The result as a picture: for each call the service's requests a second as a share of the reference's.
import type { Row } from './results.ts'

const row = 20
const left = 250
const scale = 300

export function drawing ({ taken_at, node, postgresql, rows }: { taken_at: string, node: string, postgresql: string, rows: readonly Row[] }): string {
  const height = 70 + rows.length * row
  const x = (ratio: number): number => left + Math.min(ratio, 1.4) * scale
  const label = (at: number | string, y: number, text: string, anchor = 'start'): string => `<text x="${at}" y="${y}" text-anchor="${anchor}">${text}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="requests a second against a hand-written reference">`,
    '<rect width="100%" height="100%" fill="white"/>',
    label(10, 18, 'Requests a second against a hand-written reference (1 = as fast), over HTTP on one machine'),
    label(10, 34, `${taken_at.slice(0, 10)}, Node ${node}, PostgreSQL ${postgresql}; see bench/README.md`),
    ...rows.flatMap(({ call, connections, service, ratio, target }, index) => {
      const y = 48 + index * row
      const bar = target === null || ratio >= target ? '#4a90c2' : '#d08040'
      return [
        label(left - 8, y + 13, `${call}, ${connections} conn.`, 'end'),
        `<rect x="${left}" y="${y}" width="${(x(ratio) - left).toFixed(1)}" height="${row - 5}" fill="${bar}"/>`,
        label((x(ratio) + 6).toFixed(1), y + 13, `${ratio.toFixed(2)}  (${Math.round(service.requests_per_second).toLocaleString('en')}/s)`)
      ]
    }),
    ...[0.8, 1].map((at) => `<path d="M${x(at)},44 V${height - 20}" stroke="#333" stroke-dasharray="${at === 1 ? 'none' : '4 4'}"/>${label(x(at), height - 6, String(at), 'middle')}`),
    '</svg>', ''
  ].join('\n')
}
