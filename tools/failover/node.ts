// One database machine: Patroni and its PostgreSQL, at an address of its own, and what can happen to it.
import { chownSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, type Programs, signalTo } from '../support/programs.ts'
import { filled, type Values } from '../support/templates.ts'
import { withDescendants } from './process-tree.ts'

export type Node = ReturnType<typeof makeNode>

export function makeNode (programs: Programs, patroni: string, own: Values) {
  const { folder, owner } = programs
  const name = own.NODE_NAME!
  const dataDir = join(folder, name)
  const values = { ...own, DATA_DIR: dataDir, SOCKET_DIR: join(folder, `${name}-socket`) }
  const config = join(folder, `${name}.yml`)
  mkdirSync(values.SOCKET_DIR)
  writeFileSync(config, filled('patroni.yml', values), { mode: 0o600 })
  if (owner !== undefined) for (const path of [config, values.SOCKET_DIR]) chownSync(path, owner.uid, owner.gid)
  let running: Program | undefined

  /** The process of PostgreSQL; undefined when there is none. The number in its file may belong to another process by now. */
  function postgres (): number | undefined {
    try {
      const pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
      return readlinkSync(`/proc/${pid}/cwd`) === dataDir ? pid : undefined
    } catch {
      return undefined
    }
  }

  const all = (): number[] => withDescendants([running?.pid, postgres()].filter((pid) => pid !== undefined))

  function send (pids: readonly (number | undefined)[], signal: NodeJS.Signals): void {
    for (const pid of pids) if (pid !== undefined) signalTo(pid, signal)
  }

  const kill = (): void => send(all(), 'SIGKILL')
  const thaw = (): void => send(all(), 'SIGCONT')
  programs.alsoEnds({ resume: thaw, kill })

  return {
    name,
    rest: `http://${own.NODE_ADDRESS}:${own.REST_PORT}`,

    /** Starts Patroni, which starts PostgreSQL. */
    start (): void {
      if (running === undefined || running.isOver()) running = programs.start(name, patroni, [config])
    },

    kill,
    killPostgres: (): void => send([postgres()], 'SIGKILL'),
    killPatroni: (): void => send([running?.pid], 'SIGKILL'),
    freeze: (): void => send(all(), 'SIGSTOP'),
    thaw
  }
}
