// Checks that other programs read the Parquet files of `platform-status export` and of the lists over HTTP: polars and DuckDB find the types, the times in
// UTC and the values that the service tells. While the service writes such a file, it must not keep others waiting for long. Skipped where Python or the
// packages are missing.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../src/project-root.ts'
import { runChecks } from '../support/checks.ts'
import { environment, findPython, noPython } from '../support/python.ts'
import { run } from '../support/run.ts'
import { startService } from '../support/service.ts'

const readSteps = `
import sys, datetime, polars, duckdb
path = sys.argv[1]
steps = polars.read_parquet(path)
assert steps.schema["start"] == polars.Datetime("ms", "UTC"), steps.schema
assert (steps.schema["version"], steps.schema["duration_seconds"], steps.schema["is_simulation"]) == (polars.Int64, polars.Float64, polars.Boolean), steps.schema
assert steps.height == 60000, steps.height
assert steps["start"].min() == datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc), steps["start"].min()
assert steps["duration_seconds"].sum() == 60000 * 1.5
assert steps["data"][0] == '{"id":"1546130668394913822","fct":"wash"}', steps["data"][0]
rows, seconds = duckdb.sql(f"SELECT count(*), sum(duration_seconds) FROM '{path}' WHERE NOT is_simulation").fetchall()[0]
assert (rows, seconds) == (60000, 60000 * 1.5), (rows, seconds)
types = dict(duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{path}')").fetchall())
assert types["start"] == "TIMESTAMP WITH TIME ZONE" and types["version"] == "BIGINT", types
`

const readOthers = `
import sys, polars, duckdb
times = {"events": "recorded_at", "containers": "created_at", "experiments": "created_at"}
for kind, time in times.items():
    table = polars.read_parquet(f"{kind}.parquet")
    assert table.schema[time] == polars.Datetime("ms", "UTC"), table.schema
    assert table.height >= 1, kind
    rows = duckdb.sql(f"SELECT count(*), count({time}) FROM '{kind}.parquet'").fetchall()[0]
    assert rows == (table.height, table.height), (kind, rows)
`

/** The service may answer nobody else for so long. */
const longestHoldMs = 250
const parquet = { accept: 'application/vnd.apache.parquet' }

if (findPython() === null) console.log(`skipped: Parquet: ${noPython}`)
else {
  const folder = await environment('parquet', ['tools/checks/parquet/requirements.txt'])
  if (folder === null) console.log('skipped: Parquet: its packages cannot be installed here')
  else await check(folder)
}

async function check (folder: string): Promise<void> {
  const service = await startService()
  const work = mkdtempSync(join(tmpdir(), 'platform-status-parquet-'))
  try {
    await runChecks({
      'polars and DuckDB read the steps, several groups of rows': async () => {
        const first = Date.parse('2026-03-02T00:00:00Z')
        for (let batch = 0; batch < 12; batch++) {
          const steps = Array.from({ length: 5000 }, (_, index) => {
            const start = first + (batch * 5000 + index) * 2000
            return { device: 'Washer', data: { fct: 'wash', id: '1546130668394913822' }, start: new Date(start).toISOString(), finish: new Date(start + 1500).toISOString() }
          })
          const { status } = await fetch(`${service.url}/api/steps/batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ steps }) })
          if (status !== 201) throw new Error(`The steps are refused: ${status}`)
        }
        const file = join(work, 'steps.parquet')
        await run(process.execPath, ['dist/src/cli/main.js', 'export', 'steps', '--format', 'parquet', '--out', file, '--url', service.url], { cwd: projectRoot, seconds: 120 })
        await run(join(folder, 'bin', 'python'), ['-c', readSteps, file], { cwd: work, seconds: 60 })
        return undefined
      },
      'they read the same steps over HTTP, and the service answers others meanwhile': async () => {
        const file = join(work, 'steps-http.parquet')
        // The machine may be busy with something else, so the best of three counts.
        let longestMs = Infinity
        for (let tries = 0; tries < 3 && longestMs > longestHoldMs; tries++) {
          const began = performance.now()
          const watching = await watched(service.url, async () => await download(`${service.url}/api/steps`, file))
          longestMs = watching.longestMs
          const seconds = (performance.now() - began) / 1000
          console.log(`60,000 steps: ${(watching.value / 2 ** 20).toFixed(1)} MiB in ${seconds.toFixed(1)} s; the slowest answer beside it took ${longestMs.toFixed(0)} ms`)
        }
        await run(join(folder, 'bin', 'python'), ['-c', readSteps, file], { cwd: work, seconds: 60 })
        if (longestMs > longestHoldMs) {
          // A slow machine is slow beside anything: the same rows as pages of JSON are the reference.
          const pages = await watched(service.url, async () => await readPages(`${service.url}/api/steps?limit=500`))
          const found = `An answer beside the file took ${longestMs.toFixed(0)} ms, and beside the same rows as JSON ${pages.longestMs.toFixed(0)} ms`
          if (longestMs > 2 * pages.longestMs) throw new Error(found)
          console.log(found)
        }
        return undefined
      },
      'they read the other lists over HTTP': async () => {
        const write = async (method: string, path: string, body: object): Promise<unknown> => {
          const response = await fetch(service.url + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
          if (!response.ok) throw new Error(`${path} is refused: ${response.status}`)
          return await response.json()
        }
        await write('PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 } } } })
        await write('POST', '/api/containers', { device: 'Hotel', position: 0, barcode: 'PLATE_1' })
        const { id } = await write('POST', '/api/processes', { name: 'Screening', source: 'print()' }) as { id: string }
        await write('POST', '/api/experiments', { process_id: id })
        for (const kind of ['events', 'containers', 'experiments']) await download(`${service.url}/api/${kind}`, join(work, `${kind}.parquet`))
        await run(join(folder, 'bin', 'python'), ['-c', readOthers], { cwd: work, seconds: 60 })
        return undefined
      }
    })
  } finally {
    await service.stop()
    rmSync(work, { recursive: true, force: true })
  }
}

/** Writes what the URL answers as Parquet to a file, and returns its length. */
async function download (url: string, file: string): Promise<number> {
  const { body, status } = await fetch(url, { headers: parquet })
  if (status !== 200 || body === null) throw new Error(`${url} answers ${status}`)
  const to = createWriteStream(file)
  await pipeline(Readable.fromWeb(body), to)
  return to.bytesWritten
}

/** Reads a list to its end. Returns how many pages it has. */
async function readPages (first: string): Promise<number> {
  let pages = 0
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const answer: Response = await fetch(cursor === '' ? first : `${first}&cursor=${encodeURIComponent(cursor)}`)
    cursor = (await answer.json() as { next_cursor: string | null }).next_cursor
  }
  return pages
}

/** Asks the service again and again whether it lives while `work` runs. Returns what that returned, and how long the slowest answer took. */
async function watched<T> (url: string, work: () => Promise<T>): Promise<{ value: T, longestMs: number }> {
  let longestMs = 0
  let done = false
  const asking = (async () => {
    const isDone = (): boolean => done
    while (!isDone()) {
      const asked = performance.now()
      await (await fetch(`${url}/health/live`)).arrayBuffer()
      longestMs = Math.max(longestMs, performance.now() - asked)
      await sleep(5)
    }
  })()
  const value = await work().finally(() => { done = true })
  await asking
  return { value, longestMs }
}
