// One PgBouncer before one database, with the file of deploy/patroni.
import { once } from 'node:events'
import { chownSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { freePorts } from '../support/free-port.ts'
import { type Programs, until } from '../support/programs.ts'
import { execute } from '../support/server-databases.ts'
import { filled, type Values, valuesOf } from '../support/templates.ts'

let poolers = 0

/** Gives the user of a database the settings of deploy/patroni/database.sql. */
export async function setRole (server: string): Promise<void> {
  const { username } = new URL(server)
  const statements = readFileSync(join(projectRoot, 'deploy', 'patroni', 'database.sql'), 'utf8').match(/^ALTER ROLE platform_status SET .*;$/gm) ?? []
  if (statements.length === 0) throw new Error('deploy/patroni/database.sql sets nothing')
  for (const statement of statements) await execute(server, statement.replace('platform_status', username))
}

/** Starts a PgBouncer, and returns the URL of the database behind it. */
export async function startPooler (programs: Programs, program: string, server: string, own: Values): Promise<string> {
  const name = `pgbouncer${++poolers}`
  const [port] = await freePorts(1)
  const { hostname, port: serverPort, username, password, pathname } = new URL(server)
  const config = join(programs.folder, `${name}.ini`)
  const users = join(programs.folder, `${name}.txt`)
  writeFileSync(users, `"${username}" "${password}"\n`, { mode: 0o600 })
  if (programs.owner !== undefined) chownSync(users, programs.owner.uid, programs.owner.gid)
  writeFileSync(config, filled('pgbouncer.ini', valuesOf({
    ...own, DATABASE: pathname.slice(1), PGBOUNCER_ADDRESS: '127.0.0.1', PGBOUNCER_PORT: String(port), PGBOUNCER_USERS: users, PROXY_ADDRESS: hostname, PRIMARY_PORT: serverPort
  })))
  const running = programs.start(name, program, [config])
  await until('that PgBouncer listens', 15, async () => {
    if (running.isOver()) throw new Error(`PgBouncer has ended:\n${programs.lastWords()}`)
    return await listens(port!)
  })
  return Object.assign(new URL(server), { hostname: '127.0.0.1', port: String(port) }).href
}

async function listens (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
