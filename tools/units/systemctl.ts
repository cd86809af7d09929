// What the checks ask of systemd, and what it says of a unit.
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../support/run.ts'

export async function systemctl (...args: string[]): Promise<string> {
  return await run('systemctl', args, { seconds: 120 })
}

/** A property of a unit, as `systemctl show` has it. */
export async function property (unit: string, name: string): Promise<string> {
  return (await systemctl('show', unit, `--property=${name}`, '--value')).trim()
}

/** What a unit has written since it was installed. */
export async function journal (unit: string): Promise<string> {
  await run('journalctl', ['--sync'])
  return await run('journalctl', ['--unit', unit, '--output=cat', '--no-pager'])
}

/** Waits until a condition holds. Throws with the end of the unit's journal when that takes too long. */
export async function waitFor (what: string, unit: string, seconds: number, condition: () => Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + seconds * 1000; !await condition().catch(() => false); await sleep(200)) {
    if (Date.now() < limit) continue
    throw new Error(`${what} did not happen within ${seconds} s; ${unit} says:\n${(await journal(unit)).trim().split('\n')
      .filter((line) => !/heartbeat|no response/.test(line)).slice(-30).join('\n')}`)
  }
}
