import type { Logger } from 'pino'
import { openLogger } from '../../src/process/logger.ts'

export type Line = Record<string, any> & { msg: string }

/** A log as the process has it, whose lines are remembered. */
export function aLog (level = 'info'): { log: Logger, lines: Line[], said: (message: string) => Promise<Line> } {
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const log = openLogger(level, {
    write (line) {
      lines.push(JSON.parse(line) as Line)
      for (const look of waiting) look()
    }
  })

  /** The first line with this message, waited for. */
  async function said (message: string): Promise<Line> {
    return await new Promise((resolve) => {
      function look (): void {
        const found = lines.find(({ msg }) => msg === message)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  }
  return { log, lines, said }
}
