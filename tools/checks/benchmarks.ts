// Starts each benchmark with small numbers, to the end. What it measures so is worth nothing: this check shows only that the benchmark still runs on the
// service as it is now. `npm run check:benchmarks stream` starts these only. Left out, to be started by hand: `bench:upstream`, which installs Platform
// Status DB, and `bench:scaling`, which takes minutes and makes the calls of `bench`.
import { type Check, runChecks } from '../support/checks.ts'
import { findChromium } from '../support/chromium.ts'
import { run } from '../support/run.ts'

const small: Readonly<Record<string, readonly string[]>> = {
  // All calls, because a new member in an answer makes the reference differ from the service.
  bench: ['--rounds', '1', '--seconds', '0.2', '--connections', '1', '--steps', '20000'],
  'bench:alarms': [],
  'bench:command-line': ['--rounds', '1'],
  'bench:estimates': ['--sizes', '2000,4000', '--rounds', '3'],
  'bench:growth': ['--steps', '2000,4000', '--slots', '156', '--rounds', '3'],
  'bench:import': ['--steps', '2000'],
  'bench:isolation': ['--steps', '2000', '--seconds', '0.2', '--only', 'single estimates'],
  'bench:page': ['--frames', '1000', '--seconds', '1', '--viewers', '5'],
  'bench:plans': ['--steps', '2000'],
  'bench:shared-commit': ['--seconds', '0.2'],
  'bench:start': ['--steps', '1000'],
  'bench:stream': ['--seconds', '1', '--readers', '5'],
  'bench:weight': ['--steps', '2000']
}

const chosen = process.argv.slice(2)
const checks = Object.entries(small).filter(([name]) => chosen.length === 0 || chosen.some((word) => name.includes(word)))
await runChecks(Object.fromEntries(checks.map(([name, args]): [string, Check] => [name, async () => {
  if (name === 'bench:page' && findChromium() === undefined) return 'there is no Chromium here'
  await run('npm', ['run', name, '--', ...args], { seconds: 240 })
  return undefined
}])), { atOnce: 2 })
