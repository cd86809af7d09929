// deploy/systemd: labs as docs/guides/deploy.md and docs/guides/many-labs.md install them.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { audit } from '../failover/audit.ts'
import { makeLab, type Acknowledged } from '../failover/robots.ts'
import type { Check } from '../support/checks.ts'
import { run } from '../support/run.ts'
import { journal, property, systemctl, waitFor } from './systemctl.ts'

const plates = 8
const template = 'platform-status@.service'
const units = '/etc/systemd/system'
const settings = '/etc/platform-status'
const north = { unit: 'platform-status@north', url: 'http://127.0.0.1:8001' }
const south = { unit: 'platform-status@south', url: 'http://127.0.0.1:8002' }

export const checksOfLabs: Record<string, Check> = {
  'systemd finds nothing wrong with platform-status@.service': async () => {
    cpSync(join(projectRoot, 'deploy', 'systemd', template), join(units, template))
    await run('useradd', ['--system', '--user-group', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', 'platform-status'])
    mkdirSync(settings)
    writeFileSync(join(settings, 'north.env'), 'PORT=8001\n', { mode: 0o600 })
    writeFileSync(join(settings, 'south.env'), 'PORT=8002\n', { mode: 0o600 })
    await systemctl('daemon-reload')
    const said = await run('systemd-analyze', ['verify', `${north.unit}.service`])
    must(said === '', said)
    await run('systemd-analyze', ['security', '--offline=yes', '--threshold=30', join(units, template)])
    return undefined
  },

  'two labs start, each with a database of its own': async () => {
    await systemctl('start', north.unit, south.unit)
    for (const lab of [north, south]) await ready(lab)
    await makeLab(north.url, plates)
    const { devices } = await (await fetch(`${south.url}/api/lab`)).json() as { devices: object[] }
    must(devices.length === 0, 'the second lab has the devices of the first one')
    return undefined
  },

  'a stop answers the requests under way, and ends the embedded database cleanly': async () => {
    const moves = startMoves(north.url)
    await moves.someMade()
    await systemctl('stop', north.unit)
    const { acknowledged, refused } = await moves.ended()
    must(refused.length === 0, `refused: ${refused.slice(0, 3).join('; ')}`)
    const [result, said] = [await property(north.unit, 'Result'), await journal(north.unit)]
    must(result === 'success', `the unit's result is ${result}`)
    const errors = said.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line))
    must(errors.length === 0, errors.join('\n'))
    must(/database system is shut down\s*$/.test(readFileSync('/var/lib/platform-status/north/postgres.log', 'utf8')), 'the database was not shut down')
    await systemctl('start', north.unit)
    await ready(north)
    await allThere(acknowledged)
    return undefined
  },

  'a lab that was killed comes back by itself, with all that it acknowledged': async () => {
    const before = await property(north.unit, 'MainPID')
    const moves = startMoves(north.url)
    await moves.someMade()
    await systemctl('kill', '--kill-whom=main', '--signal=KILL', north.unit)
    const { acknowledged } = await moves.ended()
    await waitFor('that systemd starts it again', north.unit, 30, async () => !['0', before].includes(await property(north.unit, 'MainPID')))
    await ready(north)
    await allThere(acknowledged)
    return undefined
  },

  'the command line reaches the embedded database of a lab as the guide says': async () => {
    const said = await run('/bin/bash', ['-ec', commandOfGuide('keys list')])
    must(/no keys/i.test(said), said)
    return undefined
  },

  'admin-key.conf gives a lab its first key': async () => {
    mkdirSync(join(units, `${template}.d`))
    cpSync(join(projectRoot, 'deploy', 'systemd', 'admin-key.conf'), join(units, `${template}.d`, 'admin-key.conf'))
    const key = 'k'.repeat(40)
    writeFileSync(join(settings, 'south.key'), `${key}\n`, { mode: 0o600 })
    await systemctl('daemon-reload')
    await systemctl('restart', south.unit)
    await ready(south)
    const status = async (headers: Record<string, string>): Promise<number> => (await fetch(`${south.url}/api/lab`, { headers })).status
    const [without, withIt] = [await status({}), await status({ authorization: `Bearer ${key}` })]
    must(without === 401 && withIt === 200, `without the key ${without}, with it ${withIt}`)
    return undefined
  },

  'all labs stop within the time that the unit gives them': async () => {
    await systemctl('stop', north.unit, south.unit)
    for (const { unit } of [north, south]) {
      const result = await property(unit, 'Result')
      must(result === 'success', `${unit}: ${result}`)
    }
    return undefined
  }
}

async function ready ({ unit, url }: { unit: string, url: string }): Promise<void> {
  await waitFor(`that ${url} is ready`, unit, 60, async () => (await fetch(`${url}/health/ready`)).ok)
}

async function allThere (acknowledged: readonly Acknowledged[]): Promise<void> {
  const { lost, doubled } = await audit(north.url, acknowledged)
  must(lost.length + doubled.length === 0, `lost: ${lost.join(' ')}; doubled: ${doubled.join(' ')}`)
}

let loads = 0

/** Each plate goes to and fro until the service takes no more connections. */
function startMoves (url: string) {
  const load = ++loads
  const acknowledged: Acknowledged[] = []
  const refused: string[] = []
  const all = Promise.all(Array.from({ length: plates }, async (_, n) => {
    const { device } = await (await fetch(`${url}/api/containers/P${n}`)).json() as { device: string }
    const targets = device === 'Left' ? ['Right', 'Left'] : ['Left', 'Right']
    for (let turn = 0; ; turn++) {
      const id = `load-${load}-${n}-${turn}`
      const body = JSON.stringify({ target_device: targets[turn % 2], target_pos: n })
      const answer = await fetch(`${url}/api/containers/P${n}/move`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-request-id': id } }).catch(() => null)
      if (answer === null) return
      const text = await answer.text().catch(() => null)
      if (text === null) return
      if (answer.ok) acknowledged.push({ id, kind: 'moved', at: performance.now() })
      else refused.push(`${answer.status} ${text}`)
    }
  }))
  // who waits for it later gets the error
  all.catch(() => {})
  return {
    someMade: async (): Promise<void> => { await waitFor('100 moves', north.unit, 30, async () => await Promise.resolve(acknowledged.length >= 100)) },
    async ended () {
      await all
      return { acknowledged, refused }
    }
  }
}

/** The console of docs/guides/deploy.md that runs a command of the command line for a lab, with this command instead. */
function commandOfGuide (command: string): string {
  const guide = readFileSync(join(projectRoot, 'docs', 'guides', 'deploy.md'), 'utf8')
  const found = /^set -a; \. \/etc\/platform-status\/north\.env;[^]*?platform-status\.mjs (?=backup)/m.exec(guide)
  if (found === null) throw new Error('docs/guides/deploy.md does not say how to run a command for a lab')
  return `${found[0]}${command}`
}

export function must (isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise)
}
