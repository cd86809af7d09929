// etcd on each of the three database machines, with deploy/patroni/etcd.yml.
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, type Programs, until } from '../support/programs.ts'
import { filled, type Values } from '../support/templates.ts'

export type EtcdMember = ReturnType<typeof makeMember>

/** Starts a member for each of these machines, and waits until all of them are healthy. */
export async function startEtcd (programs: Programs, etcd: string, machines: readonly Values[]): Promise<EtcdMember[]> {
  const members = machines.map((values) => makeMember(programs, etcd, values))
  for (const member of members) member.start()
  for (const member of members) await member.healthy()
  return members
}

function makeMember (programs: Programs, etcd: string, own: Values) {
  const { folder, owner } = programs
  const name = `etcd-${own.NODE_NAME}`
  const values = { ...own, ETCD_DATA_DIR: join(folder, name) }
  const url = `http://${own.NODE_ADDRESS}:${own.ETCD_PORT}`
  const config = join(folder, `${name}.yml`)
  writeFileSync(config, filled('etcd.yml', values))
  mkdirSync(values.ETCD_DATA_DIR, { mode: 0o700 })
  if (owner !== undefined) chownSync(values.ETCD_DATA_DIR, owner.uid, owner.gid)
  let running: Program | undefined

  return {
    name,

    start (): void {
      running = programs.start(name, etcd, ['--config-file', config], { endsLast: true })
    },

    async kill (): Promise<void> {
      await running?.end('SIGKILL')
    },

    async healthy (): Promise<void> {
      await until(`that ${name} is healthy`, 30, async () => {
        if (running?.isOver()) throw new Error(`${name} has ended`)
        return await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false)
      })
    },

    /** Whether the other members follow it. */
    async leads (): Promise<boolean> {
      const answer = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}', signal: AbortSignal.timeout(2000) })
      const { leader, header } = await answer.json() as { leader: string, header: { member_id: string } }
      return leader === header.member_id
    }
  }
}
