// Checks that other programs read the Parquet files of `platform-status export`: polars and DuckDB find the types, the times in UTC and the values that
// the service tells. Skipped where Python or the packages are missing.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
assert steps.height == 45000, steps.height
assert steps["start"].min() == datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc), steps["start"].min()
assert steps["duration_seconds"].sum() == 45000 * 1.5
assert steps["data"][0] == '{"id":"1546130668394913822","fct":"wash"}', steps["data"][0]
rows, seconds = duckdb.sql(f"SELECT count(*), sum(duration_seconds) FROM '{path}' WHERE NOT is_simulation").fetchall()[0]
assert (rows, seconds) == (45000, 45000 * 1.5), (rows, seconds)
types = dict(duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{path}')").fetchall())
assert types["start"] == "TIMESTAMP WITH TIME ZONE" and types["version"] == "BIGINT", types
`

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
        for (let batch = 0; batch < 9; batch++) {
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
      }
    })
  } finally {
    await service.stop()
    rmSync(work, { recursive: true, force: true })
  }
}
