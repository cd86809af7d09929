// The files of deploy/, whose values are given as ${NAME} in the way of envsubst.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'

export type Values = Readonly<Record<string, string | undefined>>

const folder = join(projectRoot, 'deploy', 'patroni')

/** The values that deploy/patroni/node.env names, with these instead of its own. */
export function valuesOf (own: Values): Values {
  return { ...parseEnv(readFileSync(join(folder, 'node.env'), 'utf8')), ...own }
}

/** A file of deploy/patroni with its values. */
export function filled (file: string, values: Values): string {
  return readFileSync(join(folder, file), 'utf8').replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined || value === '') throw new Error(`deploy/patroni/${file}: ${name} has no value.`)
    return value
  })
}
