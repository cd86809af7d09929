import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { shutdownTimeouts } from '../../src/embedded/postmaster.ts'
import { defaultShutdownTimeouts } from '../../src/process/start.ts'
import { projectRoot } from '../../src/project-root.ts'

// Whoever starts the service waits for as long as its stop may take, before it is killed.

const requestsAndQueries = defaultShutdownTimeouts.requestsMs + defaultShutdownTimeouts.queriesMs
const read = (file: string): string => readFileSync(join(projectRoot, 'deploy', file), 'utf8')

t.test('systemd waits until the service has stopped its embedded database', (t) => {
  const unit = read('systemd/platform-status@.service')
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])
  t.ok(seconds * 1000 > requestsAndQueries + shutdownTimeouts.SIGINT + shutdownTimeouts.SIGQUIT)
  t.match(unit, /^KillMode=mixed$/m, 'and leaves the stop of the database to it')
  t.end()
})

t.test('containers are given the time that requests under way get', (t) => {
  for (const file of ['../docker-compose.yml', 'compose/three-labs.yaml']) {
    const { services } = parse(read(file), { merge: true }) as { services: Record<string, { stop_grace_period?: string, environment?: Record<string, string> }> }
    for (const [name, { stop_grace_period: given, environment }] of Object.entries(services)) {
      if (environment?.DATABASE_URL !== undefined) t.ok(Number.parseInt(given!, 10) * 1000 > requestsAndQueries, `${file}: ${name}`)
    }
  }
  t.end()
})
