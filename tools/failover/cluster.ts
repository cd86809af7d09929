// Three machines with etcd and Patroni each, and HAProxy, each with its file of deploy/patroni.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePorts } from '../support/free-port.ts'
import { type Programs, until } from '../support/programs.ts'
import { execute } from '../support/server-databases.ts'
import { filled, type Values, valuesOf } from '../support/templates.ts'
import { type EtcdMember, startEtcd } from './etcd.ts'
import { makeNode, type Node } from './node.ts'

export type Installed = { etcd: string, haproxy: string, postgres: string, patroni: string }

/** Seconds, as Patroni names them. */
export type Timing = { TTL: string, LOOP_WAIT: string, RETRY_TIMEOUT: string }

type Member = { name: string, role: 'leader' | 'sync_standby' | 'replica', state: string }

export type Cluster = Awaited<ReturnType<typeof startCluster>>

/** The addresses of the database machines, all of them this one. */
const addresses = ['127.0.0.11', '127.0.0.12', '127.0.0.13'] as const
const settleSeconds = 60

/** Starts all of it, and makes the database of the service. `url` leads to the primary, whichever it is. */
export async function startCluster (programs: Programs, installed: Installed, timing: Partial<Timing>) {
  const values = await valuesHere(programs, installed, timing)
  const machines = addresses.map((address, index) => ({ ...values, NODE_NAME: `node${index + 1}`, NODE_ADDRESS: address }))
  const etcd = await startEtcd(programs, installed.etcd, machines)
  const nodes = machines.map((machine) => makeNode(programs, installed.patroni, machine))
  for (const node of nodes) node.start()

  /** What the nodes say of each other. Empty when none answers. */
  async function members (): Promise<Member[]> {
    for (const { rest } of nodes) {
      try {
        const answer = await fetch(`${rest}/cluster`, { signal: AbortSignal.timeout(1000) })
        if (answer.ok) return (await answer.json() as { members: Member[] }).members
      } catch {
        // it is down or frozen
      }
    }
    return []
  }

  async function nodeWith (role: Member['role']): Promise<Node> {
    const found = (await members()).find((member) => member.role === role)
    return nodes.find(({ name }) => name === found?.name) ?? fail(`no node is the ${role}`)
  }

  /** All three run, one of them as the leader and one as its synchronous standby. */
  async function settled (): Promise<void> {
    await until('that the leader has two standbys, one of them synchronous,', settleSeconds, async () => {
      const found = await members()
      const states = found.filter(({ role, state }) => role === 'leader' ? state === 'running' : state === 'streaming')
      return states.length === nodes.length && ['leader', 'sync_standby', 'replica'].every((role) => states.some((member) => member.role === role))
    })
  }

  await settled()
  const haproxy = join(programs.folder, 'haproxy.cfg')
  writeFileSync(haproxy, filled('haproxy.cfg', values))
  programs.start('haproxy', installed.haproxy, ['-db', '-f', haproxy])
  const at = (user: string, password: string, database: string): string => `postgresql://${user}:${password}@${values.PROXY_ADDRESS}:${values.PRIMARY_PORT}/${database}`
  const superuser = at('postgres', values.SUPERUSER_PASSWORD!, 'postgres')
  await until('that HAProxy finds the primary', 30, async () => await leadsToPrimary(superuser))
  for (const statement of filled('database.sql', values).split(/;\n/).filter((text) => text.trim() !== '')) await execute(superuser, statement)

  return {
    nodes,
    url: at('platform_status', values.SERVICE_PASSWORD!, 'platform_status'),
    leader: async (): Promise<Node> => await nodeWith('leader'),
    synchronousStandby: async (): Promise<Node> => await nodeWith('sync_standby'),
    settled,

    /** The members of etcd; the one that the others follow is the first. */
    async etcdMembers (): Promise<EtcdMember[]> {
      const leads = await Promise.all(etcd.map(async (member) => await member.leads()))
      return etcd.toSorted((a, b) => Number(leads[etcd.indexOf(b)]) - Number(leads[etcd.indexOf(a)]))
    },

    /** The planned way: the leader hands over to its synchronous standby. */
    async switchover (): Promise<void> {
      const [leader, standby] = [await nodeWith('leader'), await nodeWith('sync_standby')]
      const body = JSON.stringify({ leader: leader.name, candidate: standby.name })
      const answer = await fetch(`${leader.rest}/switchover`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (!answer.ok) throw new Error(`Patroni refuses the switchover: ${answer.status} ${await answer.text()}`)
    }
  }
}

async function valuesHere ({ owner }: Programs, { postgres }: Installed, timing: Partial<Timing>): Promise<Values> {
  const [postgresPort, restPort, etcdPort, etcdPeerPort, primaryPort, replicaPort] = (await freePorts(6)).map(String)
  const user = owner?.name ?? userInfo().username
  const password = (): string => randomBytes(12).toString('hex')
  return valuesOf({
    ...timing,
    ...Object.fromEntries(addresses.map((address, index) => [`NODE${index + 1}_ADDRESS`, address])),
    NETWORK: '127.0.0.0/8',
    // a virtual machine may have none, and resetting this one is not what the test is for
    WATCHDOG: 'off',
    POSTGRES_PORT: postgresPort, REST_PORT: restPort, BIN_DIR: postgres,
    ETCD_PORT: etcdPort, ETCD_PEER_PORT: etcdPeerPort,
    ETCD_CLUSTER: addresses.map((address, index) => `node${index + 1}=http://${address}:${etcdPeerPort}`).join(),
    ETCD_HOSTS: addresses.map((address) => `"${address}:${etcdPort}"`).join(),
    PROXY_USER: user, PROXY_GROUP: execFileSync('id', ['-gn', user], { encoding: 'utf8' }).trim(),
    PRIMARY_PORT: primaryPort, REPLICA_PORT: replicaPort,
    SUPERUSER_PASSWORD: password(), REPLICATION_PASSWORD: password(), REWIND_PASSWORD: password(), SERVICE_PASSWORD: password()
  })
}

/** HAProxy takes all nodes for the primary until it has asked them, and gives each the next connection in turn. */
async function leadsToPrimary (url: string): Promise<boolean> {
  for (let connection = 0; connection < 2 * addresses.length; connection++) if (!await isPrimary(url)) return false
  return true
}

async function isPrimary (url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows: [row] } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
    return !row!.standby
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function fail (why: string): never {
  throw new Error(why)
}
