// npm run calibrate -- [--confidence 0.95] [--since 2026-01-01T00:00:00Z] [--limit 5000] [--group-by function] [--url http://localhost:8000] [--svg reliability.svg]
// Asks a running service how well its promises were kept: a table for one confidence, by the method that answered and by
// the level of the history (or by function or device), and the reliability curve (asked against attained) with the mean
// excess by method, as SVG. PLATFORM_STATUS_KEY is the key to ask with, where the service wants one.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: {
  confidence: { type: 'string', default: '0.95' }, since: { type: 'string' }, limit: { type: 'string', default: '5000' },
  'group-by': { type: 'string', default: 'level' },
  url: { type: 'string', default: 'http://localhost:8000' }, svg: { type: 'string', default: 'reliability.svg' }
} })
const curve = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

async function calibration (confidence, group_by) {
  const query = new URLSearchParams({ confidence: String(confidence), limit: values.limit, group_by, ...(values.since ? { since: values.since } : {}) })
  const key = process.env.PLATFORM_STATUS_KEY
  const answer = await fetch(`${values.url}/api/estimates/calibration?${query}`, { headers: key ? { authorization: `Bearer ${key}` } : {} })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.detail ?? `${answer.status}`)
  return body
}

const shown = (value, digits) => value === null ? '-' : value.toFixed(digits)

function row (name, { steps, answered, coverage, mean_excess_seconds, pinball_loss_seconds }) {
  return [name.padEnd(20), String(steps).padStart(9), String(answered).padStart(9), shown(coverage, 3).padStart(9), shown(mean_excess_seconds, 2).padStart(12), shown(pinball_loss_seconds, 3).padStart(12)].join('')
}

function table ({ confidence, overall }, byMethod, byGroup) {
  const head = ['', 'steps', 'answered', 'coverage', 'excess s', 'pinball s']
  const widths = [20, 9, 9, 9, 12, 12]
  return [
    `asked ${confidence}`,
    head.map((text, index) => index === 0 ? text.padEnd(widths[0]) : text.padStart(widths[index])).join(''),
    row('all', overall),
    ...byMethod.groups.map((score) => row(score.group ?? 'none', score)),
    ...byGroup.groups.map((score) => row(score.group ?? 'none', score))
  ].join('\n')
}

const ink = { text: '#222', axis: '#666', grid: '#ddd', curve: '#0a6', bar: '#69c', late: '#c66' }

function label (x, y, text, anchor = 'start') {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${ink.text}" font-family="sans-serif" font-size="12">${text}</text>`
}

/** Asked against attained as a curve beside the diagonal; below it the mean excess of each method, to the left where it was late. */
function drawing (points, { confidence, steps, groups }) {
  const lowest = Math.min(0.4, ...points.map(({ attained }) => Math.floor(attained * 10) / 10))
  const [left, top, size] = [50, 46, 330]
  const x = (share) => (left + (share - lowest) / (1 - lowest) * size).toFixed(1)
  const y = (share) => (top + (1 - share) / (1 - lowest) * size).toFixed(1)
  const ticks = Array.from({ length: Math.round((1 - lowest) * 10) + 1 }, (_, index) => Math.round((1 - index / 10) * 10) / 10)
  const bars = groups.filter(({ mean_excess_seconds }) => mean_excess_seconds !== null)
  const widest = Math.max(...bars.map(({ mean_excess_seconds }) => Math.abs(mean_excess_seconds)), 1e-9)
  const firstBar = top + size + 84
  const zero = bars.some(({ mean_excess_seconds }) => mean_excess_seconds < 0) ? 250 : 150
  const scale = (zero === 250 ? 80 : 180) / widest
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 ${firstBar + 24 * bars.length + 10}" role="img" aria-label="reliability of the estimates">`,
    '<rect width="100%" height="100%" fill="white"/>',
    label(left, 20, `How often estimates were kept, over ${steps.toLocaleString('en')} steps`),
    ...ticks.flatMap((tick) => [
      `<path d="M${x(tick)},${y(1)} V${y(lowest)} M${x(lowest)},${y(tick)} H${x(1)}" stroke="${ink.grid}"/>`,
      label(x(tick), top + size + 16, tick.toFixed(1), 'middle'), label(left - 6, Number(y(tick)) + 4, tick.toFixed(1), 'end')
    ]),
    `<path d="M${x(lowest)},${y(lowest)} L${x(1)},${y(1)}" stroke="${ink.axis}" stroke-dasharray="4 4"/><path d="M${x(lowest)},${y(1)} V${y(lowest)} H${x(1)}" fill="none" stroke="${ink.axis}"/>`,
    `<polyline points="${points.map(({ asked, attained }) => `${x(asked)},${y(attained)}`).join(' ')}" fill="none" stroke="${ink.curve}" stroke-width="2"/>`,
    ...points.map(({ asked, attained }) => `<circle cx="${x(asked)}" cy="${y(attained)}" r="3" fill="${ink.curve}"><title>asked ${asked}, attained ${attained.toFixed(3)}</title></circle>`),
    label(left + size / 2, top + size + 34, 'asked', 'middle'), label(left, top - 8, 'attained'),
    label(left, firstBar - 14, `bound at ${confidence} less the real duration, in the mean, s`),
    ...bars.flatMap(({ group, mean_excess_seconds: excess }, index) => {
      const [at, length] = [firstBar + index * 24, Math.abs(excess) * scale]
      return [
        label(left, at + 12, group),
        `<rect x="${(excess < 0 ? zero - length : zero).toFixed(1)}" y="${at}" width="${length.toFixed(1)}" height="16" fill="${excess < 0 ? ink.late : ink.bar}"/>`,
        label(excess < 0 ? zero + 6 : (zero + length + 6).toFixed(1), at + 12, excess.toFixed(2))
      ]
    }),
    '</svg>'
  ].join('\n')
}

try {
  const confidence = Number(values.confidence)
  const byMethod = await calibration(confidence, 'method')
  process.stdout.write(`${table(byMethod, byMethod, await calibration(confidence, values['group-by']))}\n`)
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
