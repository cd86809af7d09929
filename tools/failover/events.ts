// What happens to the cluster while robots work. Each event repairs what it broke.
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../support/programs.ts'
import type { Cluster } from './cluster.ts'
import type { Node } from './node.ts'

export type Event = (cluster: Cluster) => Promise<void>

/** Longer than a default failover takes. */
const promotionSeconds = 90
/** Longer than Patroni's default ttl: a leader that cannot renew its key would be replaced. */
const withoutEtcdMs = 40_000
/** A frozen leader is resumed after another one has worked for a while: what it still believes must not come back. */
const afterPromotionMs = 3000

async function anotherLeads (cluster: Cluster, old: Node): Promise<void> {
  await until('that another node leads', promotionSeconds, async () => {
    const leader = await cluster.leader().catch(() => old)
    return leader.name !== old.name
  })
  await sleep(afterPromotionMs)
}

async function toTheLeader ({ harm, mend }: { harm: (node: Node) => void, mend: (node: Node) => void }, cluster: Cluster): Promise<void> {
  const leader = await cluster.leader()
  harm(leader)
  await anotherLeads(cluster, leader)
  mend(leader)
}

export const shortEvents: Readonly<Record<string, Event>> = {
  'PostgreSQL of the leader killed': async (cluster) => await toTheLeader({ harm: (node) => node.killPostgres(), mend: () => {} }, cluster),
  'planned switchover': async (cluster) => {
    const leader = await cluster.leader()
    await cluster.switchover()
    await anotherLeads(cluster, leader)
  }
}

export const events: Readonly<Record<string, Event>> = {
  ...shortEvents,
  'etcd killed on one machine, the one whose etcd leads': async (cluster) => {
    const [leader, [member]] = [await cluster.leader(), await cluster.etcdMembers()]
    await member!.kill()
    await sleep(withoutEtcdMs)
    const { name } = await cluster.leader()
    if (name !== leader.name) throw new Error(`${name} took over from ${leader.name}, although two of three etcd were there`)
    member!.start()
    await member!.healthy()
  },
  'etcd killed on two machines, and started again': async (cluster) => {
    const members = (await cluster.etcdMembers()).slice(0, 2)
    for (const member of members) await member.kill()
    await sleep(withoutEtcdMs)
    for (const member of members) member.start()
    for (const member of members) await member.healthy()
  },
  'synchronous standby killed': async (cluster) => {
    const standby = await cluster.synchronousStandby()
    standby.kill()
    await sleep(10_000)
    standby.start()
  },
  'leader killed, Patroni and PostgreSQL': async (cluster) => await toTheLeader({ harm: (node) => node.kill(), mend: (node) => node.start() }, cluster),
  'Patroni of the leader killed alone': async (cluster) => await toTheLeader({ harm: (node) => node.killPatroni(), mend: (node) => node.start() }, cluster),
  'leader frozen, and resumed later': async (cluster) => await toTheLeader({ harm: (node) => node.freeze(), mend: (node) => node.thaw() }, cluster)
}
