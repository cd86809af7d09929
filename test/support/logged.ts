import type { Logger } from 'pino'
import { openLogger } from '../../src/process/logger.ts'

export type Line = Record<string, any> & { msg: string }

/** The logger of the process, which also records its lines. */
export function aLog (level = 'info'): { log: Logger, lines: Line[], said: (message: string) => Promise<Line> } {
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const log = openLogger(level, {
    write (line) {
      lines.push(JSON.parse(line) as Line)
      for (const check of waiting) check()
    }
  })

  /** Waits for the first line with this message. */
  async function said (message: string): Promise<Line> {
    return await new Promise((resolve) => {
      function check (): void {
        const found = lines.find(({ msg }) => msg === message)
        if (found === undefined) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
    })
  }
  return { log, lines, said }
}
