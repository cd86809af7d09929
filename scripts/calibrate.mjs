// npm run calibrate -- [--confidence 0.95] [--since 2026-01-01T00:00:00Z] [--limit 5000] [--url http://localhost:8000] [--svg reliability.svg]
// Asks a running service how well its promises were kept: a table for one confidence, by the method that answered and by
// the level of the history, and the reliability curve (asked against attained) with the mean excess by method, as SVG.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: {
  confidence: { type: 'string', default: '0.95' }, since: { type: 'string' }, limit: { type: 'string', default: '5000' },
  url: { type: 'string', default: 'http://localhost:8000' }, svg: { type: 'string', default: 'reliability.svg' }
} })
const curve = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

async function calibration (confidence, group_by) {
  const query = new URLSearchParams({ confidence: String(confidence), limit: values.limit, group_by, ...(values.since ? { since: values.since } : {}) })
  const answer = await fetch(`${values.url}/api/estimates/calibration?${query}`)
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.detail ?? `${answer.status}`)
  return body
}

const shown = (value, digits) => value === null ? '-' : value.toFixed(digits)

function row (name, { steps, answered, coverage, mean_excess_seconds, pinball_loss_seconds }) {
  return [name.padEnd(20), String(steps).padStart(8), String(answered).padStart(8), shown(coverage, 3).padStart(9), shown(mean_excess_seconds, 2).padStart(12), shown(pinball_loss_seconds, 3).padStart(12)].join('')
}

function table ({ confidence, overall }, byMethod, byLevel) {
  const head = ['', 'steps', 'answered', 'coverage', 'excess s', 'pinball s']
  const widths = [20, 8, 8, 9, 12, 12]
  return [
    `asked ${confidence}`,
    head.map((text, index) => index === 0 ? text.padEnd(widths[0]) : text.padStart(widths[index])).join(''),
    row('all', overall),
    ...byMethod.groups.map((score) => row(score.group ?? 'no estimate', score)),
    ...byLevel.groups.map((score) => row(score.group ?? 'no estimate', score))
  ].join('\n')
}

/** Asked against attained as a curve beside the diagonal; below it the mean excess in seconds, a bar a method. */
function drawing (points, byMethod) {
  const size = 320
  const at = ({ asked, attained }) => `${(40 + asked * size).toFixed(1)},${(20 + (1 - attained) * size).toFixed(1)}`
  const bars = byMethod.groups.filter(({ mean_excess_seconds }) => mean_excess_seconds !== null)
  const widest = Math.max(...bars.map(({ mean_excess_seconds }) => Math.abs(mean_excess_seconds)), 1e-9)
  const label = (x, y, text, anchor = 'start') => `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="12">${text}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 ${430 + 24 * bars.length}" role="img" aria-label="reliability of the estimates">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<path d="M40,${20 + size} L${40 + size},20" stroke="#999" stroke-dasharray="4 4"/><path d="M40,20 V${20 + size} H${40 + size}" fill="none" stroke="#333"/>`,
    `<polyline points="${points.map(at).join(' ')}" fill="none" stroke="#0a6" stroke-width="2"/>`,
    ...points.map((point) => `<circle cx="${at(point).split(',')[0]}" cy="${at(point).split(',')[1]}" r="3" fill="#0a6"><title>asked ${point.asked}, attained ${point.attained.toFixed(3)}</title></circle>`),
    label(200, size + 40, 'asked', 'middle'), label(44, 16, 'attained'), label(40, size + 70, 'mean excess over the real duration, s'),
    ...bars.map(({ group, mean_excess_seconds }, index) => {
      const y = size + 84 + index * 24
      return `${label(40, y + 12, group)}<rect x="130" y="${y}" width="${(200 * Math.abs(mean_excess_seconds) / widest).toFixed(1)}" height="16" fill="#69c"/>${label(336, y + 12, mean_excess_seconds.toFixed(2))}`
    }),
    '</svg>'
  ].join('\n')
}

try {
  const confidence = Number(values.confidence)
  const byMethod = await calibration(confidence, 'method')
  process.stdout.write(`${table(byMethod, byMethod, await calibration(confidence, 'level'))}\n`)
  const points = []
  for (const asked of curve) {
    const { overall } = await calibration(asked, 'method')
    if (overall.coverage !== null) points.push({ asked, attained: overall.coverage })
  }
  writeFileSync(values.svg, drawing(points, byMethod))
  process.stdout.write(`the reliability curve is in ${values.svg}\n`)
} catch (error) {
  process.stderr.write(`${error.cause?.code === 'ECONNREFUSED' ? `nothing answers at ${values.url}: start the service first, or say --url` : error.message}\n`)
  process.exit(1)
}
