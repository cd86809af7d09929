// npm run bench:alarms [-- --json file]: how often the rule of the alarms would have waked somebody in the real history; see docs/estimates.md
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { alarmAfterSeconds, alarmWindow } from '../../src/estimation/alarm.ts'
import { estimate } from '../../src/estimation/estimate.ts'
import type { EstimateQuery } from '../../src/estimation/estimate-query.ts'
import { readHistories } from '../../src/estimation/history.sql.ts'
import { noMargins } from '../../src/estimation/margins.ts'
import { samplesFor } from '../../src/estimation/model.ts'
import { basisOf } from '../../src/estimation/sample-basis.ts'
import { writeJson } from '../support/json.ts'
import { warningsOnly } from '../support/log.ts'
import { say } from '../support/say.ts'
import { logRealHistory } from './histories.ts'
import { openTestService } from './service.ts'

type RealStep = EstimateQuery & { id: string, day: string, sample_seconds: number, commanded_seconds: number | null }

const rules = ['past the bound at 0.95', 'longer than every comparable step', 'alarm: 1.5 times the longest, and 30 s beyond it'] as const

const { values } = parseArgs({ options: { json: { type: 'string' } } })
const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-bench-'))
const embedded = await startEmbedded({ dataDir, log: warningsOnly })
try {
  await count(embedded.url)
} finally {
  await embedded.stop()
  for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
}

/** Judges each real step at its end, with the steps that had finished when it started. */
async function count (server: string): Promise<void> {
  say('logging the real history')
  await logRealHistory(server, 'bench_alarms')
  const service = await openTestService(server, 'bench_alarms')
  const { rows: steps } = await service.pool.query<RealStep>(`
    SELECT s.id, s.start::date::text AS day, wire_time(s.start) AS as_of, s.sample_seconds, s.commanded_seconds,
      s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
      o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position, s.lidded_before, s.lidded_after, s.barcode_read
    FROM step s JOIN device d ON d.id = s.device_id LEFT JOIN device o ON o.id = s.origin_device_id LEFT JOIN device t ON t.id = s.destination_device_id
    WHERE s.is_sample ORDER BY s.start, s.id`)
  const counts = [0, 0, 0]
  const alarms: { day: string, seconds: number, longest: number, level: string }[] = []
  let judged = 0
  for (let from = 0; from < steps.length; from += 1000) {
    const chunk = steps.slice(from, from + 1000)
    const queries = chunk.map(({ id, day, sample_seconds, commanded_seconds, ...query }): EstimateQuery => query)
    const { histories } = await readHistories(service.pool, queries, { most: alarmWindow, enough: samplesFor(0.95) })
    for (const [index, step] of chunk.entries()) {
      const history = histories[index] ?? null
      const alarmAfter = alarmAfterSeconds(history, step)
      if (history === null || alarmAfter === null) continue
      judged++
      const { sorted, level } = basisOf(history, step.kind)
      const seconds = step.sample_seconds + (step.commanded_seconds ?? 0)
      const longest = sorted.at(-1)! + (step.commanded_seconds ?? 0)
      const { duration_seconds: bound } = estimate(history, { kind: step.kind, commanded: step.commanded_seconds }, { confidence: 0.95, statistic: 'upper_bound', margins: noMargins })
      if (seconds > bound!) counts[0]!++
      if (seconds > longest) counts[1]!++
      if (seconds <= alarmAfter) continue
      counts[2]!++
      alarms.push({ day: step.day, seconds, longest, level })
    }
  }
  const days = new Set(steps.map(({ day }) => day)).size
  say(`${steps.length.toLocaleString('en')} steps on ${days} working days, ${judged.toLocaleString('en')} judged (nine or more comparable steps)`)
  for (const [index, rule] of rules.entries()) say(`| ${rule} | ${counts[index]} | ${(counts[index]! / days).toFixed(1)} a working day |`)
  for (const { day, seconds, longest, level } of alarms) say(`${day}: ${seconds.toFixed(0)} s, the longest was ${longest.toFixed(0)} s (level ${level})`)
  const byRule = Object.fromEntries(rules.map((rule, index) => [rule, counts[index]]))
  if (values.json !== undefined) writeJson(values.json, { steps: steps.length, days, judged, counts: byRule, alarms })
  await service.close()
}
