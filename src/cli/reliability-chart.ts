import type { CalibrationScore } from '../contract/estimates.ts'

/** How often a bound was kept (`attained`) that was requested for with a confidence (`requested`). */
export type ReliabilityPoint = { requested: number, attained: number }

const ink = { text: '#222', axis: '#666', grid: '#ddd', curve: '#0a6', bar: '#69c', late: '#c66' }
const [left, top, size, barPitch] = [50, 46, 330, 24]

export type ReliabilityChart = { confidence: number, steps: number, points: readonly ReliabilityPoint[], methods: readonly CalibrationScore[] }

/**
 * An SVG: the attained share against the requested confidence, beside the diagonal of a perfect estimate; below it the mean
 * excess of each method, to the left of zero where its bounds were too early.
 */
export function reliabilityChart ({ confidence, steps, points, methods }: ReliabilityChart): string {
  const bars = methods.flatMap(({ group, mean_excess_seconds: excess }) => excess === null ? [] : [{ name: group ?? 'none', excess }])
  const firstBar = top + size + 84
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 ${firstBar + barPitch * bars.length + 10}" role="img" aria-label="reliability of the estimates">`,
    '<rect width="100%" height="100%" fill="white"/>',
    label(left, 20, `How often estimates were kept, over ${steps.toLocaleString('en')} steps`),
    ...curveOf(points),
    label(left, firstBar - 14, `bound at ${confidence} minus the real duration, mean, s`),
    ...barsOf(bars, firstBar),
    '</svg>\n'
  ].join('\n')
}

function curveOf (points: readonly ReliabilityPoint[]): string[] {
  const lowest = Math.min(0.4, ...points.map(({ attained }) => Math.floor(attained * 10) / 10))
  const x = (share: number) => (left + (share - lowest) / (1 - lowest) * size).toFixed(1)
  const y = (share: number) => (top + (1 - share) / (1 - lowest) * size).toFixed(1)
  const ticks = Array.from({ length: Math.round((1 - lowest) * 10) + 1 }, (_, index) => Math.round((1 - index / 10) * 10) / 10)
  return [
    ...ticks.flatMap((tick) => [
      `<path d="M${x(tick)},${y(1)} V${y(lowest)} M${x(lowest)},${y(tick)} H${x(1)}" stroke="${ink.grid}"/>`,
      label(x(tick), top + size + 16, tick.toFixed(1), 'middle'), label(left - 6, Number(y(tick)) + 4, tick.toFixed(1), 'end')
    ]),
    `<path d="M${x(lowest)},${y(lowest)} L${x(1)},${y(1)}" stroke="${ink.axis}" stroke-dasharray="4 4"/>`,
    `<path d="M${x(lowest)},${y(1)} V${y(lowest)} H${x(1)}" fill="none" stroke="${ink.axis}"/>`,
    `<polyline points="${points.map(({ requested, attained }) => `${x(requested)},${y(attained)}`).join(' ')}" fill="none" stroke="${ink.curve}" stroke-width="2"/>`,
    ...points.map(({ requested, attained }) => `<circle cx="${x(requested)}" cy="${y(attained)}" r="3" fill="${ink.curve}"><title>requested ${requested}, attained ${attained.toFixed(3)}</title></circle>`),
    label(left + size / 2, top + size + 34, 'requested', 'middle'), label(left, top - 8, 'attained')
  ]
}

function barsOf (bars: readonly { name: string, excess: number }[], firstBar: number): string[] {
  const widest = Math.max(...bars.map(({ excess }) => Math.abs(excess)), 1e-9)
  // the bars need room on the left only when one of them goes there
  const [zero, room] = bars.some(({ excess }) => excess < 0) ? [250, 80] : [150, 180]
  return bars.flatMap(({ name, excess }, index) => {
    const [y, length] = [firstBar + index * barPitch, Math.abs(excess) / widest * room]
    return [
      label(left, y + 12, name),
      `<rect x="${(excess < 0 ? zero - length : zero).toFixed(1)}" y="${y}" width="${length.toFixed(1)}" height="16" fill="${excess < 0 ? ink.late : ink.bar}"/>`,
      label(excess < 0 ? zero + 6 : (zero + length + 6).toFixed(1), y + 12, excess.toFixed(2))
    ]
  })
}

function label (x: number | string, y: number, text: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${ink.text}" font-family="sans-serif" font-size="12">${text}</text>`
}
